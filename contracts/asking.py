"""The messages between the approval gate and the books: asking, answering, nudging, ending."""

from datetime import datetime
from typing import Literal

from contracts.approval import Answer, Approval, ApprovalOutcome, ApprovalRequest, Standing
from contracts.evidence import Evidence
from contracts.frozen import Frozen
from contracts.verdict import Authorization, Plan, PolicyReason


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

    The longest chain of roles and the largest number of people of all those verdicts win, so that
    judging effects together never asks fewer than judging them alone.
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
        roles=max((verdict.ask_roles for verdict in asks), key=len, default=()),
        needed=max((verdict.needed for verdict in asks), default=1),
        asked_by=asked_by,
        office_version=authorization.office_version,
        policy_version=next((verdict.policy_version for verdict in asks), ""),
        by_model=by_model,
    )


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
