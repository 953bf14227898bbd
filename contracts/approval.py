"""A person's answer to an `ask`: it has a deadline and always ends in a closed outcome."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from contracts.evidence import Evidence
from contracts.frozen import Frozen
from contracts.verdict import Plan, PolicyReason


class ApprovalOutcome(StrEnum):
    """How a request for approval ended. Only `approved` and `edited` lead to an effect."""

    APPROVED = "approved"
    EDITED = "edited"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ApprovalRequest(Frozen):
    """What is asked of whom, why, and until when.

    Attributes:
        id: `contracts.ids.approval_id`.
        plan: what would be done, with its arguments.
        arguments_hash: hash of the plan's effects: an answer binds to it.
        why: the policies that ask.
        roles: who may answer now, then after each escalation: a chain of role names.
        needed: how many distinct people must approve.
        asked_by: who caused the request; never allowed to answer it.
    """

    id: str
    case_id: str
    desk: str
    step: str
    what: str
    plan: Plan
    arguments_hash: str
    why: tuple[PolicyReason, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    roles: tuple[str, ...] = ("approver",)
    needed: int = 1
    asked_by: str
    office_version: str
    policy_version: str = ""
    requested_at: datetime
    remind_at: datetime | None = None
    escalate_at: tuple[datetime, ...] = ()
    deadline: datetime

    @property
    def amount_cents(self) -> int:
        """The money the plan would move."""
        return sum(effect.amount_cents for effect in self.plan.effects)


class Answer(Frozen):
    """What a person answered; the argument of the signal and the update `decide`.

    Attributes:
        choice: `delegate` hands the question to `delegate_to` and answers nothing.
        amount_cents: for `edit`, the lower amount.
        arguments_hash: what the person saw; empty when sent by hand from the Web UI.
        request_id: which request; empty means the one open now.
        token: proof of a signed link, when it was answered from outside.
    """

    person: str
    choice: Literal["approve", "edit", "reject", "delegate"]
    note: str = ""
    amount_cents: int | None = None
    delegate_to: str | None = None
    request_id: str = ""
    arguments_hash: str = ""
    token: str | None = None


class Approval(Frozen):
    """The closed end of a request."""

    request_id: str
    outcome: ApprovalOutcome
    answers: tuple[Answer, ...] = ()
    amount_cents: int | None = None
    note: str = ""
    permits: dict[str, str] = {}
