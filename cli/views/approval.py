"""How approvals look at a terminal."""

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table

from cli.terminal import OUT, listing
from contracts.approvals.messages import AnswerReply
from contracts.approvals.overrides import Overrides
from contracts.approvals.queue import ApprovalEntry
from contracts.approvals.request import AnswerStatus, ApprovalOutcome, ApprovalRecord, ApprovalRequest
from contracts.money import money_text
from service.words import age, in_words, when

COLOURS = {
    AnswerStatus.VALID: "green",
    AnswerStatus.DELEGATED: "green",
    AnswerStatus.EARLY: "cyan",
    AnswerStatus.LATE: "yellow",
    AnswerStatus.DUPLICATE: "yellow",
}


def money(cents: int, currency: str) -> str:
    """Return an amount as people read it; nothing for nothing."""
    return money_text(cents, currency) if cents else ""


def queue_table(entries: list[ApprovalEntry], now: datetime, zone: ZoneInfo) -> Table:
    """Return the queue, one line a request."""
    columns = ("request", "what", "amount", "waiting for", "agreed", "age", "due", "why", "case")
    return listing(columns, (_queued(entry, now, zone) for entry in entries), ids=["request", "case"])


def _queued(entry: ApprovalEntry, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    overdue = entry.status == "waiting" and entry.deadline <= now
    due = when(entry.deadline, zone, "%a %m-%d %H:%M")
    waiting_for = entry.waiting_for or f"[dim]{entry.status}[/]"
    handed = f" → {', '.join(entry.delegated_to)}" if entry.delegated_to else ""
    return (
        entry.id,
        escape(entry.what),
        money(entry.amount_cents, entry.currency),
        waiting_for + handed,
        f"{entry.agreed}/{entry.needed}",
        age(now, entry.requested_at),
        f"[red]{due}[/]" if overdue else due,
        ", ".join(entry.policies),
        entry.case_id,
    )


def show_record(record: ApprovalRecord, zone: ZoneInfo) -> None:
    """Print one request: what, why, evidence, of whom, until when, and all that was answered."""
    request, end = record.request, record.approval
    status = end.outcome.value if end else "waiting"
    OUT.print(f"[bold]{escape(request.what)}[/]  ({status})")
    OUT.print(f"request {request.id} · case {request.case_id} · asked by {escape(request.asked_by)}")
    asked = " → ".join(request.roles)
    due = when(request.deadline, zone, "%a %Y-%m-%d %H:%M")
    OUT.print(f"{money(request.amount_cents, request.currency)} · {request.needed} of {asked} · until {due}")
    for reason in request.why:
        OUT.print(f"  why: [cyan]{reason.id}[/] {escape(reason.reason)}")
    for doubt in request.doubts:
        OUT.print(f"  not understood: {escape(doubt)}", soft_wrap=True)
    for question in request.questions:
        OUT.print(f"  [bold]{question.id}[/]: {escape(question.text)}", soft_wrap=True)
        for choice in question.choices:
            OUT.print(f"    {question.id}={choice.id}  {escape(choice.text)}", soft_wrap=True)
    for effect in request.plan.effects:
        cents = money(effect.amount_cents, effect.currency)
        OUT.print(f"  would do: {effect.step} = {effect.connector}.{effect.operation} {cents}")
        OUT.print(f"    {escape(in_words(dict(effect.arguments), effect.currency))}", soft_wrap=True)
    for piece in request.evidence:
        OUT.print(f"  evidence: {escape(piece.source)}: {escape(piece.text)}", soft_wrap=True)
    OUT.print(f"  arguments {request.arguments_hash}")
    for kept in record.answers:
        colour = COLOURS.get(kept.standing, "red")
        at = when(kept.at, zone, "%m-%d %H:%M")
        why = f" ({kept.why})" if kept.why else ""
        note = f": {kept.answer.note}" if kept.answer.note else ""
        lowered = _lowered(kept.answer.amount_cents, request.currency)
        meant = "".join(f" {name}={','.join(ids)}" for name, ids in kept.answer.picked.items())
        said = f"{kept.answer.person} {kept.answer.choice}{lowered}{meant}{note}{why}"
        OUT.print(f"  {at} [{colour}]{kept.standing.value}[/] {escape(said)}")
    if end and end.outcome in (ApprovalOutcome.EXPIRED, ApprovalOutcome.WITHDRAWN):
        OUT.print(f"  {end.outcome.value}: {escape(end.note)}")


def show_reply(request: ApprovalRequest, reply: AnswerReply) -> None:
    """Print what became of one answer."""
    colour = COLOURS.get(reply.standing, "red")
    why = f": {reply.why}" if reply.why else ""
    end = ""
    if reply.approval:
        lowered = _lowered(reply.approval.amount_cents, request.currency)
        end = f", the request is {reply.approval.outcome.value}{lowered}"
    line = f"[{colour}]{reply.standing.value}[/] {request.id} ({request.case_id}){escape(why)}{end}"
    OUT.print(line, soft_wrap=True)


def _lowered(cents: int | None, currency: str) -> str:
    return f" to {money_text(cents, currency)}" if cents is not None else ""


def overrides_table(found: list[Overrides], by: str, currency: str) -> Table:
    """Return the counts of overrides, one line a group; money in the office's currency."""
    table = Table(
        by,
        "unattended",
        "approved",
        "edited",
        "cut",
        "rejected",
        "expired",
        "withdrawn",
        "undone",
        "disagreement",
    )
    for line in found:
        cut = f"{money(line.cut_cents, currency)} ({line.cut_share:.0%})" if line.cut_cents else ""
        table.add_row(
            line.key or "-",
            *(str(count) for count in (line.unattended, line.approved, line.edited)),
            cut,
            *(str(count) for count in (line.rejected, line.expired, line.withdrawn, line.undone)),
            f"{line.disagreement_share:.1%}",
        )
    return table
