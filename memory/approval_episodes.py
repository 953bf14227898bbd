"""What the episode log says about approvals."""

from datetime import datetime

from pydantic import JsonValue

from contracts.approval import ApprovalRequest
from contracts.asking import Submission
from contracts.episode import Episode
from memory.tables.approvals import AnswerRow, ApprovalRow


def asked(row: ApprovalRow) -> Episode:
    """A question was put to people."""
    request = ApprovalRequest.model_validate(row.request)
    data: dict[str, JsonValue] = {
        "what": row.what,
        "amount_cents": row.amount_cents,
        "policies": list(row.policies),
        "roles": list(request.roles),
        "needed": request.needed,
        "asked_by": row.asked_by,
        "deadline": row.deadline.isoformat(),
    }
    return about(row, "asked", "asked", row.requested_at, data)


def answered(kept: AnswerRow, submission: Submission) -> Episode:
    """An answer came, and how it stood; its note stays in the queue, for it may name people."""
    data: dict[str, JsonValue] = {
        "request": kept.request_id,
        "person": kept.person,
        "choice": kept.choice,
        "standing": kept.standing,
        "why": kept.why,
        "on_behalf_of": kept.on_behalf_of,
        "early": submission.early,
        "by_link": submission.answer is not None and submission.answer.token is not None,
    }
    if submission.answer and submission.answer.amount_cents is not None:
        data["amount_cents"] = submission.answer.amount_cents
    return Episode(
        id=f"{kept.case_id}#{kept.id}", case_id=kept.case_id, kind="answered", at=kept.at, data=data
    )


def about(row: ApprovalRow, name: str, kind: str, at: datetime, data: dict[str, JsonValue]) -> Episode:
    """Something happened to a request; `name` makes it happen once."""
    return Episode(
        id=f"{row.case_id}#{row.id}-{name}",
        case_id=row.case_id,
        kind=kind,
        at=at,
        data={"request": row.id, **data},
    )
