"""How often somebody may knock: attempts to come in, counted by address for a minute."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

MOST = 30
WITHIN_SECONDS = 60.0
MOST_ADDRESSES = 10_000
"""More are not remembered: the one that has been quiet longest is forgotten first."""


class Attempts:
    """Counts in this process: several of them together let so many times as much through."""

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = Lock()
        self._knocks: OrderedDict[str, deque[float]] = OrderedDict()

    def too_many(self, address: str) -> bool:
        """Count one more attempt from an address; return whether it is one too many."""
        now = self._clock()
        with self._lock:
            knocks = self._knocks.setdefault(address, deque())
            self._knocks.move_to_end(address)
            while knocks and knocks[0] <= now - WITHIN_SECONDS:
                knocks.popleft()
            if len(self._knocks) > MOST_ADDRESSES:
                self._knocks.popitem(last=False)
            if len(knocks) >= self._most:
                return True
            knocks.append(now)
            return False
