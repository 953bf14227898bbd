"""When the office works, and how long people have for an answer: `office.toml`.

Deadlines are counted in working time (`policy.working_time`). Public holidays come from the
`holidays` library for the country and subdivision that the file names.
"""

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from contracts.approvals.messages import ApprovalDraft, Moments
from contracts.base import Frozen
from contracts.money import minor_digits
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.reply import QuestionTerms
from contracts.toml_lines import read_toml
from contracts.waits import Wait
from policy.public_holidays import is_known, public_holidays, subdivisions
from policy.working_time import Shift, WorkingHours, after_working_time

FILE = "office.toml"
DEFAULT = "default"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
YEARS_AHEAD = 3
_SHIFT = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
"""ISO 639-1."""


class Hours(Frozen):
    """The shifts of each weekday, as `09:00-17:30`; a day that is left out is free."""

    monday: tuple[str, ...] = ()
    tuesday: tuple[str, ...] = ()
    wednesday: tuple[str, ...] = ()
    thursday: tuple[str, ...] = ()
    friday: tuple[str, ...] = ()
    saturday: tuple[str, ...] = ()
    sunday: tuple[str, ...] = ()

    @field_validator("*")
    @classmethod
    def _in_order(cls, shifts: tuple[str, ...]) -> tuple[str, ...]:
        parsed = [_shift(text) for text in shifts]
        for before, after in pairwise(parsed):
            if before.ends == time.min or after.begins < before.ends:
                raise ValueError("shifts overlap or are out of order")
        return shifts

    @model_validator(mode="after")
    def _some(self) -> "Hours":
        if not any(getattr(self, day) for day in WEEKDAYS):
            raise ValueError("no weekday has a shift: every deadline would be never")
        return self

    def shifts(self) -> dict[int, tuple[Shift, ...]]:
        """Return the shifts by weekday, 0 is Monday."""
        return {
            number: tuple(_shift(text) for text in getattr(self, day)) for number, day in enumerate(WEEKDAYS)
        }


class Holidays(Frozen):
    """Which days are free.

    Attributes:
        country: ISO 3166-1 alpha-2, empty for no public holidays.
        subdivision: state or region, as the `holidays` library names it.
        closed: further days without work.
        worked: holidays on which the office works all the same.
    """

    country: str = ""
    subdivision: str = ""
    closed: tuple[date, ...] = ()
    worked: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> "Holidays":
        if self.country and not is_known(self.country):
            raise ValueError(f"no holidays are known for the country {self.country!r}")
        if self.subdivision and not (self.country and self.subdivision in subdivisions(self.country)):
            raise ValueError(f"{self.country} has no subdivision {self.subdivision!r}")
        return self


class Patience(Frozen):
    """How long people have, in working hours since they were asked.

    Attributes:
        roles: who is asked when no policy says so.
        escalate_after_hours: one for each further role that is asked.
    """

    roles: tuple[str, ...] = ()
    remind_after_hours: float | None = Field(default=None, gt=0)
    escalate_after_hours: tuple[float, ...] = ()
    deadline_hours: float = Field(gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> "Patience":
        before = [*self.escalate_after_hours, self.deadline_hours]
        if before != sorted(before) or before[0] <= 0:
            raise ValueError("escalations must rise and come before the deadline")
        if self.remind_after_hours is not None and self.remind_after_hours >= self.deadline_hours:
            raise ValueError("the reminder must come before the deadline")
        return self


class Waiting(Frozen):
    """How long the office waits for something outside, in days of 24 hours."""

    remind_after_days: float | None = Field(default=10, gt=0)
    end_after_days: float = Field(default=14, gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> "Waiting":
        if self.remind_after_days is not None and self.remind_after_days >= self.end_after_days:
            raise ValueError("the reminder must come before the end")
        return self


class Questions(Frozen):
    """How the office asks its customers back, in working hours since they were asked.

    Attributes:
        most: messages with a question in one case, the same question once more among them; then a person.
    """

    remind_after_hours: float | None = Field(default=16, gt=0)
    end_after_hours: float = Field(default=32, gt=0)
    most: int = Field(default=2, ge=1, le=9)

    @model_validator(mode="after")
    def _in_order(self) -> "Questions":
        if self.remind_after_hours is not None and self.remind_after_hours >= self.end_after_hours:
            raise ValueError("the reminder must come before the end")
        return self


class OfficeFile(Frozen):
    """The content of `office.toml`.

    Attributes:
        questions: how it asks its customers back.
        waits: how long it waits for what happens outside, such as `goods` that come back.
        language: of what customers are told, where the office has no texts in theirs; ISO 639-1.
        languages: that it reads: in others nothing local stands by an answer; by default `language` alone.
    """

    name: str
    time_zone: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    language: LanguageCode = "en"
    languages: tuple[LanguageCode, ...] = ()
    hours: Hours
    holidays: Holidays = Holidays()
    approvals: dict[str, Patience]
    waits: dict[str, Waiting] = {}
    questions: Questions = Questions()

    @property
    def reads(self) -> tuple[str, ...]:
        """The languages that the office reads."""
        return self.languages or (self.language,)

    def waiting(self, what: str) -> Waiting:
        """Return how long the office waits for something outside."""
        return self.waits.get(what, Waiting())

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as problem:
            raise ValueError(f"no time zone {name!r}") from problem
        return name

    @field_validator("currency")
    @classmethod
    def _money(cls, code: str) -> str:
        minor_digits(code)
        return code

    @field_validator("approvals")
    @classmethod
    def _has_default(cls, approvals: dict[str, Patience]) -> dict[str, Patience]:
        if not approvals.get(DEFAULT, Patience(deadline_hours=1)).roles:
            raise ValueError(f"[approvals.{DEFAULT}] must say roles and deadline_hours")
        return approvals


class OfficeCalendar:
    """`activities.ports.Calendar`: the office's working time, from `office.toml`."""

    def __init__(self, file: OfficeFile) -> None:
        self.file = file
        self._hours_from = lru_cache(maxsize=8)(self._hours_of)

    @classmethod
    def from_office(cls, office: Path) -> "OfficeCalendar":
        """Read an office folder; raises OfficeInvalid with every problem found."""
        file, problems = read_calendar(office)
        if file is None:
            raise OfficeInvalid(problems)
        return cls(file)

    def schedule(self, draft: ApprovalDraft, now: datetime) -> tuple[ApprovalDraft, Moments]:
        """Return the question with its roles filled in, and its moments in working time.

        Escalations beyond the chain of roles are left out: there is nobody further to ask.
        """
        default = self.file.approvals[DEFAULT]
        patience = self.file.approvals.get(draft.plan.desk, default)
        roles = draft.roles or patience.roles or default.roles
        steps = patience.escalate_after_hours[: len(roles) - 1]
        moments = Moments(
            remind_at=self.after(patience.remind_after_hours, now) if patience.remind_after_hours else None,
            escalate_at=tuple(self.after(hours, now) for hours in steps),
            deadline=self.after(patience.deadline_hours, now),
        )
        return draft.model_copy(update={"roles": roles}), moments

    def wait(self, what: str, now: datetime) -> Wait:
        """Return when the office reminds of something outside, and when it waits for it no more."""
        waiting = self.file.waiting(what)
        remind = waiting.remind_after_days
        return Wait(
            begins_at=now,
            remind_at=None if remind is None else now + timedelta(days=remind),
            ends_at=now + timedelta(days=waiting.end_after_days),
        )

    def question(self, now: datetime) -> QuestionTerms:
        """Return how long a customer has for a reply, in working time, and how often they are asked."""
        terms = self.file.questions
        remind = terms.remind_after_hours
        wait = Wait(
            begins_at=now,
            remind_at=None if remind is None else self.after(remind, now),
            ends_at=self.after(terms.end_after_hours, now),
        )
        return QuestionTerms(wait=wait, most=terms.most)

    def after(self, hours: float, start: datetime) -> datetime:
        """Return the moment (UTC) at which so many working hours have passed since `start`."""
        return after_working_time(start, timedelta(hours=hours), self.working_hours(start))

    def working_hours(self, around: datetime) -> WorkingHours:
        """Return when the office works, with the holidays of the years around a moment."""
        return self._hours_from(around.year)

    def _hours_of(self, year: int) -> WorkingHours:
        free = self.file.holidays
        years = range(year - 1, year + YEARS_AHEAD + 1)
        public = public_holidays(free.country, free.subdivision, years) if free.country else frozenset()
        return WorkingHours(
            zone=ZoneInfo(self.file.time_zone),
            shifts=self.file.hours.shifts(),
            holidays=(public | frozenset(free.closed)) - frozenset(free.worked),
        )


def read_calendar(office: Path) -> tuple[OfficeFile | None, list[Problem]]:
    """Return the content of an office's `office.toml`, or None and what is wrong with it."""
    path = office / FILE
    if not path.exists():
        return None, [Problem(file=FILE, line=0, what="missing", fix="say name, time zone, hours, approvals")]
    try:
        return read_toml(read_text(path), OfficeFile, FILE), []
    except OfficeInvalid as invalid:
        return None, invalid.problems


def _shift(text: str) -> Shift:
    match = _SHIFT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a shift like 09:00-17:30")
    first_hour, first_minute, last_hour, last_minute = (int(part) for part in match.groups())
    midnight = (last_hour, last_minute) == (24, 0)
    shift = Shift(time(first_hour, first_minute), time.min if midnight else time(last_hour, last_minute))
    if not midnight and shift.ends <= shift.begins:
        raise ValueError(f"{text!r} ends before it begins: split a night shift at 24:00")
    return shift
