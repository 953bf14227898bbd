"""Whether the event loop of a worker moves: seen from outside of it."""

import asyncio
import faulthandler
import sys
import threading
import time
from collections.abc import Callable

BEAT_SECONDS = 1.0
HELD_UP_SECONDS = 5.0
"""An event loop that stands still for so long is held up: heartbeats and timers of its cases wait."""
FROZEN_SECONDS = 60
"""A worker whose event loop stands still for so long ends itself, and says where it stood."""


class Pulse:
    """Beats once a second as long as the event loop moves; other threads read it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with a beat, in the thread that the loop will run in.

        Args:
            clock: seconds that stand still while the machine is suspended: waking up is not being held up.
        """
        self._clock = clock
        self._thread = threading.get_ident()
        self._beat_at = clock()

    async def keep(self, told: Callable[[], None] = lambda: None) -> None:
        """Beat for ever, and push off, again and again, the moment at which a frozen process ends itself.

        The interpreter's own watchdog needs no lock of ours or Python's, so it also ends a process whose
        native code is caught in a deadlock; what it held, Temporal gives to the next worker.

        Args:
            told: called after each beat.
        """
        try:
            while True:
                self._beat_at = self._clock()
                faulthandler.dump_traceback_later(FROZEN_SECONDS, exit=True)
                told()
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def still_seconds(self) -> float:
        """Return how long the loop has not moved; up to a second is its rest between two beats."""
        return self._clock() - self._beat_at

    def held_up(self) -> str:
        """Return for how long and where the loop stands still; empty while it moves."""
        still = self.still_seconds()
        if still < HELD_UP_SECONDS:
            return ""
        return f"the event loop has not moved for {still:.0f} s; it stands in {self._place()}"

    def _place(self) -> str:
        """Return the function that the loop's thread is in, with its module and line; no values."""
        frame = sys._current_frames().get(self._thread)
        if frame is None:
            return "no Python code"
        return f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}, line {frame.f_lineno}"
