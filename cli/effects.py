"""`kontor effects`: what was changed in the outside world, call by call."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

import bootstrap
from cli.console import EXIT_USAGE, OUT, emit_json, fail
from contracts.effect import EffectState
from contracts.ledger import LedgerCall, LedgerEntry
from memory.ledger_view import EffectFilter
from settings import settings

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
SHORT_KEY = 20


@app.command(name="list")
def list_(
    case: Annotated[str, typer.Option(help="Only this case.")] = "",
    connector: Annotated[str, typer.Option(help="Only this outside system.")] = "",
    operation: Annotated[str, typer.Option(help="Only this operation: refund, notify, …")] = "",
    state: Annotated[str, typer.Option(help="intended, sent, applied, failed, unknown, compensated.")] = "",
    hours: Annotated[float | None, typer.Option(help="Only effects of the last so many hours.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print the effects as JSON.")] = False,
) -> None:
    """List effects, the newest first.

    Example: kontor effects list --connector webshop --state unknown
    """
    wanted = EffectFilter(
        case_id=case,
        connector=connector,
        operation=operation,
        state=_state(state),
        since=datetime.now(UTC) - timedelta(hours=hours) if hours is not None else None,
        limit=limit,
    )
    found = bootstrap.ledger(settings()).newest(wanted)
    if as_json:
        emit_json([entry.model_dump(mode="json") for entry in found])
        return
    if not found:
        OUT.print("no such effects")
        return
    OUT.print(_table(found))


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="An effect's key, or its beginning.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the effect as JSON.")] = False,
) -> None:
    """Show one effect: what was sent, under which permit, and what every call showed.

    Example: kontor effects show refund-3f2a
    """
    entry = find(key)
    if as_json:
        emit_json(entry.model_dump(mode="json"))
        return
    for line in _lines(entry):
        OUT.print(line, highlight=False, soft_wrap=True)


def find(key: str) -> LedgerEntry:
    """Return the effect whose key this is or begins with, or leave saying why not."""
    found = bootstrap.ledger(settings()).beginning_with(key, limit=2)
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
    return f"{effect.amount_cents / 100:.2f} {effect.currency}" if effect.amount_cents else ""


def _table(found: tuple[LedgerEntry, ...]) -> Table:
    table = Table("key", "state", "what", "amount", "reference", "calls", "case", box=None)
    for entry in found:
        effect, receipt = entry.order.effect, entry.receipt
        table.add_row(
            entry.order.key[:SHORT_KEY],
            f"[{COLOURS[receipt.state]}]{receipt.state.value}[/]",
            f"{effect.connector} {effect.operation}",
            money(entry),
            escape(receipt.outside_reference or ""),
            str(receipt.attempts),
            entry.order.case_id,
        )
    return table


def _lines(entry: LedgerEntry) -> list[str]:
    effect, receipt, order = entry.order.effect, entry.receipt, entry.order
    colour = COLOURS[receipt.state]
    how = " (found by look-up)" if receipt.looked_up else ""
    arguments = ", ".join(f"{name}={value}" for name, value in effect.arguments.items())
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
    return lines + [_call(call) for call in entry.calls]


def _call(call: LedgerCall) -> str:
    took = f" after {(call.ended_at - call.started_at).total_seconds():.3f} s" if call.ended_at else ""
    later = f", settled later: {call.settled_by}" if call.settled_by else ""
    why = f" ({escape(call.why)})" if call.why else ""
    started = f"{call.started_at:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    return f"  [dim]{started}Z[/] {call.number}. {call.kind}: {call.outcome.value}{took}{later}{why}"
