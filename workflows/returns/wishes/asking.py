"""Whether a customer is asked back about a reading of their letter, and what: never what they refused."""

from workflows.returns.wishes.conditions import CONDITIONAL, CONDITIONS
from workflows.returns.wishes.doubting import DENIED
from workflows.returns.wishes.letter import Gap, OrderReading, Question

LEAST_TO_CONFIRM = 0.5
"""A reading likelier right than wrong may be put to the customer for a yes."""
_UNASKABLE = ("machine", "refused", DENIED, CONDITIONAL, CONDITIONS)
"""Signs of a letter about which nobody is asked: a person reads it."""


def question_of(reading: OrderReading) -> Question | None:
    """Return what the customer is asked, should the desk not stand by a reading; None leaves it to a person.

    Args:
        reading: weighed; its own question is the fact that it lacks.
    """
    if any(reading.signs.get(sign) for sign in _UNASKABLE):
        return None
    likely = bool(reading.wishes) and (reading.confidence or 0.0) >= LEAST_TO_CONFIRM
    return reading.question or (Question(gap=Gap.CONFIRM) if likely else None)
