"""How a model has been doing lately: measured latency and failures, with a pause after too many."""

from collections import deque
from statistics import median

from contracts.frozen import Frozen

REMEMBERED = 50
FAILURES_IN_A_ROW = 3
PAUSE_SECONDS = 30.0


class Health(Frozen):
    """A model's recent past.

    Attributes:
        latency_ms: median of the recent answers; None before the first.
        paused_seconds: how much longer it is left alone after failing several times in a row.
    """

    latency_ms: float | None = None
    failed: int = 0
    calls: int = 0
    paused_seconds: float = 0.0


class HealthRecord:
    """Counts the calls of one model in this process. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._latencies: deque[float] = deque(maxlen=REMEMBERED)
        self._outcomes: deque[bool] = deque(maxlen=REMEMBERED)
        self._in_a_row = 0
        self._paused_until = 0.0

    def answered(self, latency_ms: float) -> None:
        """Note an answer, whatever it said."""
        self._latencies.append(latency_ms)
        self._outcomes.append(True)
        self._in_a_row = 0

    def failed(self, now: float, retry_after_seconds: float | None = None) -> None:
        """Note that no answer came; three in a row, or the provider's own wish, pause the model."""
        self._outcomes.append(False)
        self._in_a_row += 1
        if retry_after_seconds is not None:
            self._paused_until = max(self._paused_until, now + retry_after_seconds)
        if self._in_a_row >= FAILURES_IN_A_ROW:
            self._paused_until = max(self._paused_until, now + PAUSE_SECONDS)
            self._in_a_row = 0

    def at(self, now: float) -> Health:
        """Return the health as of `now`."""
        return Health(
            latency_ms=median(self._latencies) if self._latencies else None,
            failed=self._outcomes.count(False),
            calls=len(self._outcomes),
            paused_seconds=max(0.0, self._paused_until - now),
        )
