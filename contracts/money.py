"""Money: whole minor units of an ISO 4217 currency, in words, and read from what people type.

An amount is an integer of the currency's own minor units everywhere in Kontor, and every amount field
is called `*_cents` because stored records say so: 4000 is 40.00 EUR, 4000 JPY and 4.000 KWD. No
amount has a currency by default; the office's own stands in `office.toml`. The digits of each
currency come from the ISO table in the package `iso4217`.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from iso4217 import Currency

Direction = Literal["out", "in"]
"""Which way money moves, seen from the office: `out` is paid to others, `in` is charged or comes back."""

_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_LONGEST = 17
"""So many characters fit into the 64 bits of a column in any currency."""


_NAMED = {"€": ("Euro",), "$": ("Dollar", "Peso"), "£": ("Pound",), "¥": ("Yen", "Yuan"), "₹": ("Rupee",)} | {
    "₩": ("Won",), "₽": ("Ruble",), "₺": ("Lira",), "₪": ("Sheqel",), "₫": ("Dong",), "₴": ("Hryvnia",)
}  # fmt: skip
"""What a currency is called, in ISO 4217, that is written with a sign; several are written with one."""
SIGNS = "".join(_NAMED)


class NotAnAmount(ValueError):
    """A text is not an amount of that currency; the message says why."""


@lru_cache(maxsize=256)
def minor_digits(currency: str) -> int:
    """Return how many decimal digits a currency has: 0 for JPY, 2 for EUR, 3 for KWD.

    Raises:
        ValueError: the code is not in ISO 4217, or names no money that is paid with, such as gold.
    """
    try:
        digits = Currency(currency).exponent
    except ValueError:
        raise ValueError(f"{currency!r} is not a currency code of ISO 4217") from None
    if digits is None:
        raise ValueError(f"{currency} has no minor units: nothing is paid in it")
    return int(digits)


def names_currency(text: str) -> bool:
    """Say whether a text is a currency's sign, or its code, in capitals or not."""
    try:
        return text in _NAMED or bool(Currency(text.upper()))
    except ValueError:
        return False


def is_sign_of(text: str, currency: str) -> bool:
    """Say whether a currency is written with a sign or code: USD and CAD are with `$`, EUR is not."""
    named = Currency(currency).currency_name.split()
    return text.upper() == currency or any(word in named for word in _NAMED.get(text, ()))


def signed(amount_cents: int, direction: Direction) -> int:
    """Return an amount as money out: as it is when it is paid, negative when it comes in."""
    return amount_cents if direction == "out" else -amount_cents


def apportioned(amount_cents: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Return an amount cut into parts in proportion to weights, by largest remainder, to the last unit.

    Each part is its exact share rounded down; the units that are left go one each to the parts that lost
    most by the rounding, the earlier first. So no part is a unit away from its share, and where the
    amount is no more than the sum of the weights no part is larger than its weight.

    Raises:
        ValueError: the amount or a weight is negative, or there is something to cut and no weight.
    """
    total = sum(weights)
    if amount_cents < 0 or any(weight < 0 for weight in weights) or (amount_cents and not total):
        raise ValueError(f"{amount_cents} cannot be cut in proportion to {list(weights)}")
    if not amount_cents:
        return (0,) * len(weights)
    parts = [amount_cents * weight // total for weight in weights]
    lost = sorted(range(len(weights)), key=lambda place: (-(amount_cents * weights[place] % total), place))
    for place in lost[: amount_cents - sum(parts)]:
        parts[place] += 1
    return tuple(parts)


def to_minor(amount: Decimal, currency: str) -> Decimal:
    """Return an amount in minor units, with whatever fraction of one is left.

    Raises:
        ValueError: the currency is unknown.
    """
    return amount.scaleb(minor_digits(currency))


def number_text(amount_cents: int, currency: str, *, grouped: bool = False) -> str:
    """Return an amount as a number with its currency's digits: `1234.50`, grouped `1,234.50`.

    A currency that ISO 4217 does not know, or none, has no digits that we know: the minor units
    themselves are shown.
    """
    try:
        digits = minor_digits(currency)
    except ValueError:
        digits = 0
    whole, part = divmod(abs(amount_cents), 10**digits)
    number = f"{whole:,}" if grouped else str(whole)
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}{number}.{part:0{digits}}" if digits else f"{sign}{number}"


def money_text(amount_cents: int, currency: str) -> str:
    """Return an amount in words: `40.00 EUR`, `4000 JPY`; without a currency `4000 minor units`."""
    return f"{number_text(amount_cents, currency)} {currency or 'minor units'}"


def parse_amount(text: str, currency: str) -> int:
    """Return the minor units of an amount that a person typed, `150` or `149.90`; nothing is guessed.

    Raises:
        NotAnAmount: it is no plain number, has a part smaller than the currency's smallest, or is too
            large to be kept.
        ValueError: the currency is unknown.
    """
    said = text.strip()
    if not _PLAIN.fullmatch(said):
        raise NotAnAmount(f"{text!r} is not an amount like {number_text(15_000, currency)}")
    if len(said) > _LONGEST:
        raise NotAnAmount(f"{text!r} is too large")
    minor = to_minor(Decimal(said), currency)
    if minor != minor.to_integral_value():
        raise NotAnAmount(f"{text!r} has a part smaller than the smallest of {currency}")
    return int(minor)
