"""How many calls this process may still make to a connector's system now."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from contracts.connector import Manifest

BURST_SECONDS = 1.0
"""Calls that may be made at once after a pause: what the rate allows in this time, at least one."""


class CallLimits:
    """A token bucket and a count of calls under way for each connector.

    The server holds the limits of what comes over a connector's queue, and cannot see what is tried
    beside a workflow. Every call is counted here, and those beside a workflow are only made where
    there is room, so that together they keep the limits.
    """

    def __init__(
        self, manifests: Iterable[Manifest], stopwatch: Callable[[], float] = time.monotonic
    ) -> None:
        """Fill every bucket.

        Args:
            manifests: rate and concurrency of each connector.
            stopwatch: seconds that only grow.
        """
        self._manifests = {manifest.name: manifest for manifest in manifests}
        self._stopwatch = stopwatch
        now = stopwatch()
        self._buckets = {name: (self._capacity(name), now) for name in self._manifests}
        self._under_way: Counter[str] = Counter()

    def has_room(self, connector: str) -> bool:
        """Say whether a call may be made now without waiting for the queue."""
        free = self._under_way[connector] < self._manifests[connector].concurrency
        return free and self._tokens(connector) >= 1

    @contextmanager
    def call(self, connector: str) -> Iterator[None]:
        """Count a call while it is made; the bucket may owe as much as it holds."""
        left = max(self._tokens(connector) - 1, -self._capacity(connector))
        self._buckets[connector] = (left, self._stopwatch())
        self._under_way[connector] += 1
        try:
            yield
        finally:
            self._under_way[connector] -= 1

    def _tokens(self, connector: str) -> float:
        tokens, at = self._buckets[connector]
        since = self._stopwatch() - at
        gained = since * self._manifests[connector].rate_limit_per_second
        return min(tokens + gained, self._capacity(connector))

    def _capacity(self, connector: str) -> float:
        return max(self._manifests[connector].rate_limit_per_second * BURST_SECONDS, 1.0)
