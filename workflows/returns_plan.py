"""From a reading of the request to facts, and to the effects the desk proposes: pure functions."""

from datetime import datetime

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.effect import ProposedEffect
    from contracts.evidence import Evidence
    from contracts.memory import Context
    from contracts.returns import DESK, Intent, Order, OrderLine, Reason, ReturnFacts, ReturnRequest
    from contracts.verdict import Authorization, Plan
    from workflows.returns_reading import Reading, about_order

NOT_DELIVERED = -1


def open_quantity(line: OrderLine) -> int:
    """Return how many of a line can still come back."""
    return max(0, line.quantity - line.returned_quantity)


def value_cents(reading: Reading) -> int:
    """Return what the lines cost that come back, in cents; a line that is back counts whole."""
    return sum(line.unit_price_cents * (open_quantity(line) or line.quantity) for line in reading.lines)


def difference_cents(reading: Reading) -> int:
    """Return an exchange's new price minus the old, in cents; negative means a refund."""
    return sum(
        (item.variant.price_cents - item.line.unit_price_cents) * open_quantity(item.line)
        for item in reading.wanted
        if item.variant is not None
    )


def amount_cents(order: Order, reading: Reading) -> int:
    """Return the money that moves, in cents and never negative."""
    match reading.intent:
        case Intent.RETURN:
            return value_cents(reading)
        case Intent.EXCHANGE:
            return abs(difference_cents(reading))
        case Intent.CANCEL:
            return order.paid_cents - order.refunded_cents
        case _:
            return 0


def facts(order: Order, reading: Reading, asked_at: datetime) -> ReturnFacts:
    """Return what the policies read; `earlier_returns` is filled in from our books when judged.

    `asked_at` is when the customer asked: a window that ends while people think was still kept.
    """
    since = max(0, (asked_at - order.delivered_at).days) if order.delivered_at else NOT_DELIVERED
    return ReturnFacts(
        intent=reading.intent,
        reason=reading.reason,
        understood=reading.understood,
        order_status=order.status,
        amount_cents=amount_cents(order, reading),
        paid_cents=order.paid_cents,
        remaining_cents=order.paid_cents - order.refunded_cents,
        days_since_delivery=since,
        item_state="damaged" if reading.reason == Reason.DAMAGED else "unknown",
        member_level=order.member_level,
        earlier_returns=0,
        already_returned=any(open_quantity(line) == 0 for line in reading.lines),
        price_difference_cents=difference_cents(reading),
        channel=order.channel,
    )


def plan_for(
    case_id: str, request: ReturnRequest, order: Order, reading: Reading, asked_at: datetime
) -> Plan:
    """Return every effect this request leads to, in the order it will be done.

    No effects means that the desk has nothing to propose: a person handles the case.
    """
    return Plan(
        case_id=case_id,
        desk=DESK,
        summary=summary(order, reading),
        facts={**facts(order, reading, asked_at).model_dump(mode="json"), "customer": order.customer},
        effects=_effects(order, reading),
        claims=claims(request, reading),
    )


def same_question(plan: Plan, asked: Plan) -> bool:
    """Say whether a plan made from today's order is what people were asked, on the same facts."""
    return plan.effects == asked.effects and plan.facts == asked.facts


def money_out_cents(plan: Plan) -> int:
    """Return what the plan pays out, less what it charges, in cents."""
    signs = {"refund": 1, "charge": -1}
    return sum(signs.get(effect.operation, 0) * effect.amount_cents for effect in plan.effects)


def evidence_for_people(
    request: ReturnRequest, order: Order, reading: Reading, context: Context
) -> tuple[Evidence, ...]:
    """Return what a person needs to answer: the customer's words, doubts, the order, similar cases."""
    words = Evidence(source=f"request:{request.channel}/{request.id}", text=request.message, kind="turn")
    doubts = tuple(Evidence(source="desk:doubts", text=doubt) for doubt in reading.doubts)
    return (words, *doubts, *about_order(order), *context.evidence)


def message_plan(plan: Plan, order: Order, text: str) -> Plan:
    """Return a plan that only tells the customer how their request ended; it claims nothing."""
    told = notice(order, f"Your request for order {order.id}", text, step="tell")
    # How it ended is certain, however well the request was understood.
    facts = {**plan.facts, "understood": True}
    return plan.model_copy(update={"effects": (told,), "claims": (), "facts": facts})


def refusal_text(authorization: Authorization) -> str:
    """Return what a refused customer is told: the sentences of the policies that forbid it."""
    reasons = [
        reason.reason
        for verdict in authorization.verdicts
        if verdict.outcome == "deny"
        for reason in verdict.reasons
        if reason.effect == "forbid"
    ]
    said = " ".join(dict.fromkeys(reasons)) or "Our rules do not provide for it."
    return f"We cannot do what you asked for. {said}"


def forbidden_by(authorization: Authorization) -> str:
    """Return the id of the first policy that forbids the plan, as the case's outcome."""
    for verdict in authorization.verdicts:
        if verdict.outcome == "deny":
            forbids = [reason.id for reason in verdict.reasons if reason.effect == "forbid"]
            return forbids[0] if forbids else "not_permitted"
    return "not_permitted"


def _effects(order: Order, reading: Reading) -> tuple[ProposedEffect, ...]:
    match reading.intent:
        case Intent.RETURN if reading.wanted:
            return _return(order, reading)
        case Intent.EXCHANGE if order.status == "delivered" and _all_found(reading):
            return _exchange(order, reading)
        case Intent.CANCEL:
            return _cancel(order, reading)
        case Intent.WHERE_IS_IT:
            return _where_is_it(order)
        case _:
            return ()


def _all_found(reading: Reading) -> bool:
    return bool(reading.wanted) and all(item.variant is not None for item in reading.wanted)


def claims(request: ReturnRequest, reading: Reading) -> tuple[str, ...]:
    """Return what no second open case may work on: the order lines, or the whole order."""
    order = f"{request.channel}/{request.order}"
    if reading.intent == Intent.CANCEL:
        return (f"{order}/cancel",)
    return tuple(f"{order}/{line.id}" for line in reading.lines)


def summary(order: Order, reading: Reading) -> str:
    """Return the case in one line, without personal data."""
    items = ", ".join(line.name for line in reading.lines) or "whole order"
    money = f"{amount_cents(order, reading) / 100:.2f} {order.currency}"
    return f"{reading.intent.value} of {items} from order {order.id} ({reading.reason.value}), {money}"


def _lines(reading: Reading) -> list[JsonValue]:
    return [
        {"line": line.id, "sku": line.sku, "quantity": open_quantity(line) or line.quantity}
        for line in reading.lines
    ]


def _money(operation: str, order: Order, reading: Reading, cents: int) -> ProposedEffect:
    arguments: dict[str, JsonValue] = {
        "order": order.id,
        "payment_method": order.payment_method,
        "amount_cents": cents,
        "currency": order.currency,
        "reason": reading.reason.value,
    }
    if operation == "refund":
        arguments["lines"] = _lines(reading)
    return ProposedEffect(
        step=operation,
        connector=order.channel,
        operation=operation,
        arguments=arguments,
        amount_cents=cents,
        currency=order.currency,
    )


def _effect(step: str, operation: str, order: Order, **arguments: JsonValue) -> ProposedEffect:
    return ProposedEffect(
        step=step,
        connector=order.channel,
        operation=operation,
        arguments={"order": order.id, **arguments},
        currency=order.currency,
    )


def notice(order: Order, subject: str, text: str, step: str = "notify") -> ProposedEffect:
    """Return the message to the customer."""
    return _effect(step, "notify", order, subject=subject, text=text)


def _condition(reading: Reading) -> str:
    return "damaged" if reading.reason == Reason.DAMAGED else "sellable"


def _return(order: Order, reading: Reading) -> tuple[ProposedEffect, ...]:
    cents = value_cents(reading)
    names = ", ".join(line.name for line in reading.lines)
    text = f"We have refunded {cents / 100:.2f} {order.currency} for {names} to your original payment method."
    return (
        _money("refund", order, reading, cents),
        _effect("restock", "restock", order, lines=_lines(reading), condition=_condition(reading)),
        notice(order, f"Your return for order {order.id}", text),
        _effect("mark", "mark_order", order, mark="returned", lines=_lines(reading)),
    )


def _exchange(order: Order, reading: Reading) -> tuple[ProposedEffect, ...]:
    cents = difference_cents(reading)
    money = (_money("charge" if cents > 0 else "refund", order, reading, abs(cents)),) if cents else ()
    names = ", ".join(
        f"{item.line.name} ({', '.join(item.variant.options.values())})"
        for item in reading.wanted
        if item.variant
    )
    return (
        *_reservations(order, reading),
        *money,
        _effect("restock", "restock", order, lines=_lines(reading), condition=_condition(reading)),
        notice(
            order, f"Your exchange for order {order.id}", f"Your exchange is under way: {names} is set aside."
        ),
        _effect("mark", "mark_order", order, mark="exchanged", lines=_lines(reading)),
    )


def _reservations(order: Order, reading: Reading) -> list[ProposedEffect]:
    made = []
    for number, item in enumerate(reading.wanted, start=1):
        assert item.variant is not None
        step = "reserve" if number == 1 else f"reserve-{number}"
        count = open_quantity(item.line) or item.line.quantity
        made.append(_effect(step, "reserve", order, sku=item.variant.sku, quantity=count))
    return made


def _cancel(order: Order, reading: Reading) -> tuple[ProposedEffect, ...]:
    cents = order.paid_cents - order.refunded_cents
    money = (_money("refund", order, reading, cents),) if cents else ()
    text = f"Order {order.id} is cancelled; {cents / 100:.2f} {order.currency} go back to you."
    return (
        _effect("cancel", "cancel_order", order, reason=reading.reason.value),
        *money,
        notice(order, f"Your order {order.id} is cancelled", text),
    )


def _where_is_it(order: Order) -> tuple[ProposedEffect, ...]:
    where = f" Its tracking number is {order.tracking}." if order.tracking else ""
    text = f"Your order {order.id} is {order.status}.{where}"
    return (notice(order, f"Where your order {order.id} is", text),)
