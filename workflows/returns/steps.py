"""One step at an order's channel: what is done there, what its customer is told, which lines it names."""

from collections.abc import Iterable, Mapping

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.effect import ProposedEffect
    from contracts.shares import Share
    from contracts.wording import Wording
    from workflows.returns.reading import Reading
    from workflows.returns.types import Order, OrderLine


def effect(
    step: str, operation: str, order: Order, shares: tuple[Share, ...] = (), **arguments: JsonValue
) -> ProposedEffect:
    """Return an effect of an order's channel."""
    return ProposedEffect(
        step=step,
        connector=order.channel,
        operation=operation,
        arguments={"order": order.id, **arguments},
        currency=order.currency,
        shares=shares,
    )


def notice(
    order: Order, reading: Reading, name: str, step: str = "notify", **values: JsonValue
) -> ProposedEffect:
    """Return a message to the customer.

    Args:
        order: the order.
        reading: the request as understood; it knows the customer's language.
        name: the office's text.
        step: the step's name.
        values: what the text may say besides the order; `workflows.returns.texts` lists it all.
    """
    wording = Wording(name=name, language=reading.language, values={"order": order.id, **values})
    return effect(step, "notify", order).model_copy(update={"wording": wording})


def named_lines(lines: Iterable[OrderLine], pieces: Mapping[str, int]) -> list[JsonValue]:
    """Return pieces, by line id, as a channel is told of them; lines without any are left out."""
    return [
        {"line": line.id, "sku": line.sku, "quantity": pieces[line.id]}
        for line in lines
        if pieces.get(line.id)
    ]
