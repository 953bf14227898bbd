"""A generated shop: orders with discounts, taxes, gift cards, split payments, and what customers ask of them.

Everything follows from a seed. A request knows what its customer means: so many pieces of these lines.
What of the order's money that is, `benchmarks.field_reckoning` says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from random import Random

from benchmarks.field_reckoning import Bought, Earlier, Line, apportioned, line_worths, pieces_worth

CURRENCIES = {"EUR": 100, "USD": 100, "JPY": 1, "KWD": 1000}
"""Minor units in one of each, by ISO 4217."""
CHANNELS = ("webshop", "marketplace", "store")
TILL = "store"
"""A channel that knows no tax, no postage and no reduction of one line, only a rebate on the whole slip."""
TELLING = "marketplace"
"""A channel that says what was paid for each line: what is left of a proportion falls on the last."""
METHODS = ("gift_card", "card", "wallet")
GOODS = (
    *("coffee mug", "wool sweater", "rain jacket", "camping tent", "sleeping bag", "desk lamp", "tea towel"),
    *("water bottle", "hiking sock", "bread board", "picture frame", "garden chair", "soup bowl", "umbrella"),
)
NUMBERS = ("no", "one", "two", "three", "four", "five")
REASONS = ("too small", "too large", "not what I need after all", "not to my taste")
WORDS = (
    "I want to return {what} and get my money back, {are} {why}.",
    "{What} {are_bare} {why}, I want to return {them} for a refund please.",
    "Hello, I would like to send back {what}, {are} {why}. Please refund me. Thank you!",
)


@dataclass(frozen=True)
class Wish:
    """What one customer asks.

    Attributes:
        round: requests of one order come one after the other, in rounds from 0.
        pieces: how many pieces of each line are meant.
        in_a_form: the customer picked them in a form; else only the message says.
    """

    id: str
    order: str
    round: int
    pieces: dict[str, int]
    message: str
    in_a_form: bool

    def request(self, channel: str) -> dict[str, object]:
        """Return it as a line of `kontor submit returns`."""
        items = [{"line": line, "quantity": count} for line, count in self.pieces.items()]
        asked: dict[str, object] = {
            "id": self.id,
            "channel": channel,
            "order": self.order,
            "message": self.message,
        }
        return {**asked, "items": items} if self.in_a_form else asked


@dataclass
class Shop:
    """Orders by their ids, as they were bought, and what is asked of them."""

    orders: dict[str, Bought] = field(default_factory=dict)
    wishes: list[Wish] = field(default_factory=list)


def generated(orders: int, seed: int) -> Shop:
    """Return a shop of so many orders, each with one request or two."""
    random, shop = Random(seed), Shop()
    for number in range(1, orders + 1):
        bought = _order(random, f"F-{number:05}")
        shop.orders[bought.id] = bought
        shop.wishes += _wishes(random, bought)
    return shop


def _order(random: Random, id_: str) -> Bought:
    currency, channel = random.choices(list(CURRENCIES), weights=(4, 2, 2, 2))[0], random.choice(CHANNELS)
    till, unit = channel == TILL, CURRENCIES[currency]
    taxed = random.random() < 0.25 and not till
    names = random.sample(GOODS, random.choice((1, 1, 2, 2, 3, 5)))
    lines = tuple(
        _line(random, f"L{place}", name, unit, taxed=taxed, reduced=not till)
        for place, name in enumerate(names, start=1)
    )
    goods = sum(line.priced_cents for line in lines)
    discount = random.randint(1, max(1, goods * 3 // 10)) if random.random() < 0.3 else 0
    tax = random.randint(1, max(1, goods // 10)) if random.random() < 0.15 and not till else 0
    shipping = random.randint(1, 9 * unit + 99) if random.random() < 0.6 and not till else 0
    paid = goods - discount + tax + shipping
    bought = Bought(
        id=id_,
        channel=channel,
        currency=currency,
        lines=lines,
        paid=_ways(random, paid),
        told=_told(lines, tax - discount) if channel == TELLING else None,
        discount_cents=discount,
        tax_cents=tax,
        shipping_cents=shipping,
    )
    return _with_earlier(random, bought) if random.random() < 0.25 else bought


def _told(lines: Sequence[Line], on_top: int) -> dict[str, int]:
    """Return what the marketplace says was paid for each line; `on_top` is tax less discount."""
    priced = {line.id: line.priced_cents for line in lines}
    total = sum(priced.values())
    parts = {line: floor(Fraction(on_top * cents, total)) for line, cents in priced.items()}
    parts[lines[-1].id] += on_top - sum(parts.values())
    return {line: cents + parts[line] for line, cents in priced.items()}


def _line(random: Random, id_: str, name: str, unit: int, *, taxed: bool, reduced: bool) -> Line:
    quantity = random.choice((1, 1, 1, 2, 3, 4))
    price = random.randint(max(3, 3 * unit), 45 * unit + 200)
    off = random.randint(1, price * quantity // 2) if random.random() < 0.3 and reduced else 0
    tax = (price * quantity - off) * random.choice((7, 19)) // 100 if taxed else 0
    return Line(id_, name, quantity, price, discount_cents=off, tax_cents=tax)


def _ways(random: Random, paid: int) -> dict[str, int]:
    """Return how it was paid: often by one way, else by two or three, none of them with nothing."""
    count = min(random.choice((1, 1, 1, 2, 2, 3)), paid)
    cuts = sorted(random.sample(range(1, paid), count - 1))
    parts = [end - begin for begin, end in zip((0, *cuts), (*cuts, paid), strict=True)]
    return dict(zip(random.sample(METHODS, count), parts, strict=True))


def _with_earlier(random: Random, bought: Bought) -> Bought:
    """Let something have gone back before: for pieces, or out of goodwill, which no piece explains."""
    if random.random() < 0.2:
        cents = random.randint(1, max(1, sum(bought.paid.values()) // 4))
        return bought.after(Earlier(pieces={}, by_method=_spread(random, cents, bought.paid)))
    line = random.choice(bought.lines)
    count = random.randint(1, line.quantity)
    worth = line_worths(bought)[line.id]
    cents = pieces_worth(worth, line.quantity, count)
    return bought.after(Earlier(pieces={line.id: count}, by_method=_spread(random, cents, bought.paid)))


def _spread(random: Random, cents: int, paid: Mapping[str, int]) -> dict[str, int]:
    """Return what went back by each way: as an even-handed clerk does it, or the first way first."""
    if random.random() < 0.5:
        return dict(zip(paid, apportioned(cents, list(paid.values())), strict=True))
    left, parts = cents, {}
    for method, most in paid.items():
        parts[method] = min(left, most)
        left -= parts[method]
    return parts


def _wishes(random: Random, bought: Bought) -> list[Wish]:
    kept = {line.id: line.quantity - bought.earlier.pieces.get(line.id, 0) for line in bought.lines}
    wishes: list[Wish] = []
    for round_number in range(random.choice((1, 1, 2))):
        still = [line for line in bought.lines if kept[line.id]]
        if not still:
            break
        chosen = random.sample(still, random.randint(1, len(still)))
        pieces = {line.id: random.randint(1, kept[line.id]) for line in chosen}
        in_a_form = random.random() < 0.6
        said = _said(random, chosen, pieces, kept)
        id_ = f"{bought.id}-{round_number}"
        wishes.append(Wish(id_, bought.id, round_number, pieces, said, in_a_form))
        for line, count in pieces.items():
            kept[line] -= count
    return wishes


def _said(random: Random, chosen: Sequence[Line], pieces: dict[str, int], kept: dict[str, int]) -> str:
    """Return the customer's words: how many of which, with a number wherever it is not one of one."""
    words, reason = random.choice(WORDS), random.choice(REASONS)
    parts = [_counted(line, pieces[line.id], kept[line.id]) for line in chosen]
    what = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    single = len(parts) == 1 and pieces[chosen[0].id] == 1
    are, them = ("is", "it") if single else ("are", "them")
    return words.format(
        what=what,
        What=what[0].upper() + what[1:],
        are=f"{'it' if single else 'they'} {are}",
        are_bare=are,
        them=them,
        why=reason,
    )


def _counted(line: Line, count: int, kept: int) -> str:
    if kept == 1:
        return f"the {line.name}"
    names = f"{line.name}s"
    return (
        f"all {NUMBERS[kept]} {names}"
        if count == kept
        else f"{NUMBERS[count]} of the {NUMBERS[kept]} {names}"
    )
