"""How a case's timeline looks at a terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from rich.markup import escape

from cli.views.outcome import coloured
from contracts.approvals.request import ApprovalRecord
from contracts.authorization import Verdict
from contracts.case import Episode
from contracts.decision import Decision
from contracts.ledger import LedgerEntry
from contracts.money import money_text
from memory.episodic.journal import WRITTEN
from service.timeline import Timeline
from service.words import fields_in_words, in_words, when

if TYPE_CHECKING:
    from activities.executions import Execution

MOST_EVIDENCE = 6
STANDING = ("status", "state", "standing", "outcome", "redeemed_by", "amount_cents")
"""What a line of the log shows of a row that was written."""
FULL = "%Y-%m-%d %H:%M:%S"


def lines(found: Timeline, zone: ZoneInfo, *, log: bool) -> Iterator[str]:
    """Yield a case's timeline, line by line: decisions, verdicts, approvals, effects; with `log` its log."""
    record = found.record
    money = money_text(record.amount_cents, record.currency) if record.amount_cents else ""
    yield f"[bold]{record.id}[/]  {record.status.value} {record.outcome}  {money}".rstrip()
    yield f"  {escape(record.summary)}"
    yield f"  opened {when(record.opened_at, zone, FULL)}, office {record.office_version or '-'}"
    if record.waits_for:
        waits = "waited" if record.status.ended else "waits"
        yield f"  [yellow]{waits}[/] {escape(record.waits_for)}"
    if found.at_server and not found.at_server.runs:
        yield f"  [red]runs no more[/] {_ended(found.at_server, zone)}"
    for trouble in found.troubles:
        yield f"  [red]stuck[/] {escape(trouble.words())} (seen {when(trouble.looked_at, zone)})"
    if message := record.request.get("message"):
        yield f"  [italic]“{escape(str(message))}”[/]"
    for title, lines in (
        ("decided", [line for step, made in found.decisions.items() for line in _decision(step, made)]),
        ("policy", [line for verdict in found.verdicts for line in _verdict(verdict)]),
        ("asked", [line for approval in found.approvals for line in _approval(approval, zone)]),
        ("done", [line for entry in found.effects for line in _effect(entry)]),
        ("log", [_episode(episode, zone, record.currency) for episode in found.episodes] if log else []),
    ):
        if lines:
            yield f"[bold cyan]{title}[/]"
            yield from lines


def _ended(at_server: "Execution", zone: ZoneInfo) -> str:
    """Say how a workflow ended that our books know nothing of yet, and who closes its case."""
    moment = f" ({when(at_server.ended_at, zone, FULL)})" if at_server.ended_at else ""
    closes = "the reconciler closes the case at a later look, `kontor books reconcile --grace-seconds 0` now"
    return f"{escape(at_server.why)}{moment}; {closes}"


def _decision(step: str, made: Decision) -> Iterator[str]:
    by = made.provenance
    sure = f", {by.confidence:.0%} sure" if by.confidence is not None else ""
    cost = f", {by.cost_microusd / 1e6:.4f} USD" if by.cost_microusd else ""
    yield (
        f"  {made.task}: {made.outcome} {escape(_answer(made))}  "
        f"[dim]{by.by} {by.name}@{by.version[:12]}{sure}, {by.latency_ms:.0f} ms{cost}, step {step}[/]"
    )
    for route in by.route:
        yield f"    [dim]{'took' if route.taken else 'passed over'} {route.candidate}: {escape(route.why)}[/]"
    for piece in by.evidence[:MOST_EVIDENCE]:
        score = f" ({piece.score:.2f})" if piece.score is not None else ""
        yield f"    [dim]{piece.source}{score}: {escape(piece.text)}[/]"


def _verdict(verdict: Verdict) -> Iterator[str]:
    version = f"{verdict.id[:16]}, policies {verdict.policy_version[:12]}"
    yield f"  {verdict.step}: {coloured(verdict.outcome)}  [dim]{version}[/]"
    for reason in verdict.reasons:
        yield f"    {reason.effect} {reason.id} ({reason.question}): {escape(reason.reason)}"
    for error in verdict.errors:
        yield f"    [red]error[/]: {escape(error)}"


def _approval(record: ApprovalRecord, zone: ZoneInfo) -> Iterator[str]:
    request, end = record.request, record.approval
    outcome = end.outcome.value if end else f"waiting until {when(request.deadline, zone)}"
    yield f"  {request.id}: {escape(request.what)}  [bold]{outcome}[/]"
    yield f"    [dim]asked {', '.join(request.roles)}; {request.needed} needed; by {request.asked_by}[/]"
    for kept in record.answers:
        note = f": {escape(kept.answer.note)}" if kept.answer.note else ""
        yield f"    {kept.answer.person} said {kept.answer.choice} ({kept.standing.value}){note}"


def _effect(entry: LedgerEntry) -> Iterator[str]:
    effect, receipt = entry.order.effect, entry.receipt
    money = f" {money_text(effect.amount_cents, effect.currency)}" if effect.amount_cents else ""
    looked_up = ", found by look-up" if receipt.looked_up else ""
    yield (
        f"  {effect.step}: {effect.connector}.{effect.operation}{money} [bold]{receipt.state.value}[/]  "
        f"[dim]ref {receipt.outside_reference or '-'}, key {receipt.key}, "
        f"{receipt.attempts} sent{looked_up}[/]"
    )
    if len(entry.calls) > 1:
        for call in entry.calls:
            yield f"    [dim]{call.number}. {call.kind}: {call.outcome.value} {escape(call.why)}[/]"


def _answer(made: Decision) -> str:
    """Return what was decided as people say it; the one label of most tasks needs no name."""
    answer = made.answer or {}
    return in_words(answer["label"] if set(answer) == {"label"} else answer) if answer else ""


def _written(rows: dict[str, dict[str, dict[str, JsonValue]]], currency: str) -> str:
    """Return which rows were written, each with how it stands."""
    return "; ".join(
        " ".join([table.replace("_", " "), key, *_standing(said, currency)])
        for table, held in rows.items()
        for key, said in held.items()
    )


def _standing(said: dict[str, JsonValue], currency: str) -> Iterator[str]:
    shown = {name: said[name] for name in STANDING if said.get(name)}
    return (words for _, words in fields_in_words(shown, str(said.get("currency") or currency)))


def _episode(episode: Episode, zone: ZoneInfo, currency: str) -> str:
    if episode.kind == WRITTEN:
        rows = cast("dict[str, dict[str, dict[str, JsonValue]]]", episode.data["rows"])
        what = in_words(episode.data["what"])
        told = f"{what}: {_written(rows, currency)}"
        return f"  [dim]{when(episode.at, zone, FULL)}[/] {WRITTEN} {escape(told)}"
    said = {name: value for name, value in episode.data.items() if value not in (None, "", [])}
    told = "; ".join(f"{name}: {words}" for name, words in fields_in_words(said, currency))
    return f"  [dim]{when(episode.at, zone, FULL)}[/] {episode.kind} {escape(told)}"
