"""What of a return has come back, as its channel, its carrier or its warehouse tells it."""

from pydantic import Field

from contracts.base import content_hash
from contracts.bounds import MOST_LINES, Quantity
from contracts.parcel import Condition
from contracts.told import Told, ToldId


class PieceTold(Told):
    """Pieces of an order line that have come back."""

    line: ToldId
    quantity: Quantity


class FoundTold(PieceTold):
    """Pieces of an order line that were looked at."""

    condition: Condition


class GoodsTold(Told):
    """All that has come back of a return so far; both lists only grow.

    Attributes:
        received: the pieces that are there.
        inspected: those of them that were looked at, and how they were found.
    """

    received: tuple[PieceTold, ...] = Field(default=(), max_length=MOST_LINES)
    inspected: tuple[FoundTold, ...] = Field(default=(), max_length=MOST_LINES)

    @property
    def digest(self) -> str:
        """The hash of what is told."""
        return content_hash(self.model_dump(mode="json"))
