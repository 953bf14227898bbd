"""The office's calendar: what `office.toml` says, and what is wrong with it, by line."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import pytest

from contracts.approvals.messages import ApprovalDraft
from contracts.authorization import Plan
from contracts.office import OfficeInvalid
from policy.calendar import OfficeCalendar, read_calendar
from policy.public_holidays import is_known, subdivisions

BERLIN = ZoneInfo("Europe/Berlin")
SOUND = """\
name = "Shop"
time_zone = "Europe/Berlin"
currency = "EUR"

[hours]
monday = ["09:00-17:00"]
friday = ["09:00-16:00", "20:00-24:00"]

[holidays]
country = "DE"
subdivision = "BY"
worked = [2026-01-06]

[approvals.default]
roles = ["lead", "owner"]
remind_after_hours = 1.5
escalate_after_hours = [2, 3]
deadline_hours = 4

[approvals.quick]
deadline_hours = 0.5
"""


def draft(desk: str = "returns", roles: tuple[str, ...] = ()) -> ApprovalDraft:
    plan = Plan(case_id="c", desk=desk, summary="", facts={}, effects=())
    return ApprovalDraft(plan=plan, what="?", roles=roles, asked_by="customer", office_version="1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "office.toml").write_text(SOUND)
    return tmp_path


def test_the_example_office_is_sound(office: Path) -> None:
    assert read_calendar(office)[1] == []


def test_a_request_gets_its_moments_in_working_time(folder: Path) -> None:
    calendar = OfficeCalendar.from_office(folder)
    friday = datetime(2026, 11, 6, 15, 0, tzinfo=BERLIN)
    scheduled, moments = calendar.schedule(draft(), friday)
    assert scheduled.roles == ("lead", "owner")
    assert moments.remind_at == datetime(2026, 11, 6, 20, 30, tzinfo=BERLIN)
    # One further role, so one escalation: the second has nobody to go to.
    assert moments.escalate_at == (datetime(2026, 11, 6, 21, 0, tzinfo=BERLIN),)
    assert moments.deadline == datetime(2026, 11, 6, 23, 0, tzinfo=BERLIN)


def test_a_desk_may_have_less_patience_and_a_policy_names_its_own_roles(folder: Path) -> None:
    calendar = OfficeCalendar.from_office(folder)
    monday = datetime(2026, 11, 2, 9, 0, tzinfo=BERLIN)
    scheduled, moments = calendar.schedule(draft("quick", ("owner",)), monday)
    assert (scheduled.roles, moments.remind_at, moments.escalate_at) == (("owner",), None, ())
    assert moments.deadline == datetime(2026, 11, 2, 8, 30, tzinfo=UTC)


def test_public_holidays_are_free_unless_worked(folder: Path) -> None:
    calendar = OfficeCalendar.from_office(folder)
    hours = calendar.working_hours(datetime(2026, 1, 1, tzinfo=UTC))
    assert not list(hours.shifts_on(date(2026, 5, 25)))  # Whit Monday
    assert datetime(2026, 1, 6).date() not in hours.holidays  # Epiphany, free in Bavaria
    assert datetime(2027, 1, 6).date() in hours.holidays


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('"Europe/Berlin"', '"Europe/Berlim"', 2, "no time zone"),
        ('"09:00-17:00"', '"09:00-17h"', 6, "not a shift"),
        ('"20:00-24:00"', '"15:00-24:00"', 7, "overlap"),
        ('country = "DE"', 'country = "XX"', 9, "no holidays are known"),
        ('"BY"', '"QQ"', 9, "no subdivision"),
        ("[2, 3]", "[3, 2]", 14, "escalations must rise"),
        ("remind_after_hours = 1.5", "remind_after_hours = 5", 14, "before the deadline"),
        ("deadline_hours = 4", "deadline_hours = 0", 18, "more than 0"),
        ("deadline_hours = 4", "deadlin_hours = 4", 18, "no such field"),
        ("[approvals.default]", "[approvals.usual]", 14, "must say roles"),
        ('currency = "EUR"', 'currency = "€"', 3, "of the form"),
        ("[hours]", "[hours", 5, "not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    folder: Path, old: str, new: str, line: int, words: str
) -> None:
    (folder / "office.toml").write_text(SOUND.replace(old, new, 1))
    found, problems = read_calendar(folder)
    assert found is None
    assert [problem for problem in problems if problem.line == line and words in problem.what], problems


def test_an_office_without_the_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(OfficeInvalid, match=r"office\.toml: missing"):
        OfficeCalendar.from_office(tmp_path)


def test_one_country_read_alone_has_the_subdivisions_that_the_library_tells() -> None:
    every = holidays.list_supported_countries(include_aliases=False)

    assert {country: list(subdivisions(country)) for country in every} == every
    assert all(is_known(country) for country in every)
    assert not is_known("UK"), "an alias is not the code"
