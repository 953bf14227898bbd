"""Numbers on a page: each with of how many and how sure it is, and the bar that shows that."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from memory.authoritative.numbers.catalogue import NUMBERS
from memory.authoritative.numbers.number import Number, Reading
from service.numbers import shown

BY_NAME = {number.name: number for number in NUMBERS}
MODES = {
    "ambiguous": "no clear answer",
    "ambiguous/found": "no clear answer; looked up, it was done",
    "ambiguous/absent": "no clear answer; looked up, it was not done",
    "ambiguous/answer": "no clear answer; another call's answer told",
    "ambiguous/person": "no clear answer; a person told",
    "not-applied-retry": "turned away for now, tried again",
    "not-applied-final": "turned away for good",
}
"""How calls to outside systems fail, in words; other layers' words are theirs."""
WIDTH = 160
EDGE = 4


@dataclass(frozen=True)
class Bar:
    """A share on a line from none to all: where its interval begins and ends, where it stands, its goal."""

    low: float
    high: float
    value: float
    goal: float | None


@dataclass(frozen=True)
class ReadingLine:
    """One reading of a number.

    Attributes:
        of: what it is told apart by; empty where there is one.
        sure: its interval in words; empty where it has none.
        open: how many may still come to count.
        goal: what it is held against; empty where nothing is declared.
        over: whether it is worse than that.
        path: the cases behind it.
    """

    of: str
    value: str
    n: int
    sure: str
    open: int
    goal: str
    over: bool
    bar: Bar | None
    path: str


@dataclass(frozen=True)
class NumberView:
    """A number with all its readings."""

    name: str
    title: str
    meaning: str
    lines: Sequence[ReadingLine]


def number_views(readings: Sequence[Reading]) -> tuple[NumberView, ...]:
    """Return every number that has a reading, in the order of the definitions."""
    return tuple(
        NumberView(number.name, number.title, number.meaning, tuple(_line(number, each) for each in found))
        for number in NUMBERS
        if (found := [each for each in readings if each.name == number.name and (each.n or each.open)])
    )


def _line(number: Number, reading: Reading) -> ReadingLine:
    ends = (reading.low, reading.high)
    known = None not in ends and not reading.few
    target = reading.target
    over = target is not None and reading.value is not None and reading.value > target
    return ReadingLine(
        of=_of(reading),
        value=_value(number, reading),
        n=reading.n,
        sure=" to ".join(shown(number, reading, end) for end in ends) if known else "",
        open=reading.open,
        goal="" if target is None else shown(number, reading, target),
        over=over,
        bar=_bar(reading) if number.kind == "share" and reading.n else None,
        path=f"/cases?{urlencode({'number': number.name, **reading.labels})}",
    )


def _of(reading: Reading) -> str:
    """Return what a reading is told apart by: `store.refund: turned away for good`."""
    mode = MODES.get(reading.labels.get("mode", ""))
    if mode:
        return f"{reading.labels['place']}: {mode}"
    return " ".join([*reading.labels.values(), *([reading.statistic] if reading.statistic else [])])


def _value(number: Number, reading: Reading) -> str:
    if reading.few:
        return f"{reading.hits} of {reading.n}" if reading.n else "none yet"
    return shown(number, reading, reading.value)


def _bar(reading: Reading) -> Bar | None:
    if reading.low is None or reading.high is None or reading.value is None:
        return None

    def at(share: float) -> float:
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)

    goal = at(reading.target) if reading.target is not None else None
    return Bar(at(reading.low), at(reading.high), at(reading.value), goal)
