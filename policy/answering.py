"""Who may answer: the request and the person, as Cedar sees them."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from contracts.approvals.request import ApprovalRequest
from contracts.proof import BY_NAME, Shown
from policy.staff import StaffState

ANSWER = "answer"
"""The step of a verdict on who may answer."""


def question_of(person: str, request: ApprovalRequest, at: datetime, shown: Shown) -> dict[str, JsonValue]:
    """Return what is recorded of the question whether `person` may answer `request`."""
    return {
        "person": {"person": person},
        "desk": request.desk,
        "amount_cents": request.amount_cents,
        "currency": request.currency,
        "operations": [*sorted({effect.operation for effect in request.plan.effects})],
        "asked": [*request.roles],
        "asked_by": request.asked_by,
        "at": at.isoformat(),
        "how": shown.how,
        "age_seconds": shown.age_seconds,
    }


UNSAID: dict[str, JsonValue] = {"how": BY_NAME.how, "age_seconds": BY_NAME.age_seconds}
"""What a question says that was recorded before it said how the person showed who they are."""


def person_of(question: Mapping[str, JsonValue]) -> str:
    """Return who a recorded question is about."""
    person = question["person"]
    return str(person["person"]) if isinstance(person, dict) else ""


def asked_roles(question: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return the roles that a recorded question was asked of."""
    asked = question["asked"]
    return tuple(str(role) for role in asked) if isinstance(asked, list) else ()


def asked_at(question: Mapping[str, JsonValue]) -> datetime:
    """Return the moment that a recorded question is judged as of."""
    return datetime.fromisoformat(str(question["at"]))


def entity(standing: StaffState) -> dict[str, object]:
    """Return the person as a Cedar entity: their roles are its parents."""
    return {
        "uid": {"type": "Person", "id": standing.person},
        "attrs": {
            "name": standing.person,
            "limit_cents": standing.limit_cents,
            "limit_currency": standing.limit_currency,
            "absent": standing.absent,
            "stands_in_for": list(standing.stands_in_for),
        },
        "parents": [{"type": "Role", "id": role} for role in standing.roles],
    }
