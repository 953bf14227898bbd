"""What of a plan moves money is compared with the order on record: as its channel told it, for this case.

Whoever calls the data plane says what it wants; what a permit stands on is found out here. How the customer's
words were understood is not: that is the decision, on record by itself.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.admission import OnRecord
    from contracts.authorization import Plan
    from contracts.base import Arguments
    from contracts.effect import ProposedEffect
    from workflows.returns.letter_cases import part_id
    from workflows.returns.plan import NOT_DELIVERED
    from workflows.returns.reading import named_in
    from workflows.returns.types import DIRECTIONS, FIND_ORDERS, GET_ORDER, Order, OrderLine, ReturnRequest

TELLS = "notify"
"""The operation that moves nothing: what it is told by is no fact of the order."""
AS_TOLD = ("currency", "paid_cents", "order_status", "member_level", "days_since_delivery", "channel")
"""The facts that are as the channel told the order; once something is done for it, as they were judged by."""


def contradiction(plan: Plan, on_record: OnRecord) -> str:
    """Say what of a plan is not as the order on record says; empty if all is.

    Args:
        plan: what somebody wants a permit for.
        on_record: its case.
    """
    return next(filter(None, _contradictions(plan, on_record)), "")


def is_part(whole: Mapping[str, JsonValue], part: Mapping[str, JsonValue]) -> bool:
    """Say whether a request is what the letter of another wishes for one more order that it names."""
    letter, one = ReturnRequest.model_validate(whole), ReturnRequest.model_validate(part)
    as_part = {"id": part_id(letter, one.order), "order": one.order, "items": ()}
    return named_in(letter.message, one.order) and one == letter.model_copy(update=as_part)


def _contradictions(plan: Plan, on_record: OnRecord) -> Iterator[str]:
    # What of its photos is left once a customer is forgotten is no photo any more.
    request = ReturnRequest.model_validate({**on_record.request, "photos": ()})
    numbers = {str(effect.arguments.get("order", "")) for effect in plan.effects}
    yield from (
        f"{effect.step} goes to {effect.connector}, the request came by {request.channel}"
        for effect in plan.effects
        if effect.connector != request.channel
    )
    if not numbers:
        return
    if len(numbers) > 1:
        yield "its steps are for several orders"
    order = _order(request, numbers.pop(), on_record)
    if order is None:
        yield "it is for an order that was not read for this case"
        return
    if all(effect.operation == TELLS for effect in plan.effects):
        return
    yield _other_facts(plan, order, request.received_at or on_record.opened_at, on_record)
    new = [effect for effect in plan.effects if effect.step not in on_record.begun]
    for effect in new:
        yield from _other_effect(effect, order)
    yield from _too_much(plan, new, order)


def _order(request: ReturnRequest, number: str, on_record: OnRecord) -> Order | None:
    """Return the order that a case may be about, as it was read last; None if this is not it."""
    ids = on_record.manifest.ids
    named = [request.order, ids.compared(request.order)] if request.order else []
    asked = named or ([number] if number in _theirs(request, on_record) else [])
    told = next(filter(None, (on_record.told(GET_ORDER, {"order": each}) for each in asked)), None)
    order = Order.model_validate(told) if told else None
    return order if order is not None and order.id == number else None


def _theirs(request: ReturnRequest, on_record: OnRecord) -> list[JsonValue]:
    """Return the orders that the channel found for the customer of a request that names none."""
    asked: Arguments = {"customer": request.customer}
    told = on_record.told(FIND_ORDERS, asked) or {}
    found = told.get("orders")
    return found if isinstance(found, list) else []


def _other_facts(plan: Plan, order: Order, asked_at: datetime, on_record: OnRecord) -> str:
    since = max(0, (asked_at - order.delivered_at).days) if order.delivered_at else NOT_DELIVERED
    told: dict[str, JsonValue] = {
        "currency": order.currency,
        "paid_cents": order.paid_cents,
        "order_status": order.status,
        "member_level": order.member_level,
        "days_since_delivery": since,
        "channel": on_record.request["channel"],
    }
    # Whose returns are counted matters where money moves; a shop may name its customer anew afterwards.
    moves = any(effect.amount_cents for effect in plan.effects if effect.step not in on_record.begun)
    if moves and plan.facts.get("customer") not in (None, order.customer):
        return "it is for another customer's order"
    said = {name: plan.facts.get(name) for name in AS_TOLD}
    for effect in plan.effects:
        if any(effect.facts.get(name, said[name]) != said[name] for name in AS_TOLD):
            return f"{effect.step} says other facts of the order than its plan"
        if "amount_cents" in effect.facts:
            return f"{effect.step} says another amount than its plan"
    if said == told:
        return ""
    # What was done for the order shows in it by now: it was allowed by the facts before.
    if any({name: facts.get(name) for name in AS_TOLD} == said for facts in on_record.earlier()):
        return ""
    differ = [name for name in AS_TOLD if said[name] != told[name]]
    return f"the order on record says other facts: {', '.join(differ)}"


def _other_effect(effect: ProposedEffect, order: Order) -> Iterator[str]:
    """Yield what of an effect is not of its order: the way of paying, the currency, the lines."""
    paid_by = {one.method for one in order.ways_paid} | {order.payment_method}
    known = paid_by | {one.method for one in order.methods}
    method = effect.arguments.get("payment_method")
    if method is not None and method not in (paid_by if effect.operation == "refund" else known):
        yield f"{effect.step} names a way of paying that is not the order's"
    if effect.amount_cents and effect.currency != order.currency:
        yield f"{effect.step} moves {effect.currency}, the order is in {order.currency}"
    lines = {line.id: line for line in order.lines}
    named = effect.arguments.get("lines")
    for each in named if isinstance(named, list) else []:
        if not isinstance(each, dict) or not _is_of(each, lines.get(str(each.get("line")))):
            yield f"{effect.step} names pieces that are not the order's"


def _is_of(named: Mapping[str, JsonValue], line: OrderLine | None) -> bool:
    if line is None or named.get("sku") != line.sku:
        return False
    quantity = named.get("quantity")
    return isinstance(quantity, int) and 0 < quantity <= line.quantity


def _too_much(plan: Plan, new: list[ProposedEffect], order: Order) -> Iterator[str]:
    """Yield where payments are more than what is said of them, or than what was paid and is left."""
    for direction in set(DIRECTIONS.values()):
        moved = sum(e.amount_cents for e in plan.effects if DIRECTIONS.get(e.operation) == direction)
        if moved > int(str(plan.facts.get("amount_cents") or 0)):
            yield "its payments come to more than it says that it moves"
    back: Counter[str] = Counter()
    for effect in new:
        if DIRECTIONS.get(effect.operation) == "out":
            back[str(effect.arguments.get("payment_method"))] += effect.amount_cents
    left = {one.method: one.paid_cents - one.refunded_cents for one in order.ways_paid}
    if any(cents > left.get(method, order.left_cents) for method, cents in back.items()):
        yield "a way of paying would get back more than was paid by it and is left"
    if sum(back.values()) > order.left_cents:
        yield "more would go back than was paid for the order and is left"
