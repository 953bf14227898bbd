"""Counts of what paid models did: every outcome and failure mode apart, tokens, cost."""

from opentelemetry.metrics import Meter, get_meter

from models.prices import Usage

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
