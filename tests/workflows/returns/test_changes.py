"""An order that has not left is changed: its items with their difference, where it goes, how it is paid."""

from typing import Any

import pytest

from contracts.case import CaseStatus
from tests.workflows.returns.orders import asking, given_order, told_people, waiting
from tests.workflows.returns.shop import DESK, Shop
from workflows.returns.types import ReturnRequest

pytestmark = pytest.mark.slow

PENDING: dict[str, Any] = {
    "status": "pending",
    "delivered_days_ago": None,
    "methods": [{"id": "card-1", "kind": "card"}, {"id": "paypal-9", "kind": "paypal"}],
}
LARGER = "Please change the shirt in my order to size L."
ELSEWHERE = "Please change the shipping address of my order to 5 Main Street, Springfield IL 62701."


@pytest.mark.parametrize("channel", ["webshop", "marketplace"])
async def test_a_pending_shirt_becomes_larger_and_the_difference_is_charged(shop: Shop, channel: str) -> None:
    order = given_order(shop, channel, **PENDING)
    request = asking(order, LARGER, channel)

    result = await shop.run(request)

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "items_changed")
    steps = [entry.order.effect.step for entry in shop.timeline(request).effects]
    assert steps == ["change-items", "charge", "notify"]
    [change] = shop.entries(channel, "change", order)
    assert change["lines"] == [{"line": "L1", "sku": "SHIRT-S", "quantity": 1, "new_sku": "SHIRT-L"}]
    assert [entry["amount_cents"] for entry in shop.entries(channel, "charge", order)] == [500]


async def test_what_a_smaller_one_costs_less_goes_back_and_the_order_still_adds_up(shop: Shop) -> None:
    order = given_order(shop, **{**PENDING, "lines": [{"id": "L1", "sku": "SHIRT-L"}]})

    first = await shop.run(asking(order, "Please change the shirt in my order to size M."))
    then = await shop.run(asking(order, "Please cancel my order, I do not need it any more."))

    assert (first.outcome, first.amount_cents) == ("items_changed", 500)
    assert (then.outcome, then.amount_cents) == ("cancelled", 4000)


async def test_an_order_goes_elsewhere_and_is_paid_in_another_way(shop: Shop) -> None:
    order = given_order(shop, **PENDING)

    moved = await shop.run(asking(order, ELSEWHERE))
    paid = await shop.run(asking(order, "Please charge the order to my PayPal instead of my card."))

    assert (moved.outcome, paid.outcome) == ("address_changed", "payment_changed")
    places, methods = shop.entries("webshop", "change", order)
    assert places["address"] == "5 Main Street, Springfield IL 62701"
    assert methods["method"] == "paypal-9"


async def test_several_changes_of_one_order_are_one_plan_with_the_items_last(shop: Shop) -> None:
    order = given_order(shop, **PENDING)
    request = asking(order, f"{ELSEWHERE} And I would like to change the shirt to size L, please.")

    result = await shop.run(request)

    assert result.outcome == "address_changed_and_items_changed"
    steps = [entry.order.effect.step for entry in shop.timeline(request).effects]
    assert steps[:3] == ["change-address", "change-items", "charge"]


async def test_a_charge_that_fails_for_good_makes_the_order_what_it_was(shop: Shop) -> None:
    order = given_order(shop, **PENDING)
    shop.strike("webshop", "charge", "refused", order=order)

    what = await asked_of_people(shop, asking(order, LARGER))

    assert "charge_failed: 1 effect was undone" in what
    [change] = shop.entries("webshop", "change", order)
    assert change["undone_by"]


async def test_a_change_whose_answer_was_lost_is_not_made_twice(shop: Shop) -> None:
    order = given_order(shop, "marketplace", **PENDING)
    shop.strike("marketplace", "change_items", "cut_after", order=order)

    result = await shop.run(asking(order, LARGER, "marketplace"))

    assert result.outcome == "items_changed"
    assert len(shop.entries("marketplace", "change", order)) == 1


async def asked_of_people(shop: Shop, request: ReturnRequest) -> str:
    await shop.submit(request)
    await waiting(shop, request)
    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    return told_people(asked)


async def test_a_dear_order_goes_elsewhere_only_when_a_person_has_looked(shop: Shop) -> None:
    order = given_order(shop, **{**PENDING, "lines": [{"id": "L1", "sku": "SHIRT-S", "quantity": 5}]})

    await asked_of_people(shop, asking(order, ELSEWHERE))

    assert shop.entries("webshop", "change", order) == []


async def test_a_till_that_changes_no_orders_leaves_it_to_a_person(shop: Shop) -> None:
    order = given_order(shop, "store", **PENDING)

    await asked_of_people(shop, asking(order, LARGER, "store"))

    assert shop.entries("store", "charge", order) == []


@pytest.mark.parametrize(
    "words",
    [
        "Please do not change the shirt in my order to size L, I am happy with it.",
        "Can I still change the shirt in my order to size L later if I need to?",
    ],
)
async def test_who_does_not_ask_for_a_change_gets_none(shop: Shop, words: str) -> None:
    order = given_order(shop, **PENDING)

    await asked_of_people(shop, asking(order, words))

    assert shop.entries("webshop", "change", order) == []
