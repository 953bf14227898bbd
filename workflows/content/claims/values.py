"""What a written number or date means."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Bound = Literal["", "about", "least", "most"]


@dataclass(frozen=True)
class Quantity:
    """So much of something.

    Attributes:
        amount: with its scale: 4200000 for `4.2 million`, 12 for `a dozen`.
        unit: `%`, a currency's code, a unit of measure, `th` for an ordinal; empty for a bare count.
        grain: the smallest step that its digits can tell: 100000 for `4.2 million`.
        bound: what the words before it say: `more than` is `least`, `up to` is `most`.
    """

    amount: Decimal
    unit: str = ""
    grain: Decimal = Decimal(1)
    bound: Bound = ""


@dataclass(frozen=True)
class Moment:
    """A date as exact as it was written; what is None was not said.

    Attributes:
        years: how many years from `year` on are meant: 10 for a decade, 100 for a century.
        weekday: 0 is Monday.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    years: int = 1
    weekday: int | None = None


Value = Quantity | Moment | str
