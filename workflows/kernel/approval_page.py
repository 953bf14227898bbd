"""A waiting case as a page in the Temporal Web UI: what is asked, why, of whom, until when."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.request import Approval, ApprovalRequest
    from contracts.case import CaseStatus
    from contracts.money import money_text
    from workflows.kernel import options, search_attributes
    from workflows.kernel.case_file import CaseFile

MAX_EVIDENCE = 8
MAX_EVIDENCE_CHARS = 400


async def show_waiting(file: CaseFile | None, request: ApprovalRequest, level: int) -> None:
    """Let the Web UI and the list of cases read that the case waits, for whom, until when.

    Args:
        file: the case's, whose row says so too; None of a case without one.
        request: what is asked.
        level: how often it was escalated.
    """
    workflow.upsert_search_attributes(
        [
            search_attributes.STATUS.value_set(CaseStatus.WAITING.value),
            search_attributes.WAITING_FOR.value_set(request.roles[min(level, len(request.roles) - 1)]),
            search_attributes.DEADLINE.value_set(request.deadline),
        ]
    )
    workflow.set_current_details(waiting_page(request, level))
    if file is None or file.status == CaseStatus.WAITING:
        return
    try:
        await file.note(CaseStatus.WAITING, f"approval {request.id}", options.PROMPT)
    except ActivityError as silent:
        if is_cancelled_exception(silent):
            raise
        workflow.logger.warning("the row does not say that the case waits: %s", silent.cause)


def show_closed(file: CaseFile | None, approval: Approval) -> None:
    """Let them read that it waits no more; the file keeps whether a person answered."""
    workflow.upsert_search_attributes(
        [
            search_attributes.STATUS.value_set(CaseStatus.RUNNING.value),
            search_attributes.WAITING_FOR.value_unset(),
            search_attributes.DEADLINE.value_unset(),
        ]
    )
    workflow.set_current_details(closed_page(approval))
    if file is not None:
        file.by_person = file.by_person or bool(approval.answers)


def waiting_page(request: ApprovalRequest, level: int) -> str:
    """Return the Markdown of a request that waits; `level` counts its escalations."""
    asked = ", ".join(request.roles[: level + 1]) or "nobody"
    people = f"{request.needed} people" if request.needed > 1 else "one person"
    lines = [
        f"### Waiting for {asked}",
        f"**{request.what}**",
        "",
        f"- amount: {money_text(request.amount_cents, request.currency)}",
        f"- answers needed: {people}",
        f"- deadline: {request.deadline.isoformat(timespec='minutes')} (no answer by then means no)",
        f"- request: `{request.id}`, arguments `{request.arguments_hash[:12]}`",
        "",
        "#### Why a person is asked",
        *[f"- `{reason.id}`: {reason.reason}" for reason in request.why],
        "",
        "#### What would be done",
        *[
            f"- {effect.step}: {effect.connector}.{effect.operation}"
            + (f", {money_text(effect.amount_cents, effect.currency)}" if effect.amount_cents else "")
            for effect in request.plan.effects
        ],
        *_evidence(request),
        "",
        "#### How to answer",
        f"`kontor approve {request.id} --as NAME --note TEXT`, or the signal `decide` with "
        '`{"person": "NAME", "choice": "approve"}` (approve, edit, reject, delegate).',
    ]
    return "\n".join(lines)


def closed_page(approval: Approval) -> str:
    """Return the Markdown of a request that has ended."""
    people = ", ".join(answer.person for answer in approval.answers)
    by = f" by {people}" if people else ""
    return f"### Approval {approval.outcome.value}{by}\n{approval.note}".rstrip()


def _evidence(request: ApprovalRequest) -> list[str]:
    if not request.evidence:
        return []
    shown = [
        f"- {piece.source}: {piece.text[:MAX_EVIDENCE_CHARS]}" for piece in request.evidence[:MAX_EVIDENCE]
    ]
    more = len(request.evidence) - len(shown)
    return ["", "#### Evidence", *shown, *([f"- and {more} more"] if more else [])]
