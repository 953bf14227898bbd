"""Sums that a sentence does itself: `12 + 15 = 27`, `doubled from 10 to 20`, `3 of 12 (25 %)`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext

from workflows.content.claims.claim import Part, parts_in
from workflows.content.claims.values import Quantity

_TIMES = {"halved": Decimal("0.5"), "doubled": Decimal(2), "tripled": Decimal(3), "quadrupled": Decimal(4)}
_CHANGE = re.compile(r"\b(halved|doubled|tripled|quadrupled)\b", re.IGNORECASE)
_SIGNS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": lambda a, b: a + b, "plus": lambda a, b: a + b, "and": lambda a, b: a + b,
    "-": lambda a, b: a - b, "\u2212": lambda a, b: a - b, "minus": lambda a, b: a - b,
    "x": lambda a, b: a * b, "\u00d7": lambda a, b: a * b, "*": lambda a, b: a * b,
    "times": lambda a, b: a * b,
}  # fmt: skip
_EQUALS = frozenset({"=", "is", "makes", "equals", "are", "make"})
_SHARE = re.compile(r"^\s*(?:[\w-]+\s+){0,3}\(\s*(?:about |or |i\.e\. )?$")


@dataclass(frozen=True)
class Sum:
    """A result that a sentence states, and what its own numbers come to."""

    stated: Part
    reckoned: Decimal

    @property
    def holds(self) -> bool:
        """Whether they agree, as exactly as the result is written."""
        assert isinstance(self.stated.value, Quantity)
        return abs(self.stated.value.amount - self.reckoned) * 2 <= self.stated.value.grain * (
            0 if self.reckoned == self.reckoned.to_integral_value() else 1
        )


def sums_in(text: str) -> Iterator[Sum]:
    """Yield the sums of one sentence whose numbers all stand in it."""
    parts = [part for part in parts_in(text) if isinstance(part.value, Quantity) and part.value.unit != "th"]
    for at in range(len(parts) - 2):
        yield from _three(text, parts[at], parts[at + 1], parts[at + 2])
    for change in _CHANGE.finditer(text):
        later = [part for part in parts if part.start > change.end()]
        if len(later) > 1 and _between(text, later[0], later[1]) == "to":
            yield Sum(later[1], _amount(later[0]) * _TIMES[change[1].lower()])


def _three(text: str, one: Part, two: Part, three: Part) -> Iterator[Sum]:
    sign, equals = _between(text, one, two), _between(text, two, three)
    if sign in _SIGNS and equals in _EQUALS and (sign != "and" or equals in ("makes", "make", "=")):
        yield Sum(three, _SIGNS[sign](_amount(one), _amount(two)))
    share = isinstance(three.value, Quantity) and three.value.unit == "%"
    of = re.fullmatch(r"(?:out )?of (?:the |all |our )?", text[one.end : two.start].lstrip())
    if share and of and _amount(two) and _SHARE.match(text[two.end : three.start]):
        with localcontext() as context:
            context.prec = 12
            yield Sum(three, _amount(one) * 100 / _amount(two))


def _between(text: str, one: Part, two: Part) -> str:
    return text[one.end : two.start].strip(" $\u20ac\u00a3").lower()


def _amount(part: Part) -> Decimal:
    assert isinstance(part.value, Quantity)
    return part.value.amount
