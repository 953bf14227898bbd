"""A provider's limits on requests and tokens a minute, kept by this process before the provider has to."""

from collections import deque
from collections.abc import Callable

from models.routing.candidate import CandidateFailed

MINUTE_SECONDS = 60.0


class Pace:
    """A sliding minute. Several workers share a provider's limits by setting each its part."""

    def __init__(
        self, requests_per_minute: int, tokens_per_minute: int, monotonic: Callable[[], float]
    ) -> None:
        """Take the limits; 0 is none."""
        self._requests = requests_per_minute
        self._tokens = tokens_per_minute
        self._monotonic = monotonic
        self._sent: deque[tuple[float, int]] = deque()

    def take(self, tokens: int) -> None:
        """Count a request of so many tokens. One that alone is above the limit goes first in a minute.

        Raises:
            CandidateFailed: the minute is full; it says when there is room again.
        """
        now = self._monotonic()
        while self._sent and now - self._sent[0][0] >= MINUTE_SECONDS:
            self._sent.popleft()
        if self._requests and len(self._sent) >= self._requests:
            raise self._full(f"{self._requests} requests", now)
        if self._tokens and self._sent and sum(each for _, each in self._sent) + tokens > self._tokens:
            raise self._full(f"{self._tokens} tokens", now)
        self._sent.append((now, tokens))

    def _full(self, what: str, now: float) -> CandidateFailed:
        return CandidateFailed(
            f"it takes {what} a minute, and had them",
            mode="rate_limited",
            retry_after_seconds=MINUTE_SECONDS - (now - self._sent[0][0]),
            its_fault=False,
        )
