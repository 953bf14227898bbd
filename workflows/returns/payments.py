"""How money goes back: over the ways an order was paid, and booked on what it is for."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.effect import ProposedEffect
    from contracts.shares import Share
    from workflows.returns.steps import effect
    from workflows.returns.types import Order
    from workflows.returns.worth import Worth, method_account


def refunds(
    order: Order,
    worth: Worth,
    amounts: Mapping[str, int],
    pieces: Mapping[str, int],
    *,
    lines: Sequence[JsonValue],
    reason: str,
) -> tuple[ProposedEffect, ...]:
    """Return the refunds that pay `amounts` back, one for each way the order was paid.

    The first keeps the step `refund`, so that an order paid in one way has the key it always had. The
    largest names the lines and books their pieces: it is there whatever a person lowers the sum to.

    Args:
        order: the order.
        worth: what is left of each way it was paid.
        amounts: what is refunded for each account, in minor units.
        pieces: how many pieces of each account come back.
        lines: what the channel is told of them.
        reason: why, in the channel's words.

    Raises:
        ValueError: more than is left.
    """
    parts = worth.split(sum(amounts.values()))
    columns = _filled([cents for _, cents in parts], list(amounts.values()))
    largest = max(range(len(parts)), key=lambda place: parts[place][1], default=0)
    steps = {payment.method: place for place, payment in enumerate(order.ways_paid, start=1)}
    made = []
    for place, ((method, cents), column) in enumerate(zip(parts, columns, strict=True)):
        counted = pieces if place == largest else {}
        shares = [
            Share(account=account, quantity=counted.get(account, 0), amount_cents=part)
            for account, part in zip(amounts, column, strict=True)
            if part or counted.get(account)
        ]
        shares.append(Share(account=method_account(order, method), amount_cents=cents))
        number = steps[method]
        made.append(
            payment(
                "refund" if number == 1 else f"refund-{number}",
                order,
                cents,
                method=method,
                reason=reason,
                shares=tuple(shares),
                lines=list(lines) if place == largest else [],
            )
        )
    return tuple(made)


def payment(
    step: str,
    order: Order,
    cents: int,
    *,
    method: str,
    reason: str,
    shares: tuple[Share, ...],
    **more: JsonValue,
) -> ProposedEffect:
    """Return one payment; its step begins with its operation."""
    operation = step.partition("-")[0]
    said: dict[str, JsonValue] = {
        "payment_method": method,
        "amount_cents": cents,
        "currency": order.currency,
        "reason": reason,
        **more,
    }
    return effect(step, operation, order, shares, **said).model_copy(update={"amount_cents": cents})


def _filled(columns: Sequence[int], rows: Sequence[int]) -> list[list[int]]:
    """Return what of each row falls into each column, the first rows first; both have one sum."""
    left, filled = list(rows), []
    for column in columns:
        taken: list[int] = []
        for place, row in enumerate(left):
            part = min(row, column - sum(taken))
            taken.append(part)
            left[place] -= part
        filled.append(taken)
    return filled
