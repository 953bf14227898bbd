"""Questions to outside systems, asked as long as it takes: the case says why, and in time asks a person.

Only the system's own word, as its manifest declares it, says that something does not exist. Whatever
else goes wrong passes, or somebody mends it; then the case goes on by itself.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.errors import MISFIT, REFUSED
    from contracts.approvals.messages import ApprovalDraft, Withdrawal
    from contracts.approvals.request import ApprovalOutcome
    from contracts.authorization import Plan
    from contracts.case import CaseStatus
    from workflows.kernel.approval_gate import ApprovalGate
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.ends import NOT_GRANTED
    from workflows.kernel.placement import Result

PATCH = "waits-for-an-answer"
ROUNDS = (timedelta(seconds=15), timedelta(seconds=45), timedelta(minutes=4), timedelta(minutes=10))
"""How long the system is asked before the case says again why it waits; after the last, people are asked."""
ROUNDS_OF_A_MISFIT = 2
"""An answer that does not fit the desk's contract seldom mends itself: people are asked sooner."""
AGAIN = timedelta(minutes=1)
AGAIN_EVERY = timedelta(minutes=5)
AGAIN_AT_LAST = timedelta(hours=2)
"""While people think, the system is asked so long, so often at first, and less often each time: two weeks of
silence are a history of some two thousand events."""

HANDLED = (CaseStatus.SETTLED, "handled_by_hand")

Read = Callable[[timedelta], Awaitable[Result]]
"""Asks a system, again and again, for so long."""


class NoAnswer(Exception):
    """A case ends without the answer of a system that it had to ask.

    Attributes:
        end: the status of the case and the word for it.
    """

    def __init__(self, status: CaseStatus, outcome: str) -> None:
        super().__init__(outcome)
        self.end = (status, outcome)


class OutsideReads:
    """Asks outside systems for one case."""

    def __init__(self, file: CaseFile, gate: ApprovalGate, questions: int = 0) -> None:
        """Keep what a waiting case is shown by, and who is asked in the end.

        Args:
            file: the case's file.
            gate: asks people.
            questions: how often they were asked in earlier runs of the case.
        """
        self._file = file
        self._gate = gate
        self.questions = questions

    async def answer(self, read: Read[Result], connector: str, what: str) -> Result:
        """Ask until there is an answer that can be used.

        Args:
            read: asks the system.
            connector: its name.
            what: what is read, in a line.

        Raises:
            NoAnswer: people ended the case instead, or nobody answered them in time.
        """
        for number, within in enumerate(ROUNDS, start=1):
            try:
                found = await read(within)
            except ActivityError as failed:
                if is_cancelled_exception(failed) or not workflow.patched(PATCH):
                    raise
                kind, why = reason(failed)
                await self._file.waits(f"{what}: {why}")
                if kind == REFUSED or (kind == MISFIT and number >= ROUNDS_OF_A_MISFIT):
                    break
            else:
                await self._file.waits("")
                return found
        return await self._from_people(read, connector)

    async def _from_people(self, read: Read[Result], connector: str) -> Result:
        """Ask people to mend it, or to take the case; meanwhile go on asking the system."""
        found: list[Result] = []

        async def again() -> Withdrawal:
            found.append(await read(AGAIN))
            return Withdrawal(why="the system answers again")

        self.questions += 1
        approval = await self._gate.ask(
            self._question(connector),
            recheck=again,
            recheck_every=AGAIN_EVERY,
            recheck_at_last=AGAIN_AT_LAST,
            in_one_run=True,
        )
        if approval.granted:
            raise NoAnswer(*HANDLED)
        if not found or approval.outcome is not ApprovalOutcome.WITHDRAWN:
            raise NoAnswer(NOT_GRANTED[approval.outcome], approval.outcome.value)
        await self._file.waits("")
        return found[-1]

    def _question(self, connector: str) -> ApprovalDraft:
        plan = Plan(
            case_id=self._file.case_id,
            desk=self._file.desk,
            summary=self._file.summary,
            facts={},
            effects=(),
        )
        mend = "Mend it, and the case goes on by itself; approve once you have handled it by hand"
        return ApprovalDraft(
            plan=plan,
            what=f"{self._file.waits_for}. {mend}.",
            step=f"read-{connector}",
            round_number=self.questions,
            asked_by=self._file.customer or connector,
            office_version=self._file.office_version,
        )


def reason(failed: ActivityError) -> tuple[str, str]:
    """Return the type of the last error of a step that failed, and why it failed, in words for a person."""
    cause: BaseException | None = failed.cause
    while cause is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    if cause is None:
        return "", "no answer in time; does a worker serve it, and is the system there?"
    return cause.type or "", cause.message
