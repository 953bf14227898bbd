"""Reading an order from its sales channel."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import MISFIT
from activities.ports import Reads
from activities.told import ask
from contracts.base import Arguments, Frozen
from contracts.reconciliation.statement import Statement
from contracts.shares import Books
from workflows.returns.statement import BY, statement_of
from workflows.returns.types import (
    AUTHORISE,
    FIND_ORDERS,
    FOUND,
    GET_ORDER,
    GET_RETURN,
    GOODS,
    ORDER,
    REPAIR,
    FoundOrders,
    Order,
)
from workflows.returns.way.told import GoodsTold


class OrderQuery(Frozen):
    """Which order of which channel.

    Attributes:
        currency: what the order was in when it was read before; empty at the first reading.
    """

    channel: str
    order: str
    currency: str = ""


class OrderLook(OrderQuery):
    """The same order once more.

    Attributes:
        known: its digest when it was read last.
    """

    known: str


class OrderSeen(Frozen):
    """What a look at an order brought: what stays in the history is no more than what is new.

    Attributes:
        digest: `Order.digest` of what the channel says now; empty if it has no such order.
        order: the order as it is now, without what is in stock; None if it is as it was, or gone.
    """

    digest: str = ""
    order: Order | None = None


class GoodsQuery(Frozen):
    """Which return of which order.

    Attributes:
        known: the digest of what its channel said last.
    """

    channel: str
    order: str
    rma: str
    known: str = ""


class OrdersOf(Frozen):
    """Whose orders of which channel: a customer's reference there, or their mail address."""

    channel: str
    customer: str


class OrderActivities:
    """Reads orders through the office's connectors."""

    def __init__(self, outside: Reads) -> None:
        """Keep the connectors."""
        self._outside = outside

    @activity.defn(name="order.load")
    async def load(self, query: OrderQuery) -> Order | None:
        """Return the order, or None when its channel says that it has no such order.

        An id that it does not know as it was typed is asked for once more as it compares ids.

        Raises:
            ApplicationError: the channel could not be asked, or its answer is not an order, or another than
                was asked for where its manifest refuses that.
        """
        channel, ids = query.channel, self._outside.manifest(query.channel).ids
        order = await self._ask(channel, query.order)
        if order is None and (compared := ids.compared(query.order)) != query.order:
            order = await self._ask(channel, compared)
        if order is None:
            return None
        if not ids.answers(order.id, query.order):
            raise _another_order(channel)
        if query.currency not in ("", order.currency):
            why = f"{channel}.{GET_ORDER}: the order's currency has changed, it was {query.currency}"
            raise ApplicationError(why, type=MISFIT)
        operations = self._outside.manifest(channel).operations
        ours = {
            "channel": channel,
            "known_as": ids.compared(order.id),
            "takes_back": AUTHORISE in operations,
            "repairs": AUTHORISE in operations and REPAIR in operations,
            "books": Books(),
        }
        return order.model_copy(update=ours)

    @activity.defn(name="order.goods")
    async def goods(self, asked: GoodsQuery) -> GoodsTold | None:
        """Return what of a return has come back; None if its channel does not say, or it is as it was.

        Raises:
            ApplicationError: the channel could not be asked, or its answer cannot be read.
        """
        if GET_RETURN not in self._outside.manifest(asked.channel).operations:
            return None
        arguments: Arguments = {"order": asked.order, "rma": asked.rma}
        told = await ask(self._outside, asked.channel, GET_RETURN, arguments, contract=GoodsTold, field=GOODS)
        return None if told is None or told.digest == asked.known else told

    @activity.defn(name="order.find")
    async def find(self, whose: OrdersOf) -> FoundOrders | None:
        """Return which orders a customer has; None if their channel cannot find them.

        Raises:
            ApplicationError: the channel could not be asked, or its answer cannot be read.
        """
        if FIND_ORDERS not in self._outside.manifest(whose.channel).operations:
            return None
        arguments: Arguments = {"customer": whose.customer}
        told = await ask(
            self._outside, whose.channel, FIND_ORDERS, arguments, contract=FoundOrders, field=FOUND
        )
        return told or FoundOrders(orders=())

    async def _ask(self, channel: str, order: str) -> Order | None:
        return await ask(self._outside, channel, GET_ORDER, {"order": order}, contract=Order, field=ORDER)

    @activity.defn(name="order.look")
    async def look(self, look: OrderLook) -> OrderSeen:
        """Read an order again, and return it only where it differs from what is known.

        Raises:
            ApplicationError: the channel could not be asked, or its answer is not an order.
        """
        order = await self.load(OrderQuery(channel=look.channel, order=look.order, currency=look.currency))
        if order is None:
            return OrderSeen()
        same = order.digest == look.known
        return OrderSeen(digest=order.digest, order=None if same else order.without_stock())


class OrderStatements:
    """Reads orders as the reconciler compares them."""

    by = BY

    def __init__(self, outside: Reads) -> None:
        """Keep the connectors."""
        self._outside = outside

    async def statement(self, connector: str, id_: str) -> Statement | None:
        """Return what a channel says of an order, however little it fits together; None if it has none.

        Raises:
            ApplicationError: the channel could not be asked, or its answer is not an order, or another than
                was asked for where its manifest refuses that.
        """
        ids = self._outside.manifest(connector).ids
        order = await ask(
            self._outside,
            connector,
            GET_ORDER,
            {BY: id_},
            contract=Order,
            field=ORDER,
            with_flaws=True,
        )
        if order is None:
            return None
        if not ids.answers(order.id, id_):
            raise _another_order(connector)
        return statement_of(
            order.model_copy(update={"channel": connector, "known_as": ids.compared(order.id)})
        )


def _another_order(channel: str) -> ApplicationError:
    """Return the failure of a channel that tells of one order when it is asked for another."""
    why = f"{channel}.{GET_ORDER} answers with another order than was asked for"
    return ApplicationError(
        f'{why}; [ids] another = "taken" (connectors/{channel}.toml) believes it', type=MISFIT
    )
