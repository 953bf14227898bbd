"""How many pieces a form, a text and an order say: where they contradict, nobody knows how many."""

from collections.abc import Iterator

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.returns.matching.quantities import MOST_READ, Bought, says_both, spoken_numbers
    from workflows.returns.reading import NEEDS_ITEMS, Reading, part_about
    from workflows.returns.types import Order, ReturnRequest

TWO = 2


def count_doubts(request: ReturnRequest, order: Order, reading: Reading) -> tuple[str, ...]:
    """Return each line of which a form and a text, or a text and the order, say different numbers.

    Args:
        request: the request, with the words that are about its order.
        order: the order.
        reading: the request as understood; only of what comes back are pieces counted.
    """
    return tuple(dict.fromkeys(_found(request, order, reading)))


def _found(request: ReturnRequest, order: Order, reading: Reading) -> Iterator[str]:
    text = part_about(request.message, request.order)
    meant = [*reading.each, *(reading.if_yes.each if reading.if_yes else ())]
    lines = {line.id: line for each in meant if each.intent in NEEDS_ITEMS for line in each.lines}
    several = [line for line in lines.values() if line.quantity > 1]
    if not several or len(several) > MOST_READ:
        return
    bought = [
        Bought(name=line.name, options=" ".join(line.options.values()), quantity=line.quantity)
        for line in order.lines
    ]
    places = {line.id: place for place, line in enumerate(order.lines)}
    for line in several:
        in_form = sum(item.quantity or 0 for item in request.items if item.line == line.id)
        said = spoken_numbers(text, bought, places[line.id])
        if in_form and said and in_form not in said:
            numbers = " or ".join(map(str, sorted(said)))
            yield f"the form says {in_form} of {line.name}, the text {numbers}"
        if not in_form and len(lines) == 1 and line.quantity != TWO and says_both(text):
            yield f"the text says both of {line.name}, and {line.quantity} were bought"
