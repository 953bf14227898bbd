"""A promise's clock is read from what happened: whatever happened, and however often it is read."""

import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from benchmarks import clock_timelines
from benchmarks.clock_timelines import timelines, wrong
from policy.working_time import Shift, WorkingHours
from workflows.inbox.clock.events import ClockEvent, ClockReading, Happening, Terms, Timer
from workflows.inbox.clock.reckoning import read_clock

BERLIN = ZoneInfo("Europe/Berlin")
DAY = (Shift(time(9), time(12)), Shift(time(13), time(17)))
OFFICE = WorkingHours(BERLIN, dict.fromkeys(range(5), DAY), frozenset({date(2026, 12, 25)}))
TERMS = Terms(
    first_answer=timedelta(hours=4),
    next_answer=timedelta(hours=2),
    resolution=timedelta(hours=14),
    owner=timedelta(hours=3),
)


def at(text: str) -> datetime:
    """A moment of the first week of November 2026; the 2nd is a Monday."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=BERLIN)


def read(now: str, *happened: tuple[str, Happening], terms: Terms = TERMS) -> ClockReading:
    events = [ClockEvent(at=at(when), kind=kind) for when, kind in happened]
    first = ClockEvent(at=events[0].at, kind="terms", terms=terms)
    return read_clock([first, *events], at(now), OFFICE)


def only(reading: ClockReading, name: str) -> Timer:
    [timer] = [timer for timer in reading.timers if timer.name == name]
    return timer


def test_no_timeline_is_read_otherwise_than_by_counting_minutes() -> None:
    assert wrong(150, seed=random.Random(20261130).randrange(10**6)) == []


def test_a_clock_that_forgets_a_holiday_is_found_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(events: tuple[ClockEvent, ...], now: datetime, hours: WorkingHours) -> ClockReading:
        return read_clock(events, now, WorkingHours(hours.zone, hours.shifts, frozenset()))

    monkeypatch.setattr(clock_timelines, "read_clock", forgetful)
    assert wrong(150)


def test_the_order_in_which_events_are_told_changes_nothing() -> None:
    for line in timelines(50, seed=3):
        distinct = {event.at: event for event in line.events}
        if len(distinct) == len(line.events):
            backwards = read_clock(reversed(line.events), line.now, line.hours)
            assert backwards == read_clock(line.events, line.now, line.hours)


def test_an_answer_is_due_after_so_much_working_time() -> None:
    timer = only(read("02 16:30", ("02 15:00", "asked")), "first_answer")
    assert (timer.used, timer.due) == (timedelta(minutes=90), at("03 11:00"))
    assert timer.warns == at("03 10:00")
    assert not timer.late


def test_it_is_late_once_more_than_the_limit_is_used_and_not_before() -> None:
    assert not only(read("03 11:00", ("02 15:00", "asked")), "first_answer").late
    assert only(read("03 11:01", ("02 15:00", "asked")), "first_answer").late


def test_waiting_stops_the_resolution_and_no_answer_that_is_owed() -> None:
    reading = read("03 12:00", ("02 09:00", "asked"), ("02 10:00", "paused"))
    assert only(reading, "resolution").used == timedelta(hours=1)
    assert only(reading, "resolution").due is None
    assert only(reading, "first_answer").late


def test_other_terms_hold_from_now_on_and_what_was_used_stays_used() -> None:
    longer = ClockEvent(
        at=at("02 12:00"), kind="terms", terms=TERMS.model_copy(update={"first_answer": timedelta(hours=6)})
    )
    asked = ClockEvent(at=at("02 09:00"), kind="asked")
    first = ClockEvent(at=asked.at, kind="terms", terms=TERMS)
    timer = only(read_clock([first, asked, longer], at("02 15:00"), OFFICE), "first_answer")
    assert (timer.used, timer.due, timer.late) == (timedelta(hours=5), at("02 16:00"), False)


def test_what_ended_is_judged_by_the_terms_in_force_then() -> None:
    events = [
        ClockEvent(at=at("02 09:00"), kind="terms", terms=TERMS),
        ClockEvent(at=at("02 09:00"), kind="asked"),
        ClockEvent(at=at("02 11:00"), kind="answered"),
        ClockEvent(at=at("02 12:00"), kind="terms", terms=Terms(first_answer=timedelta(hours=1))),
    ]
    timer = only(read_clock(events, at("05 09:00"), OFFICE), "first_answer")
    assert (timer.late, timer.limit) == (False, timedelta(hours=4))


def test_a_mail_after_the_end_owes_an_answer_and_goes_on_with_the_resolution() -> None:
    reading = read("04 10:00", ("02 09:00", "asked"), ("02 11:00", "resolved"), ("04 09:00", "asked"))
    assert only(reading, "resolution").used == timedelta(hours=3)
    assert only(reading, "next_answer").due == at("04 11:00")
    assert reading.late == ()


def test_two_mails_that_wait_owe_one_answer_since_the_first() -> None:
    reading = read("02 11:00", ("02 09:00", "asked"), ("02 10:30", "asked"))
    assert [timer.name for timer in reading.owed] == ["first_answer", "resolution"]
    assert only(reading, "first_answer").began == at("02 09:00")


def test_whoever_does_something_about_it_may_be_silent_anew() -> None:
    reading = read("02 14:00", ("02 09:00", "asked"), ("02 09:00", "claimed"), ("02 11:00", "acted"))
    silence = reading.timers[-1]
    assert (silence.name, silence.used, silence.due) == ("owner", timedelta(hours=2), at("02 15:00"))


def test_the_next_moment_is_the_first_warning_or_limit_that_lies_ahead() -> None:
    assert read("02 10:00", ("02 09:00", "asked")).next_moment == at("02 12:00")
    assert read("02 13:00", ("02 09:00", "asked")).next_moment == at("02 14:00")


def test_what_is_not_promised_is_never_late() -> None:
    timer = only(read("06 09:00", ("02 09:00", "asked"), terms=Terms()), "first_answer")
    assert (timer.due, timer.late) == (None, False)


def test_terms_belong_to_the_events_that_say_them() -> None:
    with pytest.raises(ValueError, match="has terms, and no other has"):
        ClockEvent(at=at("02 09:00"), kind="asked", terms=TERMS)
