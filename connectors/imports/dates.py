"""Which of 3/11 is the month: what a file's own dates say, before a row of it is read."""

from dataclasses import dataclass
from pathlib import Path

from connectors.imports.mapping import DayOrder, ImportMapping, day_order
from connectors.imports.reader import NotAnExport, column_of


@dataclass(frozen=True)
class Said:
    """What the dates of a file say of day and month.

    Attributes:
        order: how they are read.
        example: the first that could mean two days, where none of them decides; else empty.
    """

    order: DayOrder | None
    example: str = ""


def said_by_dates(path: Path, mapping: ImportMapping) -> Said:
    """Return how a file's dates are read, if they can be.

    Raises:
        NotAnExport: by the mapping some are none, and with day and month changed places they are; or a
            column is missing.
    """
    order = next((found for found in map(day_order, mapping.dates) if found), None)
    if order is None:
        return Said(None)
    other: DayOrder = "month-first" if order == "day-first" else "day-first"
    swapped = mapping.with_days(other)
    ambiguous, against, seen = "", "", set[str]()
    for number, text in column_of(path, mapping, "at"):
        if text in seen:
            continue
        seen.add(text)
        as_said, as_other = mapping.moment(text), swapped.moment(text)
        if as_said and not as_other:
            return Said(order)
        if as_other and not as_said:
            against = against or f"line {number}: {text!r}"
        elif as_said != as_other:
            ambiguous = ambiguous or text
    if against:
        raise NotAnExport(
            f"{path}: {against} is no date {order}, as the mapping says; if the file is {other}, "
            f"import it with --dates {other}"
        )
    return Said(order, ambiguous)
