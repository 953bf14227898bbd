"""Is a promise's clock right? Random timelines, each read by the product and by a counter of minutes.

The counter knows neither shifts as stretches nor stretches at all: it walks from minute to minute, looks at
the wall clock, and adds one where somebody works and the promise runs. Events happen at whole minutes.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from policy.working_time import Shift, WorkingHours
from workflows.inbox.clock.events import ClockEvent, Happening, Terms, Timer, TimerName
from workflows.inbox.clock.reckoning import read_clock

MINUTE = timedelta(minutes=1)
MOST_AHEAD = 60 * 24 * 90
"""Minutes that the counter looks ahead for a due moment."""
DAY = (Shift(time(9), time(12, 30)), Shift(time(13), time(17, 30)))
WHOLE = (Shift(time(0), time.min),)
NIGHT = (Shift(time(0), time(6)), Shift(time(22), time.min))
WORKDAYS: dict[int, tuple[Shift, ...]] = dict.fromkeys(range(5), DAY)
ROUND_THE_CLOCK: dict[int, tuple[Shift, ...]] = dict.fromkeys(range(7), WHOLE)
NIGHTS: dict[int, tuple[Shift, ...]] = dict.fromkeys(range(7), NIGHT)
CALENDARS = (
    WorkingHours(ZoneInfo("Europe/Berlin"), WORKDAYS, frozenset({date(2026, 4, 3), date(2026, 12, 25)})),
    WorkingHours(ZoneInfo("Europe/Berlin"), NIGHTS, frozenset({date(2026, 3, 30)})),
    WorkingHours(ZoneInfo("America/New_York"), WORKDAYS, frozenset({date(2026, 11, 2), date(2026, 7, 3)})),
    WorkingHours(ZoneInfo("Australia/Lord_Howe"), NIGHTS, frozenset()),  # its clocks change by half an hour
    WorkingHours(ZoneInfo("Asia/Kathmandu"), ROUND_THE_CLOCK, frozenset({date(2026, 5, 29)})),
)
AROUND = [datetime(2026, *day, tzinfo=UTC) for day in ((3, 29), (10, 25), (3, 8), (11, 1), (4, 5), (10, 4))]
"""Clocks change on these days, somewhere."""
HAPPENINGS: tuple[Happening, ...] = (
    "asked", "asked", "answered", "answered", "paused", "resumed", "resolved", "reopened", "terms", "claimed",
    "acted", "released",
)  # fmt: skip


@dataclass(frozen=True)
class Timeline:
    """What happened, when the clock is read, and in which calendar."""

    events: tuple[ClockEvent, ...]
    now: datetime
    hours: WorkingHours


def timelines(count: int, seed: int = 1) -> Iterator[Timeline]:
    """Yield random timelines; half of them lie where clocks change."""
    dice = random.Random(seed)
    for _ in range(count):
        base = dice.choice(AROUND) if dice.random() < 0.5 else datetime(2026, 1, 1, tzinfo=UTC)
        days = 3 if base in AROUND else 360
        at = base + timedelta(minutes=dice.randrange(-2 * 1440, days * 1440))
        events = [ClockEvent(at=at, kind="terms", terms=_terms(dice)), ClockEvent(at=at, kind="asked")]
        for _ in range(dice.randrange(2, 12)):
            at += timedelta(minutes=int(2 ** dice.uniform(0, 11.5)) if dice.random() < 0.9 else 0)
            kind = dice.choice(HAPPENINGS)
            events.append(ClockEvent(at=at, kind=kind, terms=_terms(dice) if kind == "terms" else None))
        now = at + timedelta(minutes=dice.randrange(-300, 1500))
        yield Timeline(tuple(events), now, dice.choice(CALENDARS))


def wrong(count: int, seed: int = 1) -> list[str]:
    """Return each timeline that the product reads otherwise than the counter, in words."""
    counters = {id(hours): WallClock(hours) for hours in CALENDARS}
    found = []
    for line in timelines(count, seed):
        read = read_clock(line.events, line.now, line.hours).timers
        ours = [_figures(timer) for timer in read]
        true = [run.figures() for run in counted(line, counters[id(line.hours)])]
        if ours != true:
            found.append(f"{line.hours.zone} {line.now} {line.events}: {ours} is {true}")
    return found


class WallClock:
    """Whether anybody works in a minute, by what the clock on the wall shows then."""

    def __init__(self, hours: WorkingHours) -> None:
        self._hours = hours
        self._known: dict[int, bool] = {}

    def works(self, minute: int) -> bool:
        """Say it of a minute since the epoch."""
        if minute not in self._known:
            self._known[minute] = self._look(minute)
        return self._known[minute]

    def _look(self, minute: int) -> bool:
        shown = datetime.fromtimestamp(60 * minute, self._hours.zone)
        if shown.date() in self._hours.holidays:
            return False
        return any(
            shift.begins <= shown.time() and (shift.ends == time.min or shown.time() < shift.ends)
            for shift in self._hours.shifts.get(shown.weekday(), ())
        )


@dataclass
class Counted:
    """A promise as the counter has it: the minutes that count, one by one."""

    name: TimerName
    began: int
    minutes: list[int] = field(default_factory=list)
    runs: bool = True
    ended: int | None = None
    terms: Terms | None = None
    used: int = 0

    def figures(self) -> tuple[object, ...]:
        """Return what is compared."""
        limit, share = _limit(self.terms, self.name)
        return (
            self.name,
            self.began,
            self.used,
            limit,
            self.runs,
            self.ended,
            self._after(None if limit is None else int(limit * share)),
            self._after(limit),
            limit is not None and self.used > limit,
        )

    def _after(self, count: int | None) -> int | None:
        if count is None or len(self.minutes) < count:
            return None
        return self.minutes[count - 1] + 1


def counted(line: Timeline, wall: WallClock) -> list[Counted]:
    """Walk a timeline from minute to minute, and on until nothing is to come any more."""
    happened: dict[int, list[ClockEvent]] = {}
    for event in line.events:
        if event.at <= line.now:
            happened.setdefault(_minute(event.at), []).append(event)
    counter = _Counter()
    now = _minute(line.now)
    for minute in range(min(happened, default=now), now + 1):
        for event in happened.get(minute, ()):
            counter.take(event, minute)
        if minute < now and wall.works(minute):
            counter.count(minute)
    for run in counter.all:
        run.used = len(run.minutes)
        run.terms = run.terms or counter.terms
    for run in counter.all:
        limit, _ = _limit(run.terms, run.name)
        minute = now
        while run.runs and limit is not None and len(run.minutes) < limit and minute < now + MOST_AHEAD:
            if wall.works(minute):
                run.minutes.append(minute)
            minute += 1
    return counter.all


class _Counter:
    """The rules in the plainest words: which promises run."""

    def __init__(self) -> None:
        self.all: list[Counted] = []
        self.terms = Terms()
        self.open: dict[str, Counted] = {}
        self.solving: Counted | None = None
        self.paused = False

    def count(self, minute: int) -> None:
        for run in self.all:
            if run.runs:
                run.minutes.append(minute)

    def take(self, event: ClockEvent, minute: int) -> None:
        solved = self.solving is None or self.solving.ended is not None
        kind = event.kind
        if kind == "terms" and event.terms is not None:
            self.terms = event.terms
        elif kind == "asked":
            self._asked(minute, solved=solved)
        elif kind == "reopened" and solved and self.solving is not None:
            self.solving.ended, self.solving.terms, self.solving.runs = None, None, True
        elif kind == "resolved" and not solved:
            self._end("answer", minute)
            self._end("owner", minute)
            self._close(self.solving, minute)
            self.paused = False
        elif kind in {"paused", "resumed"} and not solved:
            self.paused = kind == "paused"
            for run in (self.solving, self.open.get("owner")):
                if run is not None:
                    run.runs = not self.paused
        else:
            self._people(kind, minute, solved=solved)

    def _asked(self, minute: int, *, solved: bool) -> None:
        if self.solving is None:
            self.open["answer"] = self._new("first_answer", minute)
            self.solving = self._new("resolution", minute)
            return
        if solved:
            self.solving.ended, self.solving.terms, self.solving.runs = None, None, True
        if "answer" not in self.open:
            self.open["answer"] = self._new("next_answer", minute)

    def _people(self, kind: Happening, minute: int, *, solved: bool) -> None:
        if kind == "answered":
            self._end("answer", minute)
        has_owner = "owner" in self.open
        if kind == "released" or kind in {"answered", "acted"} or (kind == "claimed" and not solved):
            self._end("owner", minute)
        if (kind == "claimed" and not solved) or (kind in {"answered", "acted"} and has_owner):
            self.open["owner"] = self._new("owner", minute)
            self.open["owner"].runs = not self.paused

    def _new(self, name: TimerName, minute: int) -> Counted:
        run = Counted(name, minute)
        self.all.append(run)
        return run

    def _end(self, which: str, minute: int) -> None:
        self._close(self.open.pop(which, None), minute)

    def _close(self, run: Counted | None, minute: int) -> None:
        if run is not None:
            run.runs, run.ended, run.terms = False, minute, self.terms


def _terms(dice: random.Random) -> Terms:
    """Return promises of an even number of minutes, so that half of one is whole; some are not made."""
    promises: Sequence[timedelta | None] = [
        None if dice.random() < 0.15 else 2 * MINUTE * int(2 ** dice.uniform(0, 9)) for _ in range(4)
    ]
    first, following, resolution, owner = promises
    return Terms(
        first_answer=first, next_answer=following, resolution=resolution, owner=owner, warn_share=0.5
    )


def _limit(terms: Terms | None, name: TimerName) -> tuple[int | None, float]:
    terms = terms or Terms()
    limit: timedelta | None = getattr(terms, name)
    return (None if limit is None else limit // MINUTE), terms.warn_share


def _figures(timer: Timer) -> tuple[object, ...]:
    return (
        timer.name,
        _minute(timer.began),
        timer.used // MINUTE,
        None if timer.limit is None else timer.limit // MINUTE,
        timer.running,
        None if timer.ended is None else _minute(timer.ended),
        None if timer.warns is None else _minute(timer.warns),
        None if timer.due is None else _minute(timer.due),
        timer.late,
    )


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60
