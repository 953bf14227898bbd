"""Whether a customer is asked back about a reading of their letter, and what: never what they refused."""

from workflows.returns.wishes import guard
from workflows.returns.wishes.acceptance import LEAST_TO_CONFIRM
from workflows.returns.wishes.conditions import CONDITIONAL, CONDITIONS
from workflows.returns.wishes.letter import Gap, OrderReading, Question

_UNASKABLE = ("machine", "refused", CONDITIONAL, CONDITIONS)
"""Signs of a letter with which nobody is asked whether it means what was read: a person reads it."""


def question_of(reading: OrderReading, message: str) -> Question | None:
    """Return what the customer is asked about a reading; None leaves it to a person.

    Whether a letter means what was read is asked only where it may: not where it says that it does not.

    Args:
        reading: weighed, with its question.
        message: the letter as it came in.
    """
    question = reading.question
    if question is None and reading.wishes and (reading.confidence or 0.0) >= LEAST_TO_CONFIRM:
        question = Question(gap=Gap.CONFIRM)
    if question is None or question.gap is not Gap.CONFIRM:
        return question
    if any(reading.signs.get(sign) for sign in _UNASKABLE) or not guard.may_be_meant(message):
        return None
    return question
