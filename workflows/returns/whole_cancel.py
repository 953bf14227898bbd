"""A cancellation is of a whole order: what speaks for a part of it is a person's."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from mail.cleaning import clean
    from workflows.returns.reading import Reading, part_about
    from workflows.returns.types import Intent, Order, ReturnRequest
    from workflows.returns.wishes.whole_order import part_meant

ONLY_A_PART = "whether only a part of the order is to be cancelled"
MOST_CHARS = 200
"""Of a form's items that a person is told."""


def part_doubts(request: ReturnRequest, order: Order, reading: Reading) -> tuple[str, ...]:
    """Return why a cancellation may mean less than its order, in words for a person; empty if it means all.

    Args:
        request: the request, with the words that are about its order.
        order: the order.
        reading: the request as understood; of one that cancels nothing there is no doubt.
    """
    meant = [*reading.each, *(reading.if_yes.each if reading.if_yes else ())]
    if all(each.intent is not Intent.CANCEL for each in meant):
        return ()
    in_form = _less_in_form(request, order)
    said = clean(part_about(request.message, request.order)).text
    in_words = part_meant(said, order.lines, reading.language)
    return tuple(f"{ONLY_A_PART}: {why}" for why in (in_form, in_words) if why)


def doubting(reading: Reading, doubts: tuple[str, ...]) -> Reading:
    """Return the reading for a person: nobody is asked to confirm the whole where a part may be meant."""
    update = {"doubts": (*reading.doubts, *doubts), "understood": False, "if_yes": None}
    return reading.model_copy(update=update)


def _less_in_form(request: ReturnRequest, order: Order) -> str:
    """Return what a form names instead of the whole order; empty if it names all of it, or nothing."""
    asked: dict[str, int | None] = {}
    for item in request.items:
        before = asked.get(item.line, 0)
        asked[item.line] = None if item.quantity is None or before is None else before + item.quantity
    bought = {line.id: line.quantity for line in order.lines}
    whole = asked.keys() == bought.keys() and all(
        pieces in (None, bought[line]) for line, pieces in asked.items()
    )
    if whole or not asked:
        return ""
    named = ", ".join(
        f"{line}" if pieces is None else f"{pieces} of {line}" for line, pieces in asked.items()
    )
    return f"the form names {named[:MOST_CHARS]}"
