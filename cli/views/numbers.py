"""Numbers as a table: each with of how many, and how sure it is."""

from collections.abc import Sequence

from rich.table import Table

from memory.authoritative.numbers.catalogue import NUMBERS
from memory.authoritative.numbers.number import Number, Reading
from memory.authoritative.numbers.reader import Behind
from service.numbers import shown

BY_NAME = {number.name: number for number in NUMBERS}


def number_table(readings: Sequence[Reading]) -> Table:
    """Return one line for each reading, in the order of the definitions."""
    table = Table("number", "of", "value", "95 % interval", "n", "still open", "budget", box=None)
    for reading in readings:
        number = BY_NAME[reading.name]
        of = " ".join([*reading.labels.values(), *([reading.statistic] if reading.statistic else [])])
        ends = (reading.low, reading.high)
        interval = (
            "" if None in ends or reading.few else " to ".join(shown(number, reading, end) for end in ends)
        )
        table.add_row(
            number.title,
            of,
            f"{reading.hits} of {reading.n}" if reading.few else shown(number, reading, reading.value),
            interval,
            str(reading.n),
            str(reading.open or ""),
            "" if reading.target is None else shown(number, reading, reading.target),
        )
    return table


def behind_table(number: Number, found: Sequence[Behind]) -> Table:
    """Return the cases behind a number, with what each adds."""
    table = Table("case", *number.labels, number.title, box=None)
    for each in found:
        value = "open" if each.value is None else f"{each.value:g}"
        table.add_row(each.case_id or "-", *each.labels.values(), value)
    return table
