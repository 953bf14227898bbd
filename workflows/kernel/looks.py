"""When the facts behind an open question are read again: at intervals, and soon after a word of change."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from contracts.authorization import Plan
    from workflows.kernel.pauses import GROWTH, LONGEST, PATCH_TRIES, pause

PATCH = "looks-have-pauses"


class Looks:
    """The looks at the facts of one case that waits for people.

    Whoever may signal can say that facts have changed, as often as they like. The first look is taken at
    once; each further one in a row waits longer than the one before, so a word too many costs nothing.
    """

    def __init__(self, wanted: bool = False) -> None:
        """Begin without an interval.

        Args:
            wanted: somebody said that facts have changed, and nobody has looked yet.
        """
        self.wanted = wanted
        self._due = False
        self._every: timedelta | None = None
        self._at_last: timedelta | None = None
        self._next: datetime | None = None
        self._count = 0
        self._in_a_row = 0
        self._last: datetime | None = None

    def every(self, interval: timedelta | None, at_last: timedelta | None = None) -> None:
        """Say how often to look.

        Args:
            interval: how often at first; None means only when it is wanted.
            at_last: how seldom at last, each interval twice the one before; None keeps the first.
        """
        self._every, self._at_last = interval, at_last

    def begin(self) -> None:
        """Count the intervals from now on."""
        self._next = workflow.now() + self._every if self._every else None

    def moment(self) -> datetime | None:
        """Return when the next look is due; None if nobody wants one."""
        wanted = self._soonest() if self.wanted else None
        return min((each for each in (wanted, self._next) if each), default=None)

    @property
    def due(self) -> bool:
        """True if it is time to look."""
        return self._due or (self.wanted and self._soonest() <= workflow.now())

    def come(self, moment: datetime) -> None:
        """Say that a moment of these has come, whatever a rounded clock says of it."""
        self._due = True
        if self._every is not None and self._next is not None and self._next <= moment:
            if self._at_last is not None:
                self._every = min(self._at_last, self._every * GROWTH)
            self._next = workflow.now() + self._every

    def taken(self) -> None:
        """Count a look that is taken now."""
        now = workflow.now()
        if self.wanted:
            rested = self._last is not None and now - self._last > LONGEST
            self._in_a_row = 1 if rested else self._in_a_row + 1
            self._count, self._last = self._count + 1, now
        self.wanted = self._due = False

    def _soonest(self) -> datetime:
        """Return when a wanted look may be taken; at once in histories that knew no pauses."""
        if self._last is None or not workflow.patched(f"{PATCH}-{self._count // PATCH_TRIES}"):
            return workflow.now()
        return self._last + pause(self._in_a_row)


async def stands() -> None:
    """Say of a question that no change of the facts makes moot that it stands as it was asked."""


class AskedTooOften(ApplicationError):
    """The facts changed so often while people thought that no answer would hold: a person takes the case.

    It fails the workflow if nobody catches it.

    Attributes:
        plan: what would have been asked next.
    """

    def __init__(self, plan: Plan, why: str) -> None:
        """Keep what would have been asked."""
        super().__init__(why, type="AskedTooOften", non_retryable=True)
        self.plan = plan
