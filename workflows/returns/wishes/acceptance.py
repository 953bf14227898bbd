"""Whether a reading of an order's wishes stands by itself: one calibrated confidence for all of it."""

import math
from functools import cache
from pathlib import Path

from contracts.base import Frozen
from workflows.returns.wishes.letter import LetterReading, OrderReading

CARD = Path(__file__).with_name("acceptance.json")
MEASURED = ("en",)
"""Languages in which the rules' errors are measured; in others nothing stands by itself."""
MOST = 3.0
"""Signs are counts; more than so many say no more."""
FOREIGN = "foreign"
"""The sign of a letter in a language in which the rules were not measured."""
FORBIDDING = (
    "question", "obstacles", "stray", "conditions", "empty", "ambiguous", "conflict", "unclear",
        "partial_cancel",
    "both_kinds", "open_lines", "no_lines", "loose_lines", "pay_loose", "swap_in_return", "method_mixed",
        "outside",
    "in_one", "method_open", "kept_changes",
    "machine", "unended", "run_together", "close", "unasked", "refused", FOREIGN,
)  # fmt: skip
"""Signs with which no reading stands by itself, however sure it looks."""


class AcceptanceCard(Frozen):
    """A logistic model over the signs of a reading, and what it was measured to do.

    Attributes:
        weights: by the sign's name.
        threshold: the least confidence that is accepted.
        units, accepted, wrong: out of fold: orders in the letters, readings accepted, those of them wrong.
    """

    weights: dict[str, float]
    bias: float
    threshold: float
    units: int
    accepted: int
    wrong: int


@cache
def card() -> AcceptanceCard:
    """Return the model that ships with the desk."""
    return AcceptanceCard.model_validate_json(CARD.read_text(encoding="utf-8"))


def signs(reading: OrderReading) -> dict[str, float]:
    """Return a reading's signs, with its kinds of wish among them."""
    kinds = {f"kind_{wish.kind.value}": 1.0 for wish in reading.wishes}
    found = {**reading.signs, **kinds, "question": float(reading.question is not None)}
    return {name: min(value, MOST) for name, value in found.items()}


def confidence(reading: OrderReading, model: AcceptanceCard) -> float:
    """Return the calibrated probability that every wish of a reading is right, 0 to 1."""
    total = model.bias + sum(model.weights.get(name, 0.0) * value for name, value in signs(reading).items())
    return 1.0 / (1.0 + math.exp(-total))


def forbidden(reading: OrderReading) -> tuple[str, ...]:
    """Return the signs with which a reading does not stand by itself."""
    found = signs(reading)
    return tuple(name for name in FORBIDDING if found.get(name))


def accepted(reading: OrderReading, model: AcceptanceCard) -> bool:
    """Say whether a reading stands by itself."""
    sure = (reading.confidence or 0.0) >= model.threshold
    return bool(reading.wishes) and sure and not forbidden(reading)


def weighed(
    letter: LetterReading, model: AcceptanceCard | None = None, *, local: bool = True
) -> LetterReading:
    """Give each reading its confidence.

    Args:
        letter: as it was read.
        model: another model than the desk's own.
        local: whether its language is one that the rules are measured in; if not, nothing stands by itself.
    """
    used = model or card()
    return letter.model_copy(
        update={"orders": tuple(_weighed(each, used, local=local) for each in letter.orders)}
    )


def _weighed(reading: OrderReading, model: AcceptanceCard, *, local: bool) -> OrderReading:
    if not local:
        reading = reading.model_copy(update={"signs": {**reading.signs, FOREIGN: 1.0}})
    sure = confidence(reading, model) if reading.wishes else 0.0
    return reading.model_copy(update={"confidence": sure})
