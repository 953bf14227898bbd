"""How an outside system writes times, amounts and ids, declared in its manifest; nothing here is guessed."""

import re
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from unicodedata import normalize
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import field_validator, model_validator

from contracts.base import Frozen

ISO = "iso"
NO_TIME = ("0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00")
"""MySQL's spellings of no time at all; as a date they mean nothing else."""
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""What lies outside is a zero or a wrong unit, and no time of an order."""
_EXAMPLE = datetime(2026, 11, 23, 14, 0)
_DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}|\d{4}-?W\d{2}-?\d")
_DIGITS = re.compile(r"[+-]?\d+(\.\d+)?")


class Misread(ValueError):
    """A value cannot be read; the message says why and what to write, and never holds the value."""


class Times(Frozen):
    """How a system writes times, the table `[times]`.

    Attributes:
        zone: of a time that names none, for instance `Europe/Berlin`; without it such a time is refused.
        formats: tried in order: `iso`, or as Python's `strptime` takes it.
        day: what a date alone means, its `start` or its `end`; without it a date alone is refused.
        unit: of a time that is a number, since 1970.
        none: texts that mean no time, besides `0000-00-00`.
    """

    zone: str = ""
    formats: tuple[str, ...] = (ISO,)
    day: Literal["", "start", "end"] = ""
    unit: Literal["seconds", "milliseconds"] = "seconds"
    none: tuple[str, ...] = ()

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone:
            zone_named(zone)
        return zone

    @field_validator("formats")
    @classmethod
    def _whole_days(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for format_ in formats:
            check_format(format_)
        if not formats:
            raise ValueError("name at least one format, for instance 'iso'")
        return formats

    def read(self, value: object) -> datetime | None:
        """Return a time as an aware datetime, None if it says that there is none.

        Raises:
            Misread: it cannot be read by these rules.
        """
        if value is None or (isinstance(value, str) and value.strip() in (*NO_TIME, *self.none)):
            return None
        moment = self._moment(value)
        if not EARLIEST <= moment <= LATEST:
            fix = "[times] unit says what numbers count, none lists what means no time"
            raise Misread(f"is before {EARLIEST.year} or after {LATEST.year}: {fix}")
        return moment

    def required(self, value: object) -> datetime:
        """Return a time that must be there; raises Misread."""
        moment = self.read(value)
        if moment is None:
            raise Misread("is no time")
        return moment

    def _moment(self, value: object) -> datetime:
        if isinstance(value, datetime):
            return self._aware(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._counted(value)
        if not isinstance(value, str):
            raise Misread("is neither a text nor a number, and no time")
        text = value.strip()
        for format_ in self.formats:
            if (found := parsed(text, format_)) is not None:
                return self._of_day(found) if _is_date(text, format_) else self._aware(found)
        if _DIGITS.fullmatch(text):
            return self._counted(float(text))
        raise Misread("is no time in ISO 8601: [times] formats = ['%d.%m.%Y %H:%M'] says how it is written")

    def _counted(self, number: float) -> datetime:
        try:
            return datetime.fromtimestamp(number / 1000 if self.unit == "milliseconds" else number, UTC)
        except (ValueError, OverflowError, OSError):
            fix = "[times] unit = 'milliseconds' if it counts those"
            raise Misread(f"is a number that is no time in {self.unit} since 1970: {fix}") from None

    def _of_day(self, moment: datetime) -> datetime:
        if not self.day:
            raise Misread("is a date alone: [times] day = 'start' or 'end' says which moment of it is meant")
        of_day = time.min if self.day == "start" else time.max
        return self._aware(datetime.combine(moment.date(), of_day))

    def _aware(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            if not self.zone:
                raise Misread("names no time zone: [times] zone = 'Europe/Berlin', or 'UTC', says which")
            moment = moment.replace(tzinfo=zone_named(self.zone))
        try:
            return moment.astimezone(UTC)
        except (OverflowError, ValueError):
            raise Misread("is no time of this world") from None


class Numbers(Frozen):
    """How a system writes amounts as text, the table `[numbers]`.

    Attributes:
        decimal: what stands before the fraction.
        grouping: what may stand between thousands; nothing by default.
    """

    decimal: Literal[".", ","] = "."
    grouping: Literal["", ".", ",", "'", " "] = ""

    @model_validator(mode="after")
    def _told_apart(self) -> "Numbers":
        if self.grouping == self.decimal:
            raise ValueError("decimal and grouping cannot be the same")
        return self

    def read(self, value: str | float) -> Decimal:
        """Return an amount as it is written, or as JSON has it; raises Misread."""
        if isinstance(value, int | float):
            number = Decimal(repr(value))
            if not number.is_finite():
                raise Misread("is no finite number")
            return number
        text = value.strip().replace("\u00a0", " ").replace("\u202f", " ")
        if not _pattern(self.decimal, self.grouping).fullmatch(text):
            raise Misread(
                f"is no number with the decimal sign {self.decimal!r}: "
                '[numbers] decimal = "," and grouping = "." say how it is written'
            )
        plain = text.replace(self.grouping, "") if self.grouping else text
        return Decimal(plain.replace(self.decimal, "."))


MOST_DIGITS = 30
"""Longer than any amount that is taken (`contracts.bounds.MOST_CENTS`)."""


class Ids(Frozen):
    """How a system compares the ids of its orders, the table `[ids]`; without it every character counts.

    Attributes:
        case: whether small letters and capitals are told apart.
        zeros: whether zeros at the beginning count: `00123` and `123`.
        ignored: characters that may be left out or put in, for instance `#` or a blank.
        another: whether an answer may be about another id than was asked for: some systems are asked by a
            number, and answer with an id of their own.
    """

    case: Literal["matters", "ignored"] = "matters"
    zeros: Literal["matter", "ignored"] = "matter"
    ignored: str = ""
    another: Literal["taken", "refused"] = "taken"

    @property
    def declared(self) -> bool:
        """Whether it is said, one way or the other, what two spellings of an id are."""
        return bool({"case", "zeros", "ignored"} & self.model_fields_set)

    def compared(self, id_: str) -> str:
        """Return an id so that two spellings of one id come out the same."""
        plain = normalize("NFC", id_).strip()
        plain = "".join(char for char in plain if char not in self.ignored)
        plain = plain.casefold() if self.case == "ignored" else plain
        return (plain.lstrip("0") or "0") if self.zeros == "ignored" and plain else plain

    def answers(self, told: str, asked: str) -> bool:
        """Say whether what is told under one id may be believed of the one that was asked for."""
        return self.another == "taken" or self.compared(told) == self.compared(asked)


NOISE = Decimal("0.001")
"""What is smaller than a thousandth of a minor unit is the noise of a binary fraction, and rounded."""


def whole(amount: Decimal, too_fine: str) -> int:
    """Return an amount of minor units as an integer.

    Args:
        amount: minor units with whatever fraction was written.
        too_fine: what to say if there is one.

    Raises:
        Misread: it has a fraction that is no noise.
    """
    if amount.adjusted() > MOST_DIGITS:
        # Not all of its digits: of a billion of them, no more is to be known than that there are too many.
        return int(Decimal(10).scaleb(MOST_DIGITS).copy_sign(amount))
    nearest = amount.to_integral_value()
    if abs(amount - nearest) >= NOISE:
        raise Misread(too_fine)
    return int(nearest)


def zone_named(name: str) -> tzinfo:
    """Return a time zone by its name; raises ValueError."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise ValueError(f"no time zone {name!r}") from problem


def check_format(format_: str) -> None:
    """Let a format pass that names year, month and day; raises ValueError."""
    if format_ == ISO:
        return
    try:
        tried: date | None = datetime.strptime(_EXAMPLE.strftime(format_), format_).date()
    except ValueError:
        tried = None
    if tried != _EXAMPLE.date():
        raise ValueError(f"{format_!r} does not name year, month and day as strptime takes them")


def parsed(text: str, format_: str) -> datetime | None:
    """Return the moment that a text is in one format, or None."""
    try:
        return datetime.fromisoformat(text) if format_ == ISO else datetime.strptime(text, format_)
    except ValueError:
        return None


def _is_date(text: str, format_: str) -> bool:
    """Say whether a time that was read is a date alone."""
    if format_ == ISO:
        return _DATE.fullmatch(text) is not None
    return not any(f"%{letter}" in format_ for letter in "HIMSfXcsT")


@lru_cache(maxsize=16)
def _pattern(decimal: str, grouping: str) -> re.Pattern[str]:
    point, group = re.escape(decimal), re.escape(grouping)
    digits = rf"(?:\d{{1,3}}(?:{group}\d{{3}})+|\d+)" if grouping else r"\d+"
    return re.compile(rf"[+-]?(?:{digits}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d{{1,4}})?", re.ASCII)
