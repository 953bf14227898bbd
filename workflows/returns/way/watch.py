"""Waiting for the goods of one return: its channel is asked, and people may say what came."""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.waits import WaitActivities
    from contracts.carry import WaitsIn
    from contracts.parcel import Inspection, Parcel
    from contracts.waits import Wait, WaitAsked
    from workflows.kernel.awaiting import Waited, until
    from workflows.kernel.case import CaseRun
    from workflows.returns.activities import GoodsQuery, OrderActivities
    from workflows.returns.types import GOODS, ReturnRequest
    from workflows.returns.way.state import Way

NOT_EXPECTED = "NotExpected"
"""The error type of a word about goods that the case does not wait for."""


class GoodsWatch:
    """The goods of one return. Make it in `@workflow.init`: it registers the updates `received`, `inspected`.

    Attributes:
        way: where the return stands.
        open: why nobody knows what became of the goods, after a wait; empty if that is known.
    """

    def __init__(self, case: CaseRun, request: ReturnRequest, way: Way | None = None) -> None:
        """Take up the way of an earlier run, or begin one."""
        self._case = case
        self._request = request
        self._order_id = request.order
        self.way = way or Way(rma=request.id)
        self.open = ""
        self._turn = asyncio.Lock()
        workflow.set_update_handler("received", self._received, validator=self._refuse)
        workflow.set_update_handler("inspected", self._inspected, validator=self._refuse)

    async def wait(self, order_id: str, remind: Callable[[], Awaitable[None]]) -> None:
        """Wait until all goods are there and were looked at, or the office waits no more.

        Args:
            order_id: the order's, as its channel names it.
            remind: reminds the customer.

        Raises:
            TakenBack: nobody wants the case any more.
        """
        self._order_id, self.open = order_id, ""
        waited = await until(
            self._case,
            lambda: self.way.back.all_seen,
            await self._moments(),
            look=self._look,
            remind=None if self.way.reminded else lambda: self._reminded(remind),
        )
        await self._case.file.waits("")
        if waited is Waited.UNANSWERED:
            self.open = "the wait for the goods is over, and the channel did not say what came"
        elif waited is Waited.HAPPENED or self.way.back.any_seen:
            self.way = self.way.arrived()
        elif self.way.back.any_here:
            self.open = "goods came back, and nobody said how they were found"
        else:
            self.way = self.way.lost()

    async def _moments(self) -> Wait:
        """Return how long to wait, as the office said when the wait began."""
        wait = self.way.wait
        if wait is None:
            asked = WaitAsked(what=GOODS, begins_at=workflow.now())
            wait = await self._case.file.placement.record(WaitActivities.moments, asked, "how long to wait")
            self.way = self.way.model_copy(update={"wait": wait})
        return wait

    async def _reminded(self, remind: Callable[[], Awaitable[None]]) -> None:
        self.way = self.way.model_copy(update={"reminded": True})
        await remind()

    async def _look(self) -> None:
        """Ask the channel what has come; say what is waited for."""
        asked = GoodsQuery(
            channel=self._request.channel,
            order=self._order_id,
            rma=self.way.rma,
            known=self.way.back.told.digest,
        )
        told = await self._case.read_again(
            OrderActivities.goods, asked, asked.channel, f"goods of {asked.rma}"
        )
        if told is not None:
            self._case.file.happened("goods", received=len(told.received), inspected=len(told.inspected))
            self.way = self.way.model_copy(update={"back": self.way.back.model_copy(update={"told": told})})
        if not self.way.back.all_seen:
            await self._case.file.waits(self._words())

    def _words(self) -> str:
        back = self.way.back
        all_of_them = sum(back.expected.values())
        here = sum(back.received().values())
        what = f"{here} of {all_of_them} pieces of return {self.way.rma} are here"
        return f"{what}; kontor received and kontor inspected say more"

    async def _received(self, parcel: Parcel) -> str:
        """Take a person's word that goods have come."""
        await self._proved(parcel)
        self.way = self.way.model_copy(update={"back": self.way.back.with_parcel(parcel)})
        self._case.file.happened("received", person=parcel.person, pieces={**parcel.pieces})
        self._case.gate.looks.wanted = True
        return self._words()

    async def _inspected(self, inspection: Inspection) -> str:
        """Take a person's word of how goods were found."""
        await self._proved(inspection)
        self.way = self.way.model_copy(update={"back": self.way.back.with_inspection(inspection)})
        self._case.file.happened(
            "inspected",
            person=inspection.person,
            condition=inspection.condition,
            pieces={**inspection.pieces},
        )
        self._case.gate.looks.wanted = True
        return self._words()

    async def _proved(self, parcel: Parcel) -> None:
        """Let a word go on that is somebody's, and still fits once that is known; one after the other."""
        async with self._turn:
            said = parcel.said(self._case.file.case_id)
            await self._case.gate.proving.demand(said, parcel.person, parcel.proof)
            self._refuse(parcel)

    def _refuse(self, parcel: Parcel) -> None:
        """Refuse, before anything is written into the history, what cannot have come."""
        flaw = "" if self._case.waits_in is WaitsIn.OUTSIDE else "the case expects no goods now"
        flaw = flaw or self.way.back.flaw(parcel)
        if flaw:
            raise ApplicationError(flaw, type=NOT_EXPECTED, non_retryable=True)
