"""The cases of one letter: wishes for several orders are several cases; the first one starts the others."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from contracts.base import Frozen, content_hash, text_hash
    from contracts.case import CaseStatus
    from contracts.ids import workflow_id
    from contracts.money import money_text
    from workflows.kernel import search_attributes
    from workflows.kernel.case_file import CaseFile
    from workflows.returns.types import DESK, ReturnRequest

AND = "_and_"
"""Between the words of an outcome that is several."""
PART_ENDED = "part_ended"
"""The signal by which a letter's other cases tell the first one how they ended."""
LONGEST_WAIT = timedelta(days=60)
"""For the other cases, longer than people may think; what has not ended by then is not told of."""


class LetterPart(Frozen):
    """What a letter wishes for one more order, as the case of its first order hands it on.

    Attributes:
        part_of: the case of the first order.
    """

    request: ReturnRequest
    part_of: str


class PartEnded(Frozen):
    """How the case of one of a letter's orders ended.

    Attributes:
        amount_cents: what was paid out, less what was charged.
    """

    case_id: str
    order: str
    status: CaseStatus
    outcome: str
    amount_cents: int = 0
    currency: str = ""

    @property
    def told(self) -> dict[str, JsonValue]:
        """How it ended, as the office's text may say it."""
        back = money_text(self.amount_cents, self.currency) if self.amount_cents > 0 else ""
        return {"order": self.order, "status": self.status.value, "outcome": self.outcome, "amount": back}


class LetterCarry(Frozen):
    """What the next run of a case needs of its letter's other cases."""

    part_of: str = ""
    started: tuple[str, ...] = ()
    ended: tuple[PartEnded, ...] = ()


class LetterCases:
    """The other cases of the running case's letter; none, of most letters.

    Attributes:
        part_of: the case of the letter's first order, if the running one is not that.
    """

    def __init__(
        self, file: CaseFile, order: str, part_of: str = "", carried: LetterCarry | None = None
    ) -> None:
        """Begin without any, or with what an earlier run of the case knew."""
        before = carried or LetterCarry(part_of=part_of)
        self._file = file
        self._order = order
        self.part_of = before.part_of
        self._started = list(before.started)
        self._ended = {part.case_id: part for part in before.ended}

    def carry(self) -> LetterCarry:
        """Return what the next run needs."""
        ended = tuple(self._ended.values())
        return LetterCarry(part_of=self.part_of, started=tuple(self._started), ended=ended)

    @property
    def are_several(self) -> bool:
        """Whether this case has started others."""
        return bool(self._started)

    async def start(self, request: ReturnRequest, orders: Sequence[str]) -> None:
        """Start a case for each of these orders; one that is there already goes on by itself.

        Args:
            request: of the first order; its words are everyone's, a form's items are its own.
            orders: the other orders for which the letter wishes something.
        """
        self._order = request.order  # of one that named none, it was found since
        for order in () if self.part_of else orders:
            part = request.model_copy(update={"id": part_id(request, order), "order": order, "items": ()})
            case_id = workflow_id(DESK, part.channel, part.id)
            try:
                await self._start(case_id, part)
            except WorkflowAlreadyStartedError:
                self._file.happened("part_there_already", case=case_id)
                continue
            self._started.append(case_id)
            self._file.happened("part_started", case=case_id)

    async def _start(self, case_id: str, part: ReturnRequest) -> None:
        await workflow.start_child_workflow(
            "ReturnWorkflow",
            LetterPart(request=part, part_of=self._file.case_id),
            id=case_id,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(search_attributes.DESK, DESK),
                    SearchAttributePair(search_attributes.CHANNEL, part.channel),
                    SearchAttributePair(search_attributes.STATUS, CaseStatus.RUNNING.value),
                    SearchAttributePair(search_attributes.AMOUNT_CENTS, 0),
                ]
            ),
            static_summary=f"{DESK}: request {part.id} for order {part.order} at {part.channel}",
            static_details=f"Part of **{self._file.case_id}**, which has the same letter.",
            memo={"request_hash": content_hash(part)},
        )

    def own_end(self, status: CaseStatus, outcome: str) -> PartEnded:
        """Return how the running case ends, as the letter's first case is told."""
        return PartEnded(
            case_id=self._file.case_id,
            order=self._order,
            status=status,
            outcome=outcome,
            amount_cents=self._file.amount_cents if status is CaseStatus.SETTLED else 0,
            currency=self._file.currency,
        )

    def has_ended(self, part: PartEnded) -> None:
        """Take in that another case of the letter has ended; one that this case did not start is none."""
        if part.case_id in self._started:
            self._ended[part.case_id] = part

    async def all_ended(self, withdrawn: Callable[[], bool]) -> tuple[PartEnded, ...]:
        """Wait for the other cases; return how they ended, in the order in which they were started.

        Args:
            withdrawn: says whether somebody took this case back: then it waits no longer.
        """
        missing = len(self._started) - len(self._ended)
        if missing:
            await self._file.waits(f"for the other cases of the same letter: {missing} to go")
            try:
                await workflow.wait_condition(
                    lambda: withdrawn() or len(self._ended) == len(self._started), timeout=LONGEST_WAIT
                )
            except TimeoutError:
                self._file.happened("parts_not_awaited")
            await self._file.waits("")
        return tuple(self._ended[case_id] for case_id in self._started if case_id in self._ended)

    async def report(self, part: PartEnded) -> None:
        """Tell the letter's first case that this one has ended."""
        first = workflow.get_external_workflow_handle(self.part_of)
        try:
            await first.signal(PART_ENDED, part)
        except FailureError:
            workflow.logger.info("the letter's first case is gone: nobody waits for this one")


def part_id(request: ReturnRequest, order: str) -> str:
    """Return the id of the request for one more order: the first one's with the order's, if it can."""
    whole = f"{request.id}.{order}"
    try:
        workflow_id(DESK, request.channel, whole)
    except ValueError:
        return text_hash(whole)[:32]
    return whole
