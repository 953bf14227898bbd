"""The customers of the morning: what they answer when the desk asks them back."""

from collections.abc import Iterable

from cli.demo.expectation import Expected
from contracts.ledger import LedgerEntry
from contracts.reply import STEP

YES, NO = "Yes, please.", "No, that is not what I meant."
REMINDER = "-reminder"
WISH = "- "
"""With what the lines begin in which a question lists what it takes the customer to wish."""


def answer(expected: Expected, asked: int, question: str) -> str:
    """Return what the customer answers; empty if they know no answer.

    Where they are asked whether they were understood, they say yes to exactly what they mean and no to all
    else. Everything else they answer in the words that were written down before.

    Args:
        expected: what they meant.
        asked: how often they answered in such words before.
        question: the message that asks, as they read it.
    """
    wishes = [line.removeprefix(WISH).rstrip(".") for line in question.splitlines() if line.startswith(WISH)]
    if wishes:
        return YES if wishes == list(expected.means) else NO
    return expected.replies[asked] if asked < len(expected.replies) else ""


def questions(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Return the messages of a case that ask its customer something, the first one first."""
    found = [
        entry
        for entry in entries
        if entry.order.effect.step.startswith(STEP) and not entry.order.effect.step.endswith(REMINDER)
    ]
    return sorted(found, key=lambda entry: entry.intended_at)
