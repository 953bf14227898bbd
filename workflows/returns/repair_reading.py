"""A letter that plainly asks for a repair, read: of which goods, and whether they are faulty."""

from collections.abc import Sequence

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.decision import Decision
    from workflows.returns.comparison import elsewhere_of, reading_of
    from workflows.returns.reading import Reading, numbers_beside, understand
    from workflows.returns.remedies import ground_of
    from workflows.returns.types import Intent, Order, ReturnRequest

WHETHER_FAULTY = "whether it is faulty: nothing else is repaired"


def repair_wished(
    request: ReturnRequest, order: Order, decisions: Sequence[Decision], letter: Decision | None
) -> Reading:
    """Return the wish to have something repaired, of a letter that plainly asks for it.

    The desk's questions know no repair: their intent counts for nothing, reason and items do.

    Args:
        request: the request.
        order: its order.
        decisions: the answers to its questions.
        letter: what the letter as a whole wishes; None where nobody read it.
    """
    intent, reason, items, *asks = decisions
    back = _as_if(intent, label=Intent.RETURN.value)
    plain = [_as_if(asked, label="asks") for asked in asks]
    read = understand(request, order, [back, reason, items, *plain])
    doubts = [*read.doubts, *_otherwise(request, letter)]
    if ground_of(read) != "defect":
        doubts.append(WHETHER_FAULTY)
    update = {"repair": True, "claims": True, "doubts": tuple(doubts), "understood": not doubts}
    return read.model_copy(update={**update, "settleable": ()})


def _as_if(decision: Decision, label: str) -> Decision:
    answer = {**(decision.answer or {}), "label": label}
    return decision.model_copy(update={"outcome": "answered", "answer": answer})


def _otherwise(request: ReturnRequest, letter: Decision | None) -> list[str]:
    """Return what else the letter wishes, in words for a person."""
    answer = letter.answer if letter else None
    read = reading_of(answer)
    wished = [wish.kind.value for wish in read.wishes] if read else []
    doubts = [f"one reading says repair, the other {kind}" for kind in dict.fromkeys(wished)]
    if numbers_beside(request.message, request.order) or any(each.wishes for each in elsewhere_of(answer)):
        doubts.append("it names other orders beside a repair")
    return doubts
