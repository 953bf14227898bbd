"""`kontor case`: one case, from the request to its end, with the why of everything."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.markup import escape

from cli.console import OUT, emit_json, fail
from cli.timeline import Timeline, timeline
from contracts.approval import ApprovalRecord
from contracts.decision import Decision
from contracts.episode import Episode
from contracts.ledger import LedgerEntry
from contracts.verdict import Verdict
from settings import settings

MOST_EVIDENCE = 6


def case(
    case_id: Annotated[str, typer.Argument(help="A case id: returns/webshop/RMA-1007.")],
    log: Annotated[bool, typer.Option("--log", help="Show every line of the case's log, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
) -> None:
    """Show a case's timeline: decisions with provenance, verdicts with policies, approvals, effects.

    Example: kontor case returns/webshop/RMA-1007
    """
    found = timeline(settings(), case_id)
    if found is None:
        fail(f"no case {case_id}; `kontor cases` lists them")
    if as_json:
        emit_json(found.as_json())
        return
    for line in _lines(found, log=log):
        OUT.print(line, highlight=False, soft_wrap=True)


def _lines(found: Timeline, *, log: bool) -> Iterator[str]:
    record = found.record
    money = f"{record.amount_cents / 100:.2f} {record.currency}"
    yield f"[bold]{record.id}[/]  {record.status.value} {record.outcome}  {money}"
    yield f"  {escape(record.summary)}"
    yield f"  opened {record.opened_at:%Y-%m-%d %H:%M:%S}Z, office {record.office_version or '-'}"
    if message := record.request.get("message"):
        yield f"  [italic]“{escape(str(message))}”[/]"
    for title, lines in (
        ("decided", [line for step, made in found.decisions.items() for line in _decision(step, made)]),
        ("policy", [line for verdict in found.verdicts for line in _verdict(verdict)]),
        ("asked", [line for approval in found.approvals for line in _approval(approval)]),
        ("done", [line for entry in found.effects for line in _effect(entry)]),
        ("log", [_episode(episode) for episode in found.episodes] if log else []),
    ):
        if lines:
            yield f"[bold cyan]{title}[/]"
            yield from lines


def _decision(step: str, made: Decision) -> Iterator[str]:
    by = made.provenance
    sure = f", {by.confidence:.0%} sure" if by.confidence is not None else ""
    cost = f", {by.cost_microusd / 1e6:.4f} USD" if by.cost_microusd else ""
    yield (
        f"  {made.task}: {made.outcome} {made.answer}  "
        f"[dim]{by.by} {by.name}@{by.version[:12]}{sure}, {by.latency_ms:.0f} ms{cost}, step {step}[/]"
    )
    for route in by.route:
        yield f"    [dim]{'took' if route.taken else 'passed over'} {route.candidate}: {escape(route.why)}[/]"
    for piece in by.evidence[:MOST_EVIDENCE]:
        score = f" ({piece.score:.2f})" if piece.score is not None else ""
        yield f"    [dim]{piece.source}{score}: {escape(piece.text)}[/]"


def _verdict(verdict: Verdict) -> Iterator[str]:
    version = f"{verdict.id[:16]}, policies {verdict.policy_version[:12]}"
    yield f"  {verdict.step}: [bold]{verdict.outcome}[/]  [dim]{version}[/]"
    for reason in verdict.reasons:
        yield f"    {reason.effect} {reason.id} ({reason.question}): {escape(reason.reason)}"
    for error in verdict.errors:
        yield f"    [red]error[/]: {escape(error)}"


def _approval(record: ApprovalRecord) -> Iterator[str]:
    request, end = record.request, record.approval
    outcome = end.outcome.value if end else f"waiting until {request.deadline:%Y-%m-%d %H:%M}Z"
    yield f"  {request.id}: {escape(request.what)}  [bold]{outcome}[/]"
    yield f"    [dim]asked {', '.join(request.roles)}; {request.needed} needed; by {request.asked_by}[/]"
    for kept in record.answers:
        note = f": {escape(kept.answer.note)}" if kept.answer.note else ""
        yield f"    {kept.answer.person} said {kept.answer.choice} ({kept.standing.value}){note}"


def _effect(entry: LedgerEntry) -> Iterator[str]:
    effect, receipt = entry.order.effect, entry.receipt
    money = f" {effect.amount_cents / 100:.2f} {effect.currency}" if effect.amount_cents else ""
    looked_up = ", found by look-up" if receipt.looked_up else ""
    yield (
        f"  {effect.step}: {effect.connector}.{effect.operation}{money} [bold]{receipt.state.value}[/]  "
        f"[dim]ref {receipt.outside_reference or '-'}, key {receipt.key}, "
        f"{receipt.attempts} sent{looked_up}[/]"
    )
    if len(entry.calls) > 1:
        for call in entry.calls:
            yield f"    [dim]{call.number}. {call.kind}: {call.outcome.value} {escape(call.why)}[/]"


def _episode(episode: Episode) -> str:
    said = {name: value for name, value in episode.data.items() if value not in (None, "", [])}
    told = ", ".join(f"{name}={value}" for name, value in said.items())
    return f"  [dim]{episode.at.isoformat(timespec='milliseconds')}[/] {episode.kind} {escape(told)}"
