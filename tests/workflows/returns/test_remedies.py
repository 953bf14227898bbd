"""Faulty goods are a claim of their own: put right for nothing, never a withdrawal that is late."""

from datetime import UTC, datetime

import pytest

from workflows.returns.plan import plan_for
from workflows.returns.reading import Reading, Wanted
from workflows.returns.sums import sum_of
from workflows.returns.types import Intent, Order, OrderLine, Reason, Variant

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
BOUGHT, OTHER = "S-1", "S-2"


def an_order(now_cents: int, paid_cents: int = 4000) -> Order:
    """Return an order of one lamp bought at 40.00, which costs something else by now."""
    lamp = OrderLine(id="L1", sku=BOUGHT, product="P-1", name="Lamp", unit_price_cents=4000)
    return Order(
        id="W-1",
        channel="webshop",
        status="delivered",
        customer="c-1",
        currency="EUR",
        placed_at=NOW,
        delivered_at=NOW,
        paid_cents=paid_cents,
        discount_cents=4000 - paid_cents,
        payment_method="card",
        lines=(lamp,),
        variants=tuple(
            Variant(sku=sku, product="P-1", price_cents=now_cents, available=9) for sku in (BOUGHT, OTHER)
        ),
    )


def instead(order: Order, sku: str, reason: Reason, *, known: bool = True, claims: bool = True) -> Reading:
    """Return the wish to have something instead of the lamp."""
    variant = next(one for one in order.variants if one.sku == sku)
    wanted = (Wanted(line=order.lines[0], variant=variant),)
    return Reading(
        intent=Intent.EXCHANGE,
        reason=reason if known else Reason.UNSTATED,
        reason_known=known,
        wanted=wanted,
        claims=claims,
    )


@pytest.mark.parametrize("reason", [Reason.DAMAGED, Reason.WRONG_ITEM, Reason.NOT_AS_DESCRIBED])
@pytest.mark.parametrize("now_cents", [3500, 4500])
def test_what_was_faulty_is_replaced_by_the_same_again_whatever_it_costs_now(
    reason: Reason, now_cents: int
) -> None:
    order = an_order(now_cents)
    plan = plan_for("returns/webshop/R-1", order, instead(order, BOUGHT, reason), NOW)

    assert (plan.facts["ground"], plan.facts["remedy"]) == ("defect", "replacement")
    assert (plan.facts["amount_cents"], plan.facts["price_difference_cents"]) == (0, 0)
    assert [effect.step for effect in plan.effects] == ["reserve", "restock", "notify", "mark"]


def test_a_faulty_piece_that_was_bought_with_a_discount_is_replaced_without_a_question() -> None:
    order = an_order(4500, paid_cents=3000)

    assert sum_of(order, instead(order, BOUGHT, Reason.DAMAGED)).doubts == ()
    assert sum_of(order, instead(order, OTHER, Reason.DAMAGED)).doubts == (
        "Lamp was not bought at its list price, and the new one has another",
    )


def test_another_thing_instead_of_what_was_faulty_is_an_exchange_by_choice() -> None:
    order = an_order(4500)
    plan = plan_for("returns/webshop/R-1", order, instead(order, OTHER, Reason.DAMAGED), NOW)

    assert (plan.facts["ground"], plan.facts["remedy"]) == ("defect", "exchange")
    assert plan.facts["price_difference_cents"] == 500


def test_the_same_again_for_an_unsure_reason_is_a_question_where_its_price_has_changed() -> None:
    order, same = an_order(4500), an_order(4000)

    assert sum_of(order, instead(order, BOUGHT, Reason.DAMAGED, known=False)).doubts == (
        "whether Lamp is faulty: then the same again costs nothing, whatever it costs now",
    )
    assert sum_of(same, instead(same, BOUGHT, Reason.DAMAGED, known=False)).doubts == ()


def test_a_case_of_an_earlier_version_settles_the_difference_as_it_began() -> None:
    order = an_order(4500)

    assert sum_of(order, instead(order, BOUGHT, Reason.DAMAGED, claims=False)).difference_cents == 500


def test_the_ground_of_an_unsure_reason_is_unsure_and_of_none_at_all_it_is_a_withdrawal() -> None:
    order = an_order(4000)
    unsure = instead(order, OTHER, Reason.SIZE, known=False)
    unstated = instead(order, OTHER, Reason.UNSTATED)

    grounds = [plan_for("c", order, each, NOW).facts["ground"] for each in (unsure, unstated)]
    assert grounds == ["unsure", "withdrawal"]
