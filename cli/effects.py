"""`kontor effects`: what was changed in the outside world, call by call."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from bootstrap.installation import Installation
from cli.connection import installation, named_case
from cli.durations import DURATION, hours
from cli.terminal import EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail, listing
from contracts.effect import EffectState
from contracts.ledger import LedgerCall, LedgerEntry
from contracts.money import money_text
from memory.authoritative.ledger.view import EffectFilter
from service.words import fields_in_words, when

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "What was changed in the outside world: once, or known to be unknown.\n\n"
        "Example: kontor effects list --state unknown, then kontor effects show KEY"
    ),
)
COLOURS = {
    EffectState.INTENDED: "cyan",
    EffectState.SENT: "cyan",
    EffectState.APPLIED: "green",
    EffectState.FAILED: "red",
    EffectState.UNKNOWN: "bold yellow",
    EffectState.COMPENSATED: "magenta",
}
MEANING = {
    EffectState.INTENDED: "written down, not sent yet",
    EffectState.SENT: "under way; its answer is awaited or being looked up",
    EffectState.APPLIED: "it stands outside",
    EffectState.FAILED: "it does not stand outside, surely",
    EffectState.UNKNOWN: "nobody knows whether it stands outside; a person must look",
    EffectState.COMPENSATED: "it stood outside and was undone",
}


@app.command(name="list")
def list_(
    ctx: typer.Context,
    case: Annotated[str, typer.Option(help="Only this case.")] = "",
    connector: Annotated[str, typer.Option(help="Only this outside system.")] = "",
    operation: Annotated[str, typer.Option(help="Only this operation: refund, notify, …")] = "",
    state: Annotated[str, typer.Option(help="intended, sent, applied, failed, unknown, compensated.")] = "",
    within: Annotated[
        timedelta | None,
        typer.Option(
            "--hours", parser=hours, metavar=DURATION, help="Only effects of the last hours, or 90m, 2d."
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_LISTED, help="At most so many, the newest first.")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print the effects as JSON.")] = False,
) -> None:
    """List effects, the newest first.

    Example: kontor effects list --connector webshop --state unknown
    """
    kontor = installation(ctx)
    wanted = EffectFilter(
        case_id=named_case(kontor, case, listed=False) if case else "",
        connector=connector,
        operation=operation,
        state=_state(state),
        since=datetime.now(UTC) - within if within else None,
        limit=limit,
    )
    found = kontor.ledger.newest(wanted)
    if as_json:
        emit_json([entry.model_dump(mode="json") for entry in found])
        return
    if not found:
        OUT.print("no such effects")
        return
    OUT.print(_table(found))


@app.command()
def show(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="An effect's key, or its beginning.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the effect as JSON.")] = False,
) -> None:
    """Show one effect: what was sent, under which permit, and what every call showed.

    Example: kontor effects show refund-3f2a
    """
    kontor = installation(ctx)
    entry = find(kontor, key)
    if as_json:
        emit_json(entry.model_dump(mode="json"))
        return
    for line in _lines(entry, kontor.zone):
        OUT.print(line, highlight=False, soft_wrap=True)


def find(kontor: Installation, key: str) -> LedgerEntry:
    """Return the effect whose key this is or begins with, or leave saying why not."""
    found = kontor.ledger.beginning_with(key, limit=2)
    if not found:
        fail(f"no effect {key}; `kontor effects list` lists them")
    if len(found) > 1:
        fail(f"{key} is the beginning of several keys; give more of it", EXIT_USAGE)
    return found[0]


def _state(word: str) -> EffectState | None:
    if not word:
        return None
    try:
        return EffectState(word)
    except ValueError:
        fail(f"no state {word!r}; there is: {', '.join(EffectState)}", EXIT_USAGE)


def money(entry: LedgerEntry) -> str:
    """Return the money that an effect moves, or nothing."""
    effect = entry.order.effect
    return money_text(effect.amount_cents, effect.currency) if effect.amount_cents else ""


def _table(found: tuple[LedgerEntry, ...]) -> Table:
    rows = (
        (
            entry.order.key,
            f"[{COLOURS[entry.receipt.state]}]{entry.receipt.state.value}[/]",
            f"{entry.order.effect.connector} {entry.order.effect.operation}",
            money(entry),
            escape(entry.receipt.outside_reference or ""),
            str(entry.receipt.attempts),
            entry.order.case_id,
        )
        for entry in found
    )
    columns = ("key", "state", "what", "amount", "reference", "calls", "case")
    return listing(columns, rows, ids=["key", "case"])


def _lines(entry: LedgerEntry, zone: ZoneInfo) -> list[str]:
    effect, receipt, order = entry.order.effect, entry.receipt, entry.order
    colour = COLOURS[receipt.state]
    how = " (found by look-up)" if receipt.looked_up else ""
    told = fields_in_words(effect.arguments, effect.currency)
    arguments = "; ".join(f"{name}: {words}" for name, words in told)
    lines = [
        f"[bold]{order.key}[/]",
        f"  [{colour}]{receipt.state.value}[/]: {MEANING[receipt.state]}{how}",
        f"  {effect.connector} {effect.operation} {money(entry)}".rstrip(),
        f"  case {order.case_id}, step {effect.step}",
        f"  arguments: {escape(arguments)}",
        f"  outside reference: {escape(receipt.outside_reference or '-')}",
        f"  permit {order.permit_id or '-'}, connector version {entry.connector_version or '-'}",
    ]
    if order.compensates:
        lines.append(f"  undoes {order.compensates}")
    if receipt.reason:
        lines.append(f"  why: {escape(receipt.reason)}")
    return lines + [_call(call, zone) for call in entry.calls]


def _call(call: LedgerCall, zone: ZoneInfo) -> str:
    took = f" after {(call.ended_at - call.started_at).total_seconds():.3f} s" if call.ended_at else ""
    later = f", settled later: {call.settled_by}" if call.settled_by else ""
    why = f" ({escape(call.why)})" if call.why else ""
    started = when(call.started_at, zone, "%Y-%m-%d %H:%M:%S")
    return f"  [dim]{started}[/] {call.number}. {call.kind}: {call.outcome.value}{took}{later}{why}"
