"""How a model has been doing lately: measured latency and failures, with a pause after too many."""

from collections import deque
from statistics import median

from opentelemetry.metrics import Meter, get_meter

from contracts.base import Frozen
from models.routing.cost import Usage

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


OUTCOMES = "kontor.model.outcomes"
COST = "kontor.model.cost"
TOKENS = "kontor.model.tokens"


class ModelMeter:
    """Instruments of one meter; without telemetry they count into nothing."""

    def __init__(self, meter: Meter | None = None) -> None:
        """Take a meter, else the process's own, as `telemetry.py` set it up."""
        found = meter or get_meter("kontor.models")
        self._outcomes = found.create_counter(
            OUTCOMES, description="Answers by outcome, and calls without one by failure mode"
        )
        self._cost = found.create_counter(COST, unit="microusd", description="What the calls did cost")
        self._tokens = found.create_counter(TOKENS, description="Tokens in, out, and in from a cache")

    def ended(self, model: str, task: str, outcome: str) -> None:
        """Count how one question ended, or that its answer had to be `repaired` or came from `cache`."""
        self._outcomes.add(1, {"model": model, "task": task, "outcome": outcome})

    def spent(self, model: str, task: str, usage: Usage, microusd: int) -> None:
        """Count what one call did cost."""
        labels = {"model": model, "task": task}
        self._cost.add(microusd, labels)
        for kind, tokens in (("in", usage.prompt), ("out", usage.output), ("cached", usage.cached)):
            self._tokens.add(tokens, {**labels, "kind": kind})
