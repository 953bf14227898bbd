"""A person's answer to an `ask`: it has a deadline and always ends in a closed outcome."""

from datetime import datetime
from enum import StrEnum
from typing import Literal, get_args

from pydantic import Field, JsonValue

from contracts.approvals.clarification import MachineQuestion, Picked
from contracts.authorization import Plan, PolicyReason
from contracts.base import Frozen, text_hash
from contracts.bounds import Text
from contracts.evidence import Evidence
from contracts.proof import BY_NAME, Shown


class ApprovalOutcome(StrEnum):
    """How a request for approval ended. Only `approved` and `edited` lead to an effect.

    `clarified`: a person answered what the desk had not understood, and it goes on from there.
    """

    APPROVED = "approved"
    EDITED = "edited"
    CLARIFIED = "clarified"
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
        roles: who is asked, then who else after each escalation: a chain of role names. All of them
            may answer from the beginning, if policy lets them.
        needed: how many distinct people must approve.
        asked_by: who caused the request; never allowed to answer it.
        questions: what the desk did not understand; who answers them (`clarify`) lets the case go on.
        doubts: why the desk did not settle it, in words for a person.
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
    questions: tuple[MachineQuestion, ...] = ()
    doubts: tuple[str, ...] = ()
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

    @property
    def alone(self) -> bool:
        """Whether it is answered by itself: there is a case to handle, or a policy that asks says so."""
        return not self.plan.effects or not all(reason.bulk for reason in self.why)

    @property
    def currency(self) -> str:
        """The currency of that money; the first that is named, empty when none is."""
        named = sorted(self.plan.effects, key=lambda effect: effect.amount_cents == 0)
        return next((effect.currency for effect in named if effect.currency), "")


class AnswerStatus(StrEnum):
    """What became of an answer. Only `valid` counts towards the outcome.

    - `valid`: it counts.
    - `delegated`: it counts as nothing, and hands the question on.
    - `early`: it came before the question; it is kept, and judged when the question is asked.
    - `late`: the question was closed, or its deadline had passed.
    - `foreign`: this person may not answer this, or the answer is for something else: another
      request, other arguments, a token that is forged, used, expired or someone else's.
    - `duplicate`: this person said the same already.
    - `conflicting`: it contradicts what this person said, or what was decided in time.
    - `malformed`: it cannot be understood, or it widens what was asked.
    """

    VALID = "valid"
    DELEGATED = "delegated"
    EARLY = "early"
    LATE = "late"
    FOREIGN = "foreign"
    DUPLICATE = "duplicate"
    CONFLICTING = "conflicting"
    MALFORMED = "malformed"


AnswerChoice = Literal["approve", "edit", "reject", "delegate", "clarify"]
ANSWER_CHOICES: tuple[AnswerChoice, ...] = get_args(AnswerChoice)
"""What people may say to a request."""


class DecisionSignature(Frozen):
    """What a passkey signed: enough to verify it without the browser, the server and the passkey's row.

    Attributes:
        credential: the passkey's id; this and the bytes below are base64url.
        public_key: what verifies it, in COSE.
        client_data: what the browser says that it signed, with the challenge.
        origin: the page on which it was signed.
    """

    credential: Text
    public_key: Text
    authenticator_data: Text
    client_data: Text
    signature: Text
    origin: Text

    @property
    def public_key_hash(self) -> str:
        """By which the log knows the passkey."""
        return text_hash(self.public_key)

    def credential_json(self) -> dict[str, JsonValue]:
        """Return it as a browser tells it."""
        return {
            "id": self.credential,
            "rawId": self.credential,
            "type": "public-key",
            "response": {
                "clientDataJSON": self.client_data,
                "authenticatorData": self.authenticator_data,
                "signature": self.signature,
            },
        }


class Answer(Frozen):
    """What a person answered; the argument of the signal and the update `decide`.

    Attributes:
        choice: `delegate` hands the question to `delegate_to` and answers nothing; `clarify` answers what
            the desk did not understand.
        amount_cents: for `edit`, the lower amount.
        picked: for `clarify`, what is meant.
        arguments_hash: what the person saw; empty when sent by hand from the Web UI.
        request_id: which request; empty means the one open now.
        token: proof of a signed link, when it was answered from outside.
        proof: the id of the `contracts.proof.Proof` that a door wrote for this answer.
        signature: of their passkey, under this very decision.
    """

    person: Text
    choice: AnswerChoice
    note: Text = ""
    amount_cents: int | None = None
    delegate_to: Text | None = None
    request_id: Text = ""
    arguments_hash: Text = ""
    token: Text | None = None
    # Left out where it is empty: an answer without one is what it always was.
    proof: Text = Field(default="", exclude_if=lambda given: not given)
    signature: DecisionSignature | None = Field(default=None, exclude_if=lambda given: given is None)
    picked: Picked = Field(default={}, exclude_if=lambda given: not given)


class Approval(Frozen):
    """The closed end of a request."""

    request_id: str
    outcome: ApprovalOutcome
    answers: tuple[Answer, ...] = ()
    amount_cents: int | None = None
    note: str = ""
    permits: dict[str, str] = {}

    @property
    def picked(self) -> Picked:
        """What a person says is meant; empty if nobody was asked or said so."""
        return next((answer.picked for answer in self.answers if answer.choice == "clarify"), {})

    @property
    def granted(self) -> bool:
        """True if people let it pass, as it was asked or narrowed."""
        return self.outcome in (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED)


class StoredAnswer(Frozen):
    """An answer as the books keep it: with its standing, and without its token.

    Attributes:
        why: the reason for its standing, in words for a person.
        on_behalf_of: whose right to answer was used; the person's own, or who delegated to them.
        verdict_id: the policy's verdict on whether they may answer, if it was asked.
        shown: how the person showed who they are.
    """

    id: str
    answer: Answer
    standing: AnswerStatus
    why: str = ""
    on_behalf_of: str = ""
    verdict_id: str = ""
    token_id: str | None = None
    shown: Shown = BY_NAME
    at: datetime


class ApprovalRecord(Frozen):
    """A request with everything that was answered to it, as the books hold it.

    Attributes:
        approval: its closed end; None while it waits.
        level: how often it was escalated.
    """

    request: ApprovalRequest
    answers: tuple[StoredAnswer, ...] = ()
    approval: Approval | None = None
    closed_at: datetime | None = None
    reminded_at: datetime | None = None
    level: int = 0

    @property
    def counted(self) -> tuple[StoredAnswer, ...]:
        """The answers that count."""
        return tuple(kept for kept in self.answers if kept.standing == AnswerStatus.VALID)
