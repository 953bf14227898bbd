"""Waiting for something that happens outside: how long, and when to remind of it."""

from datetime import datetime

from contracts.base import Frozen


class WaitAsked(Frozen):
    """Which wait begins.

    Attributes:
        what: its name in `[waits]` of `office.toml`.
        begins_at: by the case's own clock.
    """

    what: str
    begins_at: datetime


class Wait(Frozen):
    """The moments of one wait.

    Attributes:
        begins_at: when it began.
        remind_at: when whoever shall do it is reminded, once; None for never.
        ends_at: when nobody waits for it any more.
    """

    begins_at: datetime
    remind_at: datetime | None = None
    ends_at: datetime
