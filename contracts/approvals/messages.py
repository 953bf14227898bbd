"""The messages between the approval gate and the books: asking, answering, nudging, ending."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field, ValidationError

from contracts.approvals.clarification import MachineQuestion
from contracts.approvals.request import Answer, AnswerStatus, Approval, ApprovalOutcome, ApprovalRequest
from contracts.approvals.rules import oversize
from contracts.authorization import Authorization, Plan, PolicyReason, Verdict
from contracts.base import Frozen, content_hash
from contracts.bounds import Text, clean
from contracts.effect import ProposedEffect
from contracts.evidence import Evidence
from contracts.proof import Said

MAX_MALFORMED_CHARS = 300
CASE_IS_GONE = "its case runs no more"
"""The note of a request that nobody waits for, because its workflow is gone. A later run of the case asks
anew, in a new round."""


class ApprovalDraft(Frozen):
    """What a desk wants to be asked; the books make a request of it, with an id and its moments.

    Attributes:
        plan: what would be done, with its arguments.
        what: the question in one line.
        step: tells two questions of one case apart.
        round_number: tells a question asked again apart from the first.
        first_asked_at: when the question was first asked whose facts changed; its moments are counted
            from then, so that facts which keep changing do not keep it open. None: from now.
        roles: a chain of role names: who is asked first, then at each escalation; empty means the
            chain that the office's calendar file names for the desk.
        asked_by: who caused the request; never allowed to answer it.
        questions, doubts: what the desk did not understand, and why it did not settle it.
        begun_at: when the asking run of the case began: what an earlier run asked, and nobody decided, is
            asked anew.
        by_model: the model's proposal that is put to people, as `name@version`, for the counts of
            overrides; empty if no model proposed it.
    """

    plan: Plan
    what: str
    step: str = "approval"
    round_number: int = 1
    first_asked_at: datetime | None = None
    why: tuple[PolicyReason, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    roles: tuple[str, ...] = ()
    needed: int = 1
    asked_by: str
    office_version: str
    policy_version: str = ""
    by_model: str = ""
    questions: tuple[MachineQuestion, ...] = ()
    doubts: tuple[str, ...] = ()
    begun_at: datetime | None = None


def draft_for(
    plan: Plan,
    authorization: Authorization,
    *,
    asked_by: str,
    evidence: tuple[Evidence, ...] = (),
    step: str = "approval",
    round_number: int = 1,
    by_model: str = "",
) -> ApprovalDraft:
    """Return the question that an `ask` calls for: who to ask comes from the verdicts that ask.

    Only roles that every one of those verdicts asks are asked, and the largest number of people
    wins: judging effects together never asks fewer, or others, than judging them alone. Verdicts
    that share no role go to the shortest chain; the data plane checks them all again.
    """
    asks = [verdict for verdict in authorization.verdicts if verdict.outcome == "ask"]
    reasons = {reason.id: reason for verdict in asks for reason in verdict.reasons}
    return ApprovalDraft(
        plan=plan,
        what=plan.summary,
        step=step,
        round_number=round_number,
        why=tuple(reasons.values()),
        evidence=evidence,
        roles=shared_roles(asks),
        needed=max((verdict.needed for verdict in asks), default=1),
        asked_by=asked_by,
        office_version=authorization.office_version,
        policy_version=next((verdict.policy_version for verdict in asks), ""),
        by_model=by_model,
    )


def shared_roles(asks: Sequence[Verdict]) -> tuple[str, ...]:
    """Return the roles that all of these verdicts ask, in order; if there is none, the shortest chain."""
    chains = [verdict.ask_roles for verdict in asks if verdict.ask_roles]
    shortest = min(chains, key=len, default=())
    return tuple(role for role in shortest if all(role in chain for chain in chains)) or shortest


class Moments(Frozen):
    """When things happen to a request, computed in working time."""

    remind_at: datetime | None = None
    escalate_at: tuple[datetime, ...] = ()
    deadline: datetime


class ApprovalOpened(Frozen):
    """A request in the books; `approval` is set if it was closed before (after a reset)."""

    request: ApprovalRequest
    approval: Approval | None = None
    reminded: bool = False
    level: int = 0


class AnswerSubmission(Frozen):
    """An answer on its way into the books.

    Attributes:
        request_id: which request it is judged against; empty when the case never asked.
        number: which of several equal answers of this case this is, from 1: it makes a retry
            the same answer, and a person's second click another one.
        early: it came before the question.
        malformed: what came instead of an answer, cut to a few hundred characters.
    """

    case_id: str
    request_id: str
    answer: Answer | None
    number: int = 1
    early: bool = False
    malformed: Text = ""


class AnswerReply(Frozen):
    """What became of an answer; `approval` is set once the request is closed."""

    standing: AnswerStatus
    why: str = ""
    request_id: str = ""
    approval: Approval | None = None


class Reminder(Frozen):
    """A reminder, or the `level`-th escalation."""

    request_id: str
    kind: Literal["reminded", "escalated"]
    level: int = 0


class ApprovalClosing(Frozen):
    """The end of a request that nobody's answer brought: its deadline, or changed facts."""

    request_id: str
    outcome: Literal[ApprovalOutcome.EXPIRED, ApprovalOutcome.WITHDRAWN]
    why: str


class Withdrawal(Frozen):
    """The argument of the signal `withdraw`: the question is moot, and why.

    Attributes:
        by: who says so.
        proof: the id of the proof that a door wrote for this word.
    """

    why: Text
    by: Text = ""
    proof: Text = Field(default="", exclude_if=lambda given: not given)

    def said(self, case_id: str) -> Said:
        """Return what a person says with it, to a case."""
        return Said(act="withdraw", about=case_id, words={"why": self.why})


class GateCarry(Frozen):
    """What the gate hands to the next run when a waiting case continues as new.

    The request itself is not here: the books have it, and opening it again finds it.

    Attributes:
        early: answers that came before the question; text is one that could not be read.
        seen: how often each answer came, by the hash of its content.
        request_id: the request that was asked last; empty before the first.
        waiting: it waits, and the next run opens it again.
        round_number: the round of that request; 0 before the first.
        first_asked_at: when its first round was asked; the facts have changed since, `changes` times.
        facts_changed: somebody said that they did once more, and nobody has looked yet.
    """

    early: tuple[Answer | str, ...] = ()
    seen: dict[str, int] = {}
    withdrawal: Withdrawal | None = None
    request_id: str = ""
    waiting: bool = False
    round_number: int = 0
    first_asked_at: datetime | None = None
    changes: int = 0
    facts_changed: bool = False


def read_answer(said: object) -> Answer | str:
    """Return the answer in a signal's payload, or its text (cut) if there is none in it.

    Signals are typed by hand: JSON inside a JSON string is understood too. What is larger than an answer
    may be (`contracts.bounds`) is none.
    """
    try:
        answer = Answer.model_validate_json(said) if isinstance(said, str) else Answer.model_validate(said)
    except ValidationError:
        return clean(str(said)[:MAX_MALFORMED_CHARS])
    problem = oversize(answer)
    return f"{problem}: {str(said)[:MAX_MALFORMED_CHARS]}"[:MAX_MALFORMED_CHARS] if problem else answer


def read_withdrawal(said: object) -> Withdrawal:
    """Return the withdrawal in a signal's payload; what cannot be read is nobody's, in these words."""
    try:
        withdrawal = Withdrawal.model_validate(said)
    except ValidationError:
        words = said if isinstance(said, str) and said else "withdrawn by signal"
        withdrawal = Withdrawal(why=words)
    return Withdrawal(
        why=withdrawal.why[:MAX_MALFORMED_CHARS],
        by=withdrawal.by[:MAX_MALFORMED_CHARS],
        proof=withdrawal.proof[:MAX_MALFORMED_CHARS],
    )


LATER = ("shares", "facts", "wording")
"""Fields that effects of earlier versions do not have: their approvals are still waiting."""


def effects_hash(plan: Plan) -> str:
    """Return the hash of everything a plan would do: what an answer and a signed link bind to."""
    return content_hash([_hashed(effect) for effect in plan.effects])


def _hashed(effect: ProposedEffect) -> dict[str, object]:
    """Return an effect as it is hashed: without what it does not say, as before there was any of it."""
    return effect.model_dump(mode="json", exclude={name for name in LATER if not getattr(effect, name)})


def answer_id(submission: AnswerSubmission) -> str:
    """Return the id of an answer: a retry of the same click finds it, a second click does not.

    The token stays out: it is a secret, and its use is counted elsewhere.
    """
    said = submission.answer.model_dump(mode="json", exclude={"token"}) if submission.answer else None
    parts: dict[str, object] = {
        "case": submission.case_id,
        "request": submission.request_id,
        "answer": said,
        "malformed": submission.malformed,
        "number": submission.number,
    }
    return f"answer-{content_hash(parts)[:24]}"
