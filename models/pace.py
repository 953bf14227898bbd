"""A provider's limit on requests a minute, kept by this process before the provider has to."""

from collections import deque
from collections.abc import Callable

from models.candidate import CandidateFailed

MINUTE_SECONDS = 60.0


class Pace:
    """A sliding minute. Several workers share a provider's limit by setting each its part."""

    def __init__(self, requests_per_minute: int, monotonic: Callable[[], float]) -> None:
        """Take the limit; 0 is none."""
        self._limit = requests_per_minute
        self._monotonic = monotonic
        self._sent: deque[float] = deque()

    def take(self) -> None:
        """Count a request.

        Raises:
            CandidateFailed: the minute is full; it says when there is room again.
        """
        if not self._limit:
            return
        now = self._monotonic()
        while self._sent and now - self._sent[0] >= MINUTE_SECONDS:
            self._sent.popleft()
        if len(self._sent) >= self._limit:
            raise CandidateFailed(
                f"it takes {self._limit} requests a minute, and had them",
                mode="rate_limited",
                retry_after_seconds=MINUTE_SECONDS - (now - self._sent[0]),
                its_fault=False,
            )
        self._sent.append(now)
