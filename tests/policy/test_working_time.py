"""Four working hours are four hours of work, whatever the calendar and the clocks do in between."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.working_time import (
    NoWorkingTime,
    Shift,
    WorkingHours,
    after_working_time,
    working_time_between,
)

BERLIN = ZoneInfo("Europe/Berlin")
DAY = (Shift(time(9), time(12, 30)), Shift(time(13), time(17, 30)))
OFFICE = WorkingHours(BERLIN, dict.fromkeys(range(5), DAY), frozenset({date(2026, 12, 25)}))
ALWAYS = WorkingHours(BERLIN, dict.fromkeys(range(7), (Shift(time(0), time.min),)), frozenset())
NIGHT = WorkingHours(BERLIN, {6: (Shift(time(0), time(6)),)}, frozenset())


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("asked", "hours", "due"),
    [
        ("2026-11-02 09:00", 3.5, "2026-11-02 12:30"),  # up to the break
        ("2026-11-02 10:00", 4.0, "2026-11-02 14:30"),  # over the break
        ("2026-11-06 16:30", 4.0, "2026-11-09 12:00"),  # a Friday evening
        ("2026-11-07 11:00", 4.0, "2026-11-09 13:30"),  # a Saturday
        ("2026-11-02 06:00", 1.0, "2026-11-02 10:00"),  # before work begins
        ("2026-12-24 17:00", 1.0, "2026-12-28 09:30"),  # over Christmas and a weekend
        ("2026-10-23 17:00", 1.0, "2026-10-26 09:30"),  # clocks go back on the Sunday between
        ("2026-03-27 17:00", 1.0, "2026-03-30 09:30"),  # clocks go forward on the Sunday between
    ],
)
def test_deadlines_in_working_hours(asked: str, hours: float, due: str) -> None:
    assert after_working_time(berlin(asked), timedelta(hours=hours), OFFICE) == berlin(due)


def test_an_hour_is_sixty_minutes_when_clocks_change_inside_a_shift() -> None:
    """On 2026-10-25 the hour from two to three comes twice; on 2026-03-29 it does not come."""
    assert after_working_time(berlin("2026-10-25 00:00"), timedelta(hours=5), NIGHT) == berlin(
        "2026-10-25 04:00"
    )
    assert after_working_time(berlin("2026-03-29 00:00"), timedelta(hours=5), NIGHT) == berlin(
        "2026-03-29 06:00"
    )
    assert working_time_between(berlin("2026-10-25 00:00"), berlin("2026-10-25 06:00"), NIGHT) == timedelta(
        hours=7
    )


def test_a_calendar_without_work_is_named_and_does_not_loop() -> None:
    never = WorkingHours(BERLIN, {}, frozenset())
    with pytest.raises(NoWorkingTime, match="no 1:00:00 of working time"):
        after_working_time(berlin("2026-11-02 09:00"), timedelta(hours=1), never)


def test_work_has_hours() -> None:
    assert works_at(OFFICE, berlin("2026-11-02 09:00"))
    assert not works_at(OFFICE, berlin("2026-11-02 12:45"))
    assert not works_at(OFFICE, berlin("2026-12-25 10:00"))


moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
durations = st.timedeltas(timedelta(minutes=1), timedelta(hours=60))


@given(start=moments, duration=durations, hours=st.sampled_from([OFFICE, ALWAYS, NIGHT]))
def test_exactly_that_much_work_lies_before_a_deadline(
    start: datetime, duration: timedelta, hours: WorkingHours
) -> None:
    due = after_working_time(start, duration, hours)
    assert working_time_between(start, due, hours) == duration
    assert working_time_between(start, due - timedelta(seconds=1), hours) < duration


@given(start=moments, duration=durations)
def test_around_the_clock_working_time_is_time(start: datetime, duration: timedelta) -> None:
    assert after_working_time(start, duration, ALWAYS) == start + duration


def works_at(hours: WorkingHours, moment: datetime) -> bool:
    day = moment.astimezone(hours.zone).date()
    return any(begins <= moment < ends for begins, ends in hours.shifts_on(day))
