"""The effects that a request leads to, in the order in which they are done."""

from collections.abc import Mapping

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.effect import ProposedEffect
    from contracts.money import apportioned, money_text
    from contracts.shares import Share
    from workflows.returns.changes import changes, said
    from workflows.returns.payments import payment, refunds
    from workflows.returns.reading import Reading
    from workflows.returns.steps import effect, named_lines, notice
    from workflows.returns.sums import Sum, named
    from workflows.returns.types import CHANGES, Intent, Order, Reason
    from workflows.returns.worth import line_account


def effects_for(order: Order, reading: Reading, found: Sum) -> tuple[ProposedEffect, ...]:
    """Return every effect a request leads to; none where the desk has nothing to propose."""
    match reading.intent:
        case Intent.RETURN if reading.wanted:
            return _return(order, reading, found)
        case Intent.EXCHANGE if can_exchange(order, reading):
            return _exchange(order, reading, found)
        case Intent.CANCEL:
            return _cancel(order, reading, found)
        case intent if intent in CHANGES:
            return _changed(order, reading, found)
        case Intent.WHERE_IS_IT:
            return (notice(order, reading, "where_is_it", status=order.status, tracking=order.tracking),)
        case _:
            return ()


def can_exchange(order: Order, reading: Reading) -> bool:
    """Say whether an exchange can be proposed: the old piece was delivered, and it is known what for."""
    found = bool(reading.wanted) and all(item.variant is not None for item in reading.wanted)
    return found and order.status == "delivered"


def _pieces(order: Order, found: Sum) -> dict[str, int]:
    return {line_account(order, line): count for line, count in found.pieces.items()}


def _goods(order: Order, reading: Reading, found: Sum) -> tuple[ProposedEffect, ProposedEffect]:
    """Return what is done with the pieces: into stock, and marked at the order."""
    pays_back = found.amount_cents and (reading.intent is Intent.RETURN or found.difference_cents < 0)
    # A refund books its pieces itself.
    pieces = {} if pays_back else _pieces(order, found)
    shares = tuple(Share(account=account, quantity=count) for account, count in pieces.items())
    condition = "damaged" if reading.reason == Reason.DAMAGED else "sellable"
    mark = "returned" if reading.intent is Intent.RETURN else "exchanged"
    lines = named_lines(reading.lines, found.pieces)
    return (
        effect("restock", "restock", order, lines=lines, condition=condition),
        effect("mark", "mark_order", order, shares, mark=mark, lines=lines),
    )


def _return(order: Order, reading: Reading, found: Sum) -> tuple[ProposedEffect, ...]:
    restock, mark = _goods(order, reading, found)
    names = named([found.counted(line) for line in reading.lines])
    amount = money_text(found.amount_cents, order.currency)
    return (
        *refunded(order, reading, found, found.by_account(order)),
        restock,
        notice(order, reading, "returned", items=names, amount=amount, methods=len(order.ways_paid)),
        mark,
    )


def refunded(
    order: Order, reading: Reading, found: Sum, amounts: Mapping[str, int]
) -> tuple[ProposedEffect, ...]:
    """Return what pays amounts back, by account, over the ways the order was paid."""
    pieces, lines = _pieces(order, found), named_lines(reading.lines, found.pieces)
    return refunds(order, found.worth, amounts, pieces, lines=lines, reason=reading.reason.value)


def _exchange(order: Order, reading: Reading, found: Sum) -> tuple[ProposedEffect, ...]:
    restock, mark = _goods(order, reading, found)
    return (
        *reservations(order, reading, found),
        *difference(order, reading, found),
        restock,
        notice(order, reading, "exchanged", items=new_items(reading)),
        mark,
    )


def new_items(reading: Reading) -> str:
    """Return what is wanted instead, as a customer reads it."""
    return ", ".join(
        f"{item.line.name} ({', '.join(item.variant.options.values())})"
        for item in reading.wanted
        if item.variant
    )


def difference(order: Order, reading: Reading, found: Sum) -> tuple[ProposedEffect, ...]:
    """Return the payment of an exchange's difference, booked on the lines that differ that way."""
    cents = found.difference_cents
    if not cents:
        return ()
    sign = 1 if cents > 0 else -1
    weights = [max(0, sign * each) for each in found.for_lines.values()]
    accounts = [line_account(order, line) for line in found.for_lines]
    amounts = dict(zip(accounts, apportioned(abs(cents), weights), strict=True))
    if cents < 0:
        return refunded(order, reading, found, amounts)
    shares = tuple(Share(account=account, amount_cents=part) for account, part in amounts.items() if part)
    method, reason = order.payment_method, reading.reason.value
    return (payment("charge", order, cents, method=method, reason=reason, shares=shares),)


def reservations(order: Order, reading: Reading, found: Sum) -> list[ProposedEffect]:
    """Return what sets aside each new item of an exchange."""
    made = []
    for number, item in enumerate(reading.wanted, start=1):
        assert item.variant is not None
        step = "reserve" if number == 1 else f"reserve-{number}"
        count = found.pieces[item.line.id]
        made.append(effect(step, "reserve", order, sku=item.variant.sku, quantity=count))
    return made


def _cancel(order: Order, reading: Reading, found: Sum) -> tuple[ProposedEffect, ...]:
    back = money_text(found.amount_cents, order.currency)
    return (
        effect("cancel", "cancel_order", order, reason=reading.reason.value),
        *refunded(order, reading, found, found.by_account(order)),
        notice(order, reading, "cancelled", amount=back),
    )


def _changed(order: Order, reading: Reading, found: Sum) -> tuple[ProposedEffect, ...]:
    made = changes(order, reading, found)
    if not made:
        return ()
    match reading.intent:
        case Intent.CHANGE_ADDRESS:
            return (*made, notice(order, reading, "address_changed"))
        case Intent.CHANGE_PAYMENT:
            return (*made, notice(order, reading, "payment_changed"))
        case _:
            items, paid, amount = said(order, reading, found)
            return (*made, notice(order, reading, "items_changed", items=items, paid=paid, amount=amount))
