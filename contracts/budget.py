"""What models may spend: limits of the office, and how the accounts stand."""

from pydantic import Field

from contracts.base import Frozen


class Limits(Frozen):
    """Limits in millionths of a US dollar; days are UTC days.

    Attributes:
        day: all desks together, each day.
        case: one case, in its whole life.
        desks: one desk, each day; a desk that is not named has the day's.
    """

    day: int = Field(ge=0)
    case: int = Field(ge=0)
    desks: dict[str, int] = {}

    def of_desk(self, desk: str) -> int:
        """Return a desk's daily limit."""
        return self.desks.get(desk, self.day)


class BudgetLine(Frozen):
    """How one account stands, in millionths of a US dollar."""

    account: str
    limit: int
    spent: int
    reserved: int

    @property
    def left(self) -> int:
        """What may still be reserved, never below 0."""
        return max(0, self.limit - self.spent - self.reserved)
