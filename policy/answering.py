"""Who may answer: the request and the person, as Cedar sees them."""

from datetime import datetime

from pydantic import JsonValue

from contracts.approval import ApprovalRequest
from policy.staff import Standing


def question_of(person: str, request: ApprovalRequest, at: datetime) -> dict[str, JsonValue]:
    """Return what is recorded of the question whether `person` may answer `request`."""
    return {
        "person": {"person": person},
        "desk": request.desk,
        "amount_cents": request.amount_cents,
        "operations": [*sorted({effect.operation for effect in request.plan.effects})],
        "asked": [*request.roles],
        "asked_by": request.asked_by,
        "at": at.isoformat(),
    }


def entity(standing: Standing) -> dict[str, object]:
    """Return the person as a Cedar entity: their roles are its parents."""
    return {
        "uid": {"type": "Person", "id": standing.person},
        "attrs": {
            "name": standing.person,
            "limit_cents": standing.limit_cents,
            "absent": standing.absent,
            "stands_in_for": list(standing.stands_in_for),
        },
        "parents": [{"type": "Role", "id": role} for role in standing.roles],
    }
