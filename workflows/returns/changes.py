"""What is done to change an order that has not left: items with their difference, address, payment."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from contracts.effect import ProposedEffect
    from contracts.money import money_text
    from workflows.returns.payments import payment
    from workflows.returns.reading import Reading, Wanted
    from workflows.returns.steps import effect
    from workflows.returns.sums import Sum, named
    from workflows.returns.types import Intent, Order

CHANGED = "changed"
"""The reason of a payment that belongs to a change: channels reckon it to the order's price."""


def changes(order: Order, reading: Reading, found: Sum) -> tuple[ProposedEffect, ...]:
    """Return the effects of one change; none where what it shall be is not known."""
    match reading.intent:
        case Intent.CHANGE_ITEMS if reading.wanted and all(item.variant for item in reading.wanted):
            change = effect("change-items", "change_items", order, lines=_swaps(reading, found))
            return (change, *_difference(order, reading, found))
        case Intent.CHANGE_ADDRESS if reading.address:
            return (effect("change-address", "change_address", order, address=reading.address),)
        case Intent.CHANGE_PAYMENT if reading.method:
            return (effect("change-payment", "change_payment", order, payment_method=reading.method),)
        case _:
            return ()


def said(order: Order, reading: Reading, found: Sum) -> tuple[str, str, str]:
    """Return what a customer is told of changed items: which, whether they pay `more` or `less`, how much."""
    items = [f"{item.line.name} ({_options(item)})" for item in reading.wanted if item.variant]
    paid = "more" if found.difference_cents > 0 else "less" if found.difference_cents else ""
    return named(items), paid, money_text(found.amount_cents, order.currency)


def _options(item: Wanted) -> str:
    return ", ".join(item.variant.options.values()) if item.variant else ""


def _swaps(reading: Reading, found: Sum) -> list[JsonValue]:
    return [
        {
            "line": item.line.id,
            "sku": item.line.sku,
            "quantity": found.pieces[item.line.id],
            "new_sku": item.variant.sku,
        }
        for item in reading.wanted
        if item.variant
    ]


def _difference(order: Order, reading: Reading, found: Sum) -> tuple[ProposedEffect, ...]:
    """Return the payment of the difference; our books hold no account of a price that is changed with it."""
    cents = found.difference_cents
    if not cents:
        return ()
    method = reading.method or order.payment_method
    if cents > 0:
        return (payment("charge", order, cents, method=method, reason=CHANGED, shares=()),)
    return (payment("refund", order, -cents, method=method, reason=CHANGED, shares=(), lines=[]),)
