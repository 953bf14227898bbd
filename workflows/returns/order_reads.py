"""What a request's order is, again and again: by its channel, and by what our own books did for it."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.kernel.case import CaseRun
    from workflows.kernel.pauses import Rest
    from workflows.returns.activities import OrderActivities, OrderLook, OrderQuery
    from workflows.returns.plan import Known
    from workflows.returns.reading import numbers_beside
    from workflows.returns.second_reading import MOST_ORDERS
    from workflows.returns.types import Order, ReturnRequest
    from workflows.returns.worth import accounts

EXACT = "what-was-paid"
"""Cases that an earlier version began go on as they began: list prices, whole lines."""


class OrderReads:
    """Reads of one case's order; those that fail in passing wait and try again (`CaseRun.read`).

    Attributes:
        request: that names the order.
        order: as it was read last; None before that, and if the channel has no such order.
        booked: another case did something for it: our own books are asked, too.
        own_too: this case did something for it, and what is left is judged by an order that shows it.
    """

    def __init__(self, case: CaseRun, request: ReturnRequest, *, booked: bool, own_too: bool) -> None:
        """Read nothing yet."""
        self.request = request
        self.order: Order | None = None
        self.booked = booked
        self.own_too = own_too
        self._case = case
        self._digest = ""

    async def load(self, *, again: bool = False) -> Order | None:
        """Ask the channel for the order, or `again` while people think; None if it has no such order."""
        channel, order = self.request.channel, self.request.order
        query = OrderQuery(channel=channel, order=order, currency=self._case.file.currency)
        read = self._case.read_again if again else self._case.read
        self.order = await read(OrderActivities.load, query, channel, f"order {order} at {channel}")
        return self.order

    async def look(self, *, again: bool = False) -> Order | None:
        """Return the order as it is now, None if there is no such order any more.

        One that is as it was stays out of the history. `again` asks while people think.
        """
        if not workflow.patched("orders-are-compared"):
            return await self.load(again=again)
        channel, order = self.request.channel, self.request.order
        self._digest = self._digest or (self.order.digest if self.order else "")
        asked = OrderLook(channel=channel, order=order, currency=self._case.file.currency, known=self._digest)
        read = self._case.read_again if again else self._case.read
        seen = await read(OrderActivities.look, asked, channel, f"order {order} at {channel}, again")
        self._digest = seen.digest
        self.order = seen.order or (self.order if seen.digest else None)
        return self.order

    async def others(self) -> list[Order]:
        """Ask the channel for the other orders that the message names; what it does not know is none."""
        channel, found = self.request.channel, []
        for number in numbers_beside(self.request.message, self.request.order)[:MOST_ORDERS]:
            query = OrderQuery(channel=channel, order=number)
            found.append(
                await self._case.read(OrderActivities.load, query, channel, f"order {number} at {channel}")
            )
        return [order for order in found if order is not None]

    async def look_up(self, known: Known, *, again: bool = False) -> Known:
        """Ask our own books, too, about an order for which something was done before."""
        if not (self.booked or known.order.touched) or not workflow.patched(EXACT):
            return known
        return await self.look_up_again(known, again=again)

    async def overtaken(self) -> Rest:
        """Wait where another case booked on the order again and again; the first time, only look it up."""
        return await self._case.rest_outdated() if self.booked else Rest.TAKEN

    async def look_up_again(self, known: Known, *, again: bool = False) -> Known:
        """Ask our own books what was done for the order, then its channel once more."""
        self.booked = True
        wanted = accounts(known.order, known.order.lines)
        books = await self._case.books(wanted, own_too=self.own_too)
        order = await self.look(again=again)
        return known.as_of((order or known.order).model_copy(update={"books": books}))
