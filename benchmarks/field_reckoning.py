"""What goes back of an order's money, reckoned anew from the rules in `docs/decisions/0022`: no desk's code.

Fractions all the way; a unit is given away only where the rule says which part gets it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor


@dataclass(frozen=True)
class Line:
    """One line of an order, amounts in minor units, discount and tax of all its pieces together."""

    id: str
    name: str
    quantity: int
    price_cents: int
    discount_cents: int = 0
    tax_cents: int = 0

    @property
    def priced_cents(self) -> int:
        """Its pieces at their list price, less its own discount, plus tax beside the price."""
        return self.price_cents * self.quantity - self.discount_cents + self.tax_cents


@dataclass(frozen=True)
class Earlier:
    """What went back before: pieces by line, and money by the way it was paid."""

    pieces: Mapping[str, int]
    by_method: Mapping[str, int]

    @property
    def cents(self) -> int:
        """The money in all."""
        return sum(self.by_method.values())


NOTHING = Earlier({}, {})


@dataclass(frozen=True)
class Bought:
    """An order as it was bought and paid.

    Attributes:
        paid: what was paid by each method.
        discount_cents, tax_cents: of the order as a whole, besides the lines' own.
        told: what the channel says was paid for each line, where it does.
        earlier: what went back before the shop knew Kontor.
    """

    id: str
    channel: str
    currency: str
    lines: tuple[Line, ...]
    paid: Mapping[str, int]
    discount_cents: int = 0
    tax_cents: int = 0
    shipping_cents: int = 0
    told: Mapping[str, int] | None = None
    earlier: Earlier = NOTHING

    def after(self, earlier: Earlier) -> "Bought":
        """Return the order of which this went back before."""
        return replace(self, earlier=earlier)


def apportioned(whole: int, weights: Sequence[int]) -> list[int]:
    """Spread a whole by largest remainder; of parts that lost equally much, the earlier get a unit first."""
    if not sum(weights):
        return [0] * len(weights)
    exact = [Fraction(whole * weight, sum(weights)) for weight in weights]
    parts = [floor(share) for share in exact]
    losers = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in losers[: whole - sum(parts)]:
        parts[place] += 1
    return parts


def line_worths(bought: Bought) -> dict[str, int]:
    """Return what was paid for each line: as told, else the order's discount and tax spread in proportion."""
    if bought.told is not None:
        return dict(bought.told)
    priced = [line.priced_cents for line in bought.lines]
    off = apportioned(bought.discount_cents, priced)
    tax = apportioned(bought.tax_cents, priced)
    return {
        line.id: cents - less + more
        for line, cents, less, more in zip(bought.lines, priced, off, tax, strict=True)
    }


def pieces_worth(worth: int, quantity: int, count: int) -> int:
    """Return what the first `count` pieces of a line are worth: its worth spread over these and the rest."""
    return apportioned(worth, [count, quantity - count])[0]


def can_be_reckoned(bought: Bought) -> bool:
    """Say whether what went back before is explained, to the unit, by the pieces that are back."""
    worths = line_worths(bought)
    explained = sum(
        pieces_worth(worths[line.id], line.quantity, bought.earlier.pieces.get(line.id, 0))
        for line in bought.lines
    )
    return explained == bought.earlier.cents


class Account:
    """What of an order is still with the customer, and what is left of each way it was paid."""

    def __init__(self, bought: Bought) -> None:
        self.bought = bought
        self.worths = line_worths(bought)
        self.gone = {line.id: bought.earlier.pieces.get(line.id, 0) for line in bought.lines}
        self.left = {
            method: cents - bought.earlier.by_method.get(method, 0) for method, cents in bought.paid.items()
        }

    def take_back(self, pieces: Mapping[str, int]) -> dict[str, int]:
        """Return what goes back by each method for these pieces, postage too with the last of the order.

        Raises:
            ValueError: more pieces, or more money, than there are.
        """
        cents = 0
        for line in self.bought.lines:
            before, now = self.gone[line.id], self.gone[line.id] + pieces.get(line.id, 0)
            if now > line.quantity:
                raise ValueError(f"{self.bought.id}: {line.id} has no {now} pieces")
            worth = self.worths[line.id]
            cents += pieces_worth(worth, line.quantity, now) - pieces_worth(worth, line.quantity, before)
            self.gone[line.id] = now
        if all(self.gone[line.id] == line.quantity for line in self.bought.lines):
            cents += self.bought.shipping_cents
        if cents > sum(self.left.values()):
            raise ValueError(f"{self.bought.id}: {cents} are more than is left")
        parts = dict(zip(self.left, apportioned(cents, list(self.left.values())), strict=True))
        for method, part in parts.items():
            self.left[method] -= part
        return {method: part for method, part in parts.items() if part}
