"""A decision that people should look at again: raw material for a model to learn from."""

from contracts.frozen import Frozen


class Doubt(Frozen):
    """What a model made of a text, and why that may have been wrong.

    Attributes:
        text: what the customer wrote.
        guess: the label it gave or would have given; empty if it had none.
        why: `unsure`, or what a person did about the case: `rejected`, `edited`, `undone`.
    """

    case_id: str
    task: str
    text: str
    guess: str
    confidence: float | None
    why: str
