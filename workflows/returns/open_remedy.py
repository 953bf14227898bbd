"""Something is faulty, and its customer names no remedy: what they may choose from, and what they chose."""

from collections.abc import Sequence

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.decision import Decision
    from contracts.reply import ReplyChoice
    from workflows.returns.comparison import elsewhere_of, reading_of
    from workflows.returns.reading import Reading, label_of, numbers_beside, understand, variants_for
    from workflows.returns.remedies import ground_of
    from workflows.returns.types import Intent, Order, ReturnRequest
    from workflows.returns.wishes.repairs import names_no_remedy

WHICH_REMEDY = "which remedy is wished for what is faulty"
REMEDIES = ("repair", "replacement", "refund")
"""In the sequence in which they are offered; the words for what is chosen, which no customer reads."""
PERHAPS = frozenset({Intent.OTHER, Intent.RETURN, Intent.EXCHANGE})
"""What a letter is taken for that tells of a fault alone."""


def remedy_missing(
    request: ReturnRequest, order: Order, decisions: Sequence[Decision], letter: Decision
) -> Reading | None:
    """Return the reading of a letter that tells of a fault and wishes nothing; None of any other.

    What is faulty, and that it is, must be read surely; else a person has it, as any letter.

    Args:
        request: the request.
        order: its order.
        decisions: the answers to the desk's questions.
        letter: what the letter as a whole wishes.
    """
    intent, reason, items, *asks = decisions
    if not names_no_remedy(request.message) or order.status != "delivered":
        return None
    surely = intent.outcome == "answered" and label_of(intent) not in PERHAPS
    read, answer = reading_of(letter.answer), letter.answer
    elsewhere = numbers_beside(request.message, request.order) or elsewhere_of(answer)
    if surely or elsewhere or (read is not None and read.wishes):
        return None
    plain = [_as_if(asked, "asks") for asked in asks]
    found = understand(request, order, [_as_if(intent, Intent.RETURN.value), reason, items, *plain])
    if found.doubts or not found.wanted or ground_of(found) != "defect":
        return None
    update = {"intent": Intent.OTHER, "doubts": (WHICH_REMEDY,), "understood": False}
    return found.model_copy(update={**update, "claims": True, "settleable": ()})


def _as_if(decision: Decision, label: str) -> Decision:
    answer: dict[str, JsonValue] = {**(decision.answer or {}), "label": label}
    return decision.model_copy(update={"outcome": "answered", "answer": answer})


def remedied(order: Order, reading: Reading, remedy: str) -> Reading | None:
    """Return the reading with a remedy chosen; None where it cannot be had.

    Args:
        order: the order as it is now.
        reading: what is faulty.
        remedy: one of `REMEDIES`.
    """
    chosen = reading.model_copy(update={"intent": Intent.RETURN, "doubts": (), "understood": True})
    match remedy:
        case "repair":
            return chosen.model_copy(update={"repair": True})
        case "replacement":
            wanted = []
            for item in reading.wanted:
                again = next(
                    (one for one in variants_for(item.line, order) if one.sku == item.line.sku), None
                )
                if again is None:
                    return None
                wanted.append(item.model_copy(update={"variant": again}))
            return chosen.model_copy(update={"intent": Intent.EXCHANGE, "wanted": tuple(wanted)})
        case _:
            return chosen


def choices_of(remedies: Sequence[str]) -> tuple[ReplyChoice, ...]:
    """Return remedies as a customer picks from them."""
    return tuple(ReplyChoice(id=one, text=one) for one in remedies)
