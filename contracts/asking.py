"""The messages between the approval gate and the books: asking, answering, nudging, ending."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import ValidationError

from contracts.approval import Answer, Approval, ApprovalOutcome, ApprovalRequest, Standing
from contracts.canonical import content_hash
from contracts.evidence import Evidence
from contracts.frozen import Frozen
from contracts.verdict import Authorization, Plan, PolicyReason, Verdict

MAX_MALFORMED_CHARS = 300


class Asking(Frozen):
    """What a desk wants to be asked; the books make a request of it, with an id and its moments.

    Attributes:
        plan: what would be done, with its arguments.
        what: the question in one line.
        step: tells two questions of one case apart.
        round_number: tells a question asked again apart from the first.
        roles: a chain of role names: who is asked first, then at each escalation; empty means the
            chain that the office's calendar file names for the desk.
        asked_by: who caused the request; never allowed to answer it.
        by_model: the model's proposal that is put to people, as `name@version`, for the counts of
            overrides; empty if no model proposed it.
    """

    plan: Plan
    what: str
    step: str = "approval"
    round_number: int = 1
    why: tuple[PolicyReason, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    roles: tuple[str, ...] = ()
    needed: int = 1
    asked_by: str
    office_version: str
    policy_version: str = ""
    by_model: str = ""


def asking_for(
    plan: Plan,
    authorization: Authorization,
    *,
    asked_by: str,
    evidence: tuple[Evidence, ...] = (),
    step: str = "approval",
    round_number: int = 1,
    by_model: str = "",
) -> Asking:
    """Return the question that an `ask` calls for: who to ask comes from the verdicts that ask.

    Only roles that every one of those verdicts asks are asked, and the largest number of people
    wins: judging effects together never asks fewer, or others, than judging them alone. Verdicts
    that share no role go to the shortest chain; the data plane checks them all again.
    """
    asks = [verdict for verdict in authorization.verdicts if verdict.outcome == "ask"]
    reasons = {reason.id: reason for verdict in asks for reason in verdict.reasons}
    return Asking(
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


class Opened(Frozen):
    """A request in the books; `approval` is set if it was closed before (after a reset)."""

    request: ApprovalRequest
    approval: Approval | None = None
    reminded: bool = False
    level: int = 0


class Submission(Frozen):
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
    malformed: str = ""


class Reply(Frozen):
    """What became of an answer; `approval` is set once the request is closed."""

    standing: Standing
    why: str = ""
    request_id: str = ""
    approval: Approval | None = None


class Nudge(Frozen):
    """A reminder, or the `level`-th escalation."""

    request_id: str
    kind: Literal["reminded", "escalated"]
    level: int = 0


class Ending(Frozen):
    """The end of a request that nobody's answer brought: its deadline, or changed facts."""

    request_id: str
    outcome: Literal[ApprovalOutcome.EXPIRED, ApprovalOutcome.WITHDRAWN]
    why: str


class Withdrawal(Frozen):
    """The argument of the signal `withdraw`: the question is moot, and why."""

    why: str
    by: str = ""


class GateCarry(Frozen):
    """What the gate hands to the next run when a waiting case continues as new.

    The request itself is not here: the books have it, and opening it again finds it.

    Attributes:
        early: answers that came before the question; text is one that could not be read.
        seen: how often each answer came, by the hash of its content.
        request_id: the request that was asked last; empty before the first.
        waiting: it waits, and the next run opens it again.
    """

    early: tuple[Answer | str, ...] = ()
    seen: dict[str, int] = {}
    withdrawal: Withdrawal | None = None
    request_id: str = ""
    waiting: bool = False


def read_answer(said: object) -> Answer | str:
    """Return the answer in a signal's payload, or its text (cut) if there is none in it.

    Signals are typed by hand: JSON inside a JSON string is understood too.
    """
    try:
        if isinstance(said, str):
            return Answer.model_validate_json(said)
        return Answer.model_validate(said)
    except ValidationError:
        return str(said)[:MAX_MALFORMED_CHARS]


def read_withdrawal(said: object) -> Withdrawal:
    """Return the withdrawal in a signal's payload; whatever cannot be read still withdraws."""
    try:
        return Withdrawal.model_validate(said)
    except ValidationError:
        words = said if isinstance(said, str) and said else "withdrawn by signal"
        return Withdrawal(why=words[:MAX_MALFORMED_CHARS])


def effects_hash(plan: Plan) -> str:
    """Return the hash of everything a plan would do: what an answer and a signed link bind to."""
    return content_hash([effect.model_dump(mode="json") for effect in plan.effects])


def answer_id(submission: Submission) -> str:
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
