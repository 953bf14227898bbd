"""Reading an order from its sales channel."""

from pydantic import ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import REFUSED, classify, to_application_error
from activities.ports import Outside
from contracts.failure import CallFailed
from contracts.frozen import Frozen
from contracts.returns import Order

NOT_FOUND = 404


class OrderQuery(Frozen):
    """Which order of which channel."""

    channel: str
    order: str


class OrderActivities:
    """Reads orders through the office's connectors."""

    def __init__(self, outside: Outside) -> None:
        """Keep the connectors."""
        self._outside = outside

    @activity.defn(name="order.load")
    async def load(self, query: OrderQuery) -> Order | None:
        """Return the order, or None when its channel does not know it.

        Raises:
            ApplicationError: the channel could not be asked, or its answer is not an order.
        """
        try:
            fields = await self._outside.read(query.channel, "get_order", {"order": query.order})
        except CallFailed as failure:
            if failure.status == NOT_FOUND:
                return None
            manifest = self._outside.manifest(query.channel)
            raise to_application_error(failure, classify(manifest, "get_order", failure)) from None
        try:
            return Order.model_validate({**_as_table(fields["order"]), "channel": query.channel})
        except ValidationError as invalid:
            # Pydantic's own message repeats the input, which may hold personal data.
            places = sorted({".".join(map(str, error["loc"])) for error in invalid.errors()})
            raise ApplicationError(
                f"{query.channel}.get_order does not give an order: {', '.join(places)}",
                type=REFUSED,
                non_retryable=True,
            ) from None


def _as_table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
