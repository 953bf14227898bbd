"""What is done at each stage of a return's way, in order."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.authorization import Plan
    from contracts.effect import ProposedEffect
    from contracts.money import apportioned, money_text
    from contracts.parcel import Condition
    from contracts.shares import Share
    from workflows.returns.effects import difference, new_items, refunded, reservations
    from workflows.returns.payments import payment
    from workflows.returns.reading import Reading
    from workflows.returns.remedies import claim_facts
    from workflows.returns.steps import effect, named_lines, notice
    from workflows.returns.sums import WHOLE, Sum, named
    from workflows.returns.types import AUTHORISE, Intent, Order
    from workflows.returns.way.goods import ReturnedGoods
    from workflows.returns.way.state import SHARES, Way
    from workflows.returns.worth import line_account

SHELVES: Mapping[Condition, str] = {"sellable": "sellable", "damaged": "damaged", "missing_parts": "damaged"}
"""How goods go into stock; what is not what was sold goes into none."""


def way_effects(order: Order, reading: Reading, found: Sum, way: Way) -> tuple[ProposedEffect, ...]:
    """Return what is done next for a return whose channel takes goods back.

    Args:
        order: the order.
        reading: the request as understood; of goods that were inspected, what came back of them.
        found: what the request moves.
        way: where the return stands.
    """
    items = named([found.counted(line) for line in reading.lines])
    amount, methods = money_text(found.amount_cents, order.currency), len(order.ways_paid)
    money = refunded(order, reading, found, found.by_account(order))
    rma, postage = way.rma, way.postage
    match way.goods:
        case "kept":
            return (*money, notice(order, reading, "kept", items=items, amount=amount, methods=methods))
        case "expected":
            says = notice(
                order,
                reading,
                "sent_ahead",
                items=items,
                amount=amount,
                methods=methods,
                rma=rma,
                postage=postage,
            )
            return (authorised(order, reading, found.pieces, way), *money, says)
        case "awaited":
            says = notice(
                order,
                reading,
                "send_back",
                step="instruct",
                items=items,
                amount=amount,
                rma=rma,
                postage=postage,
            )
            return (authorised(order, reading, found.pieces, way), says)
        case _:
            says = (
                notice(order, reading, "returned", items=items, amount=amount, methods=methods)
                if way.share == WHOLE
                else notice(
                    order,
                    reading,
                    "returned_in_part",
                    items=items,
                    amount=amount,
                    methods=methods,
                    reasons=[*way.share_why],
                )
            )
            marks = _marked(order, reading, way.back, booked=bool(money))
            return (*money, *_restocked(order, reading, way.back), says, *marks)


def exchanged_ahead(order: Order, reading: Reading, found: Sum, way: Way) -> tuple[ProposedEffect, ...]:
    """Return what is done first of an exchange whose old piece is still to come: the new one goes ahead."""
    says = notice(
        order, reading, "exchanged_ahead", items=new_items(reading), rma=way.rma, postage=way.postage
    )
    return (
        *reservations(order, reading, found),
        authorised(order, reading, found.pieces, way),
        *difference(order, reading, found),
        says,
    )


def rest_of(order: Order, reading: Reading, way: Way, then: Mapping[str, JsonValue]) -> Plan:
    """Return what is left to do where the money, or the new piece, went before the goods.

    The order shows our own work by now: the facts are those that it was allowed by, with what is known of
    the goods.

    Args:
        order: the order as it is now.
        reading: the one wish.
        way: its way.
        then: the facts that it was allowed by.
    """
    assert way.begun is not None
    effects = (
        _charged_back(order, reading, way)
        if way.goods == "lost"
        else (*_restocked(order, reading, way.back), *_marked(order, reading, way.back, booked=_booked(then)))
    )
    # Whoever let the money go understood the request, or agreed to it: nobody is asked that once more.
    facts = {**claim_facts(reading), **then, **way.facts, "understood": True}
    nothing: dict[str, object] = {"accounts": (), "versions": {}, "subject": None}
    return way.begun.model_copy(update={"effects": effects, "facts": facts, **nothing})


def outlines(most: Plan, ways: Sequence[Way]) -> list[Plan]:
    """Return what policies read of each way, from the plan of the one that does most: label, money, word."""
    bare = most.in_outline()
    left_out = {"kept": AUTHORISE, "awaited": "refund"}
    return [
        bare.model_copy(
            update={
                "facts": {**bare.facts, **way.facts},
                "effects": tuple(one for one in bare.effects if one.operation != left_out.get(way.goods)),
            }
        )
        for way in ways
    ]


def shares_in_outline(whole: Plan) -> list[Plan]:
    """Return what policies read of a plan that refunds less and less of the goods' worth.

    Of thousands of lines, too, it follows from the plan of the whole; what is chosen is planned to the cent.
    """
    bare = whole.in_outline()
    cents = [one.amount_cents for one in bare.effects if one.operation == "refund"]
    postage, moved = int(str(bare.facts["shipping_cents"])), int(str(bare.facts["amount_cents"]))
    made = []
    for share in SHARES:
        paid = postage + (sum(cents) - postage) * share // WHOLE
        parts = iter(apportioned(paid, cents))
        effects = [
            one.model_copy(update={"amount_cents": next(parts)}) if one.operation == "refund" else one
            for one in bare.effects
        ]
        facts = {**bare.facts, "share_percent": share, "amount_cents": moved - sum(cents) + paid}
        made.append(bare.model_copy(update={"effects": tuple(effects), "facts": facts}))
    return made


def pieces_of(plan: Plan) -> dict[str, int]:
    """Return how many pieces of each line a plan tells the channel to expect back."""
    authorised = next((one for one in plan.effects if one.operation == AUTHORISE), None)
    lines = authorised.arguments["lines"] if authorised else []
    assert isinstance(lines, list)
    return {str(line["line"]): int(str(line["quantity"])) for line in lines if isinstance(line, dict)}


def as_returned(reading: Reading, way: Way) -> Reading:
    """Return the request as it can be met: refunded are pieces that came back and are what was sold."""
    first, *also = (_as_returned(each, way.of(place, each.intent)) for place, each in enumerate(reading.each))
    return first.model_copy(update={"also": tuple(also)})


def _as_returned(reading: Reading, way: Way) -> Reading:
    if reading.intent is not Intent.RETURN or not way.back.expected:
        return reading
    ours = way.back.ours
    wanted = tuple(
        item.model_copy(update={"quantity": ours[item.line.id]})
        for item in reading.wanted
        if item.line.id in ours
    )
    return reading.model_copy(update={"wanted": wanted})


def authorised(order: Order, reading: Reading, pieces: Mapping[str, int], way: Way) -> ProposedEffect:
    """Return what gives the return its number, and mails the customer a label."""
    lines = named_lines(reading.lines, pieces)
    return effect("authorise", AUTHORISE, order, rma=way.rma, lines=lines, postage=way.postage)


def _restocked(order: Order, reading: Reading, back: ReturnedGoods) -> tuple[ProposedEffect, ...]:
    """Return what puts goods into stock as they were found; each condition is a step of its own."""
    made = []
    for condition, shelf in SHELVES.items():
        if pieces := back.in_condition(condition):
            step = "restock" if condition == "sellable" else f"restock-{condition.replace('_', '-')}"
            lines = named_lines(reading.lines, pieces)
            made.append(effect(step, "restock", order, lines=lines, condition=shelf))
    return tuple(made)


def _marked(
    order: Order, reading: Reading, back: ReturnedGoods, *, booked: bool
) -> tuple[ProposedEffect, ...]:
    """Return what shows at the order what came back; it books the pieces where no refund has."""
    mark = "exchanged" if reading.intent is Intent.EXCHANGE else "returned"
    lines = named_lines(reading.lines, back.ours)
    pieces = {} if booked else back.ours
    shares = tuple(Share(account=line_account(order, line), quantity=count) for line, count in pieces.items())
    return (effect("mark", "mark_order", order, shares, mark=mark, lines=lines),) if lines else ()


def _booked(then: Mapping[str, JsonValue]) -> bool:
    """Say whether a refund that went ahead has booked the pieces already."""
    cents, differs = int(str(then["amount_cents"])), int(str(then["price_difference_cents"]))
    return differs < 0 if then["intent"] == Intent.EXCHANGE else cents > 0


def _charged_back(order: Order, reading: Reading, way: Way) -> tuple[ProposedEffect, ...]:
    """Return what takes back the money that went before goods which never came."""
    assert way.begun is not None
    cents = sum(one.amount_cents for one in way.begun.effects if one.operation == "refund")
    if not cents:
        return ()
    method, reason = order.payment_method, reading.reason.value
    amount = money_text(cents, order.currency)
    return (
        payment("charge", order, cents, method=method, reason=reason, shares=()),
        notice(order, reading, "charged_back", step="notify-charge", amount=amount, rma=way.rma),
    )
