"""How approvals look at a terminal."""

from datetime import datetime, timedelta

from rich.markup import escape
from rich.table import Table

from cli.console import OUT
from contracts.approval import ApprovalOutcome, ApprovalRecord, Standing
from contracts.approval_queue import ApprovalEntry
from contracts.asking import Reply
from contracts.overrides import Overrides

COLOURS = {
    Standing.VALID: "green",
    Standing.DELEGATED: "green",
    Standing.EARLY: "cyan",
    Standing.LATE: "yellow",
    Standing.DUPLICATE: "yellow",
}


def money(cents: int, currency: str = "EUR") -> str:
    """Return an amount as people read it; nothing for nothing."""
    return f"{cents / 100:.2f} {currency}" if cents else ""


def age(since: datetime, now: datetime) -> str:
    """Return how long ago in the largest two units, as `2d 3h`."""
    minutes = int((now - since) / timedelta(minutes=1))
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes % 60}m" if hours else f"{minutes}m"


def queue_table(entries: list[ApprovalEntry], now: datetime) -> Table:
    """Return the queue, one line a request."""
    table = Table("request", "what", "amount", "waiting for", "agreed", "age", "due", "why", box=None)
    for entry in entries:
        overdue = entry.status == "waiting" and entry.deadline <= now
        due = entry.deadline.astimezone().strftime("%a %m-%d %H:%M")
        waiting_for = entry.waiting_for or f"[dim]{entry.status}[/]"
        handed = f" → {', '.join(entry.delegated_to)}" if entry.delegated_to else ""
        table.add_row(
            entry.id,
            escape(entry.what),
            money(entry.amount_cents, entry.currency),
            waiting_for + handed,
            f"{entry.agreed}/{entry.needed}",
            age(entry.requested_at, now),
            f"[red]{due}[/]" if overdue else due,
            ", ".join(entry.policies),
        )
    return table


def show_record(record: ApprovalRecord) -> None:
    """Print one request: what, why, evidence, of whom, until when, and all that was answered."""
    request, end = record.request, record.approval
    status = end.outcome.value if end else "waiting"
    OUT.print(f"[bold]{escape(request.what)}[/]  ({status})")
    OUT.print(f"request {request.id} · case {request.case_id} · asked by {escape(request.asked_by)}")
    asked = " → ".join(request.roles)
    due = request.deadline.astimezone().strftime("%a %Y-%m-%d %H:%M %Z")
    OUT.print(f"{money(request.amount_cents, request.currency)} · {request.needed} of {asked} · until {due}")
    for reason in request.why:
        OUT.print(f"  why: [cyan]{reason.id}[/] {escape(reason.reason)}")
    for effect in request.plan.effects:
        cents = money(effect.amount_cents, effect.currency)
        OUT.print(f"  would do: {effect.step} = {effect.connector}.{effect.operation} {cents}")
        OUT.print(f"    {escape(str(effect.arguments))}", soft_wrap=True)
    for piece in request.evidence:
        OUT.print(f"  evidence: {escape(piece.source)}: {escape(piece.text)}", soft_wrap=True)
    OUT.print(f"  arguments {request.arguments_hash}")
    for kept in record.answers:
        colour = COLOURS.get(kept.standing, "red")
        at = kept.at.astimezone().strftime("%m-%d %H:%M")
        why = f" ({kept.why})" if kept.why else ""
        note = f": {kept.answer.note}" if kept.answer.note else ""
        said = f"{kept.answer.person} {kept.answer.choice}{note}{why}"
        OUT.print(f"  {at} [{colour}]{kept.standing.value}[/] {escape(said)}")
    if end and end.outcome in (ApprovalOutcome.EXPIRED, ApprovalOutcome.WITHDRAWN):
        OUT.print(f"  {end.outcome.value}: {escape(end.note)}")


def show_reply(request_id: str, case_id: str, reply: Reply) -> None:
    """Print what became of one answer."""
    colour = COLOURS.get(reply.standing, "red")
    why = f": {reply.why}" if reply.why else ""
    end = f", the request is {reply.approval.outcome.value}" if reply.approval else ""
    line = f"[{colour}]{reply.standing.value}[/] {request_id} ({case_id}){escape(why)}{end}"
    OUT.print(line, soft_wrap=True)


def overrides_table(found: list[Overrides], by: str) -> Table:
    """Return the counts of overrides, one line a group."""
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
        "overridden",
    )
    for line in found:
        cut = f"{money(line.cut_cents)} ({line.cut_share:.0%})" if line.cut_cents else ""
        table.add_row(
            line.key or "-",
            *(str(count) for count in (line.unattended, line.approved, line.edited)),
            cut,
            *(str(count) for count in (line.rejected, line.expired, line.withdrawn, line.undone)),
            f"{line.override_share:.1%}",
        )
    return table
