"""Several wishes for one order are one plan: what may fail first, then money, then goods."""

from datetime import UTC, datetime

import pytest

from contracts.memory import Context
from policy.engine import CedarEngine
from tests.conftest import ROOT
from workflows.registry import fact_types
from workflows.returns.plan import Known, plan_for
from workflows.returns.reading import Reading, Wanted
from workflows.returns.types import Intent, Order, OrderLine, Payment, Reason, ReturnRequest, Variant

ASKED_AT = datetime(2026, 11, 20, tzinfo=UTC)
OFFICE = ROOT / "office"


def an_order(size_s_cents: int = 4000, methods: tuple[str, ...] = ("card",)) -> Order:
    paid = size_s_cents + 1000
    payments = tuple(Payment(method=method, paid_cents=paid // len(methods)) for method in methods)
    return Order(
        id="W-1",
        channel="webshop",
        status="delivered",
        currency="EUR",
        customer="cust-1",
        placed_at=datetime(2026, 11, 5, tzinfo=UTC),
        delivered_at=datetime(2026, 11, 10, tzinfo=UTC),
        paid_cents=paid,
        payment_method=methods[0],
        payments=payments if len(methods) > 1 else (),
        lines=(
            OrderLine(id="L1", sku="S", product="SHIRT", name="Shirt", unit_price_cents=size_s_cents),
            OrderLine(id="L2", sku="MUG", product="MUG", name="Mug", unit_price_cents=1000),
        ),
        variants=(Variant(sku="L", product="SHIRT", price_cents=4500, available=3),),
    )


def both(order: Order) -> Reading:
    """The shirt for an L, the mug back."""
    back = Reading(intent=Intent.RETURN, reason=Reason.UNSTATED, wanted=(Wanted(line=order.lines[1]),))
    swap = Wanted(line=order.lines[0], variant=order.variants[0])
    return Reading(intent=Intent.EXCHANGE, reason=Reason.UNSTATED, wanted=(swap,), also=(back,))


def test_what_may_fail_comes_first_then_money_in_then_money_out_then_goods() -> None:
    order = an_order()

    plan = plan_for("returns/webshop/R-1", order, both(order), ASKED_AT)

    assert [effect.step for effect in plan.effects] == [
        "reserve", "charge", "refund", "restock", "notify", "mark", "restock-again-2", "notify-again-2",
        "mark-again-2",
    ]  # fmt: skip
    assert {effect.operation: effect.amount_cents for effect in plan.effects[1:3]} == {
        "charge": 500,
        "refund": 1000,
    }


def test_each_effect_is_judged_by_the_facts_of_its_own_wish_and_limits_by_all_that_moves() -> None:
    order = an_order()
    plan = plan_for("returns/webshop/R-1", order, both(order), ASKED_AT)

    known = {name: value for name, value in plan.facts.items() if name != "customer"}

    verdicts = CedarEngine.from_office(OFFICE, fact_types()).judge(plan.model_copy(update={"facts": known}))

    assert {verdict.outcome for verdict in verdicts} == {"allow"}
    by_step = {verdict.step: verdict.facts for verdict in verdicts}
    assert (by_step["charge"]["intent"], by_step["refund"]["intent"]) == ("exchange", "return")
    assert plan.facts["amount_cents"] == 1500


def test_each_way_of_paying_gets_back_its_share_of_both_wishes() -> None:
    order = an_order(size_s_cents=5000, methods=("card", "voucher", "wallet"))
    reading = both(order)

    plan = plan_for("returns/webshop/R-1", order, reading, ASKED_AT)

    paid: dict[str, int] = {}
    for effect in plan.effects:
        if effect.operation == "refund":
            method = str(effect.arguments["payment_method"])
            paid[method] = paid.get(method, 0) + effect.amount_cents
    assert paid == {"card": 500, "voucher": 500, "wallet": 500}
    assert len({effect.step for effect in plan.effects}) == len(plan.effects)


def test_every_line_is_claimed_once() -> None:
    order = an_order()
    plan = plan_for("returns/webshop/R-1", order, both(order), ASKED_AT)

    assert plan.claims == ("webshop/W-1/L1", "webshop/W-1/L2")


def test_a_wish_without_a_step_leaves_the_whole_plan_to_a_person() -> None:
    order = an_order()
    reading = both(order)
    open_swap = reading.model_copy(update={"wanted": (Wanted(line=order.lines[0]),)})

    assert plan_for("returns/webshop/R-1", order, open_swap, ASKED_AT).effects == ()


@pytest.mark.parametrize("bought", [1, 2])
def test_more_pieces_of_a_line_than_were_bought_in_all_wishes_together_are_a_question(bought: int) -> None:
    line = OrderLine(
        id="L1", sku="S", product="SHIRT", name="Shirt", unit_price_cents=2500 // bought, quantity=bought
    )
    order = an_order()
    order = order.model_copy(
        update={"lines": (line, order.lines[1]), "paid_cents": 2500 // bought * bought + 1000}
    )
    cheaper = order.variants[0].model_copy(update={"price_cents": 100})
    back = Reading(intent=Intent.RETURN, reason=Reason.SIZE, wanted=(Wanted(line=line, quantity=1),))
    swap = Wanted(line=line, quantity=bought, variant=cheaper)
    reading = Reading(intent=Intent.EXCHANGE, reason=Reason.SIZE, wanted=(swap,), also=(back,))

    plan = plan_for("returns/webshop/R-1", order, reading, ASKED_AT)
    known = Known(
        ReturnRequest(id="R-1", channel="webshop", order="W-1", message="please"),
        order,
        reading,
        Context(evidence=(), tokens=0),
    )

    assert plan.effects == ()
    assert known.doubts == (f"{bought + 1} of Shirt are asked for in all, {bought} can still come back",)


def test_other_pieces_of_one_line_may_come_back_and_be_exchanged_in_one_plan() -> None:
    order = an_order()
    line = order.lines[0].model_copy(update={"quantity": 2, "unit_price_cents": 2000})
    order = order.model_copy(update={"lines": (line, order.lines[1])})
    back = Reading(intent=Intent.RETURN, reason=Reason.SIZE, wanted=(Wanted(line=line, quantity=1),))
    swap = Wanted(line=line, quantity=1, variant=order.variants[0])
    reading = Reading(intent=Intent.EXCHANGE, reason=Reason.SIZE, wanted=(swap,), also=(back,))

    plan = plan_for("returns/webshop/R-1", order, reading, ASKED_AT)

    assert {"charge", "refund"} <= {effect.step for effect in plan.effects}
