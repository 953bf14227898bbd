"""The present moment and a stopwatch, for activities; workflows ask Temporal."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def _awake_or_not() -> Callable[[], float]:
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic if clock is None else partial(time.clock_gettime, clock)


stopwatch = _awake_or_not()
"""Seconds that only grow, and that go on while the machine is suspended.

`time.monotonic` stands still in a suspended laptop or virtual machine: a call that was marked before
could leave hours later. `docs/decisions/0013` says what is assumed of clocks.
"""
