"""Time as an office counts it: "4 working hours" over a weekend, a holiday, a change of clocks.

Pure functions of the calendar that is passed in. Durations are real time: where clocks change
inside a shift, an hour is still sixty minutes, because every shift is measured in UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

MAX_DAYS = 3 * 366
"""A moment further away than this is a mistake in the calendar, not a deadline."""


class NoWorkingTime(ValueError):
    """The calendar has too little working time ahead: no shifts, or holidays all year."""


@dataclass(frozen=True)
class Shift:
    """One stretch of work in a weekday's local time; `ends` of midnight means the day's end."""

    begins: time
    ends: time


@dataclass(frozen=True)
class WorkingHours:
    """When an office works.

    Attributes:
        zone: its time zone.
        shifts: by weekday, 0 is Monday; in order, not overlapping.
        holidays: local dates without work.
    """

    zone: tzinfo
    shifts: dict[int, tuple[Shift, ...]]
    holidays: frozenset[date]

    def shifts_on(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the stretches of work of a local day, as moments in UTC."""
        if day in self.holidays:
            return
        for shift in self.shifts.get(day.weekday(), ()):
            last = day + timedelta(days=1) if shift.ends == time.min else day
            begins = datetime.combine(day, shift.begins, self.zone).astimezone(UTC)
            ends = datetime.combine(last, shift.ends, self.zone).astimezone(UTC)
            if begins < ends:
                yield begins, ends


def after_working_time(start: datetime, duration: timedelta, hours: WorkingHours) -> datetime:
    """Return the first moment (UTC) by which `duration` of working time has passed since `start`.

    Raises:
        NoWorkingTime: the calendar does not have that much within three years.
    """
    left = duration
    day = start.astimezone(hours.zone).date()
    for _ in range(MAX_DAYS):
        for begins, ends in hours.shifts_on(day):
            available = max(ends - max(begins, start), timedelta(0))
            if available and left <= available:
                return max(begins, start) + left
            left -= available
        day += timedelta(days=1)
    raise NoWorkingTime(f"no {duration} of working time within {MAX_DAYS} days after {start.isoformat()}")


def working_time_between(start: datetime, end: datetime, hours: WorkingHours) -> timedelta:
    """Return how much working time lies between two moments; none if the second comes first."""
    total = timedelta(0)
    day, last = start.astimezone(hours.zone).date(), end.astimezone(hours.zone).date()
    while day <= last:
        for begins, ends in hours.shifts_on(day):
            total += max(min(ends, end) - max(begins, start), timedelta(0))
        day += timedelta(days=1)
    return total
