"""Read the clock: a pure function of events, calendar and moment.

Nothing of it is stored. A corrected calendar, another level, a mail that is taken out again: whoever reads
the clock next reads what is so, and no stored due date has to be found and mended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from policy.working_time import WorkingHours, after_working_time, working_time_between
from workflows.inbox.clock.events import ClockEvent, ClockReading, Terms, Timer, TimerName


def read_clock(events: Iterable[ClockEvent], now: datetime, hours: WorkingHours) -> ClockReading:
    """Return what is promised and used at a moment.

    Args:
        events: in any order; those of one moment count in the order given, those after `now` do not.
        now: the moment to read it at, with its zone.
        hours: when the office works.

    Raises:
        NoWorkingTime: the calendar ends before a promise does.
    """
    clock = _Clock()
    for event in sorted(events, key=lambda event: event.at):
        if event.at <= now:
            clock.take(event)
    timers = tuple(_read(run, clock.terms, now, hours) for run in clock.runs)
    return ClockReading(at=now, timers=timers)


@dataclass
class _Run:
    """One promise: the stretches in which time counts against it; the last may be open."""

    name: TimerName
    began: datetime
    stretches: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    ended: datetime | None = None
    terms: Terms | None = None

    @property
    def running(self) -> bool:
        return bool(self.stretches) and self.stretches[-1][1] is None

    def start(self, at: datetime) -> None:
        if not self.running:
            self.stretches.append((at, None))

    def stop(self, at: datetime) -> None:
        if self.running:
            self.stretches[-1] = (self.stretches[-1][0], at)

    def end(self, at: datetime, terms: Terms) -> None:
        """End it, judged by the terms in force now."""
        if self.ended is None:
            self.stop(at)
            self.ended, self.terms = at, terms

    def again(self, at: datetime) -> None:
        """Owe it once more; what was used stays used."""
        self.ended = self.terms = None
        self.start(at)


class _Clock:
    """The promises after some events. An event that changes nothing, such as a second pause, is harmless."""

    def __init__(self) -> None:
        self.runs: list[_Run] = []
        self.terms = Terms()
        self._answer: _Run | None = None
        self._resolution: _Run | None = None
        self._owner: _Run | None = None
        self._paused = False

    def take(self, event: ClockEvent) -> None:
        """Take the next event into account."""
        at = event.at
        match event.kind:
            case "asked":
                self._asked(at)
            case "answered":
                self._end_answer(at)
                self._acted(at)
            case "paused" if self._open:
                self._pause(at)
            case "resumed" if self._paused:
                self._resume(at)
            case "resolved" if self._open:
                self._resolved(at)
            case "reopened" if self._resolution is not None and not self._open:
                self._resolution.again(at)
            case "terms" if event.terms is not None:
                self.terms = event.terms
            case "claimed" if self._open:
                self._end_owner(at)
                self._owner = self._begin("owner", at, running=not self._paused)
            case "acted":
                self._acted(at)
            case "released":
                self._end_owner(at)

    @property
    def _open(self) -> bool:
        return self._resolution is not None and self._resolution.ended is None

    def _begin(self, name: TimerName, at: datetime, *, running: bool = True) -> _Run:
        run = _Run(name, at)
        if running:
            run.start(at)
        self.runs.append(run)
        return run

    def _asked(self, at: datetime) -> None:
        if self._resolution is None:
            self._answer = self._begin("first_answer", at)
            self._resolution = self._begin("resolution", at)
            return
        if not self._open:
            self._resolution.again(at)
        if self._answer is None:
            self._answer = self._begin("next_answer", at)

    def _end_answer(self, at: datetime) -> None:
        if self._answer is not None:
            self._answer.end(at, self.terms)
            self._answer = None

    def _acted(self, at: datetime) -> None:
        """Whoever has it did something: their silence begins anew."""
        if self._owner is not None:
            self._end_owner(at)
            self._owner = self._begin("owner", at, running=not self._paused)

    def _end_owner(self, at: datetime) -> None:
        if self._owner is not None:
            self._owner.end(at, self.terms)
            self._owner = None

    def _pause(self, at: datetime) -> None:
        self._paused = True
        for run in (self._resolution, self._owner):
            if run is not None:
                run.stop(at)

    def _resume(self, at: datetime) -> None:
        self._paused = False
        for run in (self._resolution, self._owner):
            if run is not None:
                run.start(at)

    def _resolved(self, at: datetime) -> None:
        self._end_answer(at)
        self._end_owner(at)
        if self._resolution is not None:
            self._resolution.end(at, self.terms)
        self._paused = False


def _read(run: _Run, in_force: Terms, now: datetime, hours: WorkingHours) -> Timer:
    terms = run.terms or in_force
    limit: timedelta | None = getattr(terms, run.name)
    used = sum(
        (working_time_between(begins, ends or now, hours) for begins, ends in run.stretches), timedelta(0)
    )
    return Timer(
        name=run.name,
        began=run.began,
        used=used,
        limit=limit,
        running=run.running,
        ended=run.ended,
        warns=None if limit is None else _when_used(run, limit * terms.warn_share, hours),
        due=None if limit is None else _when_used(run, limit, hours),
        late=limit is not None and used > limit,
    )


def _when_used(run: _Run, left: timedelta, hours: WorkingHours) -> datetime | None:
    """Return when so much is used; None if it ends or rests before that, as things stand."""
    for begins, ends in run.stretches:
        if ends is None:
            return after_working_time(begins, left, hours)
        available = working_time_between(begins, ends, hours)
        if left <= available:
            return after_working_time(begins, left, hours)
        left -= available
    return None
