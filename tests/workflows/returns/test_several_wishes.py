"""Several wishes in one message: for one order they are one plan."""

from typing import Any

import pytest

from contracts.case import CaseStatus
from tests.workflows.returns.orders import asking, given_order, told_people, waiting
from tests.workflows.returns.shop import DESK, Shop

pytestmark = pytest.mark.slow

SHIRT_AND_MUG: dict[str, Any] = {
    "lines": [
        {"id": "L1", "sku": "SHIRT-S"},
        {"id": "L2", "sku": "E2E-MUG", "product": "E2E-MUG", "name": "Coffee mug", "options": {},
         "unit_price_cents": 1000},
    ]
}  # fmt: skip
BOTH = "Please return the coffee mug for a refund and exchange the shirt for size L."


@pytest.mark.parametrize("channel", ["webshop", "marketplace", "store"])
async def test_a_mug_is_returned_and_a_shirt_exchanged_in_one_plan(shop: Shop, channel: str) -> None:
    order = given_order(shop, channel, **SHIRT_AND_MUG)
    request = asking(order, BOTH, channel)

    result = await shop.run(request)

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "exchanged_and_returned")
    steps = [entry.order.effect.step for entry in shop.timeline(request).effects]
    first = [step for step in steps if step != "authorise"][:3]
    assert first == ["reserve", "charge", "refund"]
    assert [entry["amount_cents"] for entry in shop.entries(channel, "refund", order)] == [1000]
    assert [entry["amount_cents"] for entry in shop.entries(channel, "charge", order)] == [500]
    marks = {entry["mark"]: entry["lines"][0]["line"] for entry in shop.entries(channel, "mark", order)}
    assert marks == {"exchanged": "L1", "returned": "L2"}


async def test_what_the_message_does_not_want_back_stays(shop: Shop) -> None:
    order = given_order(shop, **SHIRT_AND_MUG)

    result = await shop.run(asking(order, "I want to return the coffee mug for a refund, not the shirt."))

    assert (result.outcome, result.amount_cents) == ("returned", 1000)
    [restock] = shop.entries("webshop", "restock", order)
    assert [piece["line"] for piece in restock["lines"]] == ["L2"]


async def test_one_of_two_wishes_that_fails_for_good_undoes_the_other(shop: Shop) -> None:
    order = given_order(shop, **SHIRT_AND_MUG)
    shop.strike("webshop", "refund", "refused", order=order)

    request = asking(order, BOTH)
    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.timeline(request).approvals
    assert "refund_failed: 3 effects were undone" in told_people(asked)
    assert shop.undone("webshop", "charge", order) == [True]
    assert shop.undone("webshop", "reservation", order) == [True]


GONE = "Please exchange the shirt for a size L. If there is none in L, I want my money back."


@pytest.mark.parametrize(("stock", "outcome"), [(0, "returned"), (5, "exchanged")])
async def test_what_shall_be_done_where_none_is_in_stock_is_done(
    shop: Shop, stock: int, outcome: str
) -> None:
    product = f"E2E-SHIRT-{stock}"
    sizes = [
        {"sku": f"{product}-{size}", "options": {"size": size}, "stock": stock if size == "L" else 3}
        for size in "SML"
    ]
    shirt = {"product": product, "name": "Linen shirt", "price_cents": 4000, "variants": sizes}
    shop.load(products=[shirt])
    order = given_order(shop, lines=[{"id": "L1", "sku": f"{product}-S"}])

    result = await shop.run(asking(order, GONE))

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, outcome)


async def test_wishes_of_which_policy_forbids_one_are_told_apart_by_a_person(shop: Shop) -> None:
    lines = [{**SHIRT_AND_MUG["lines"][0]}, {**SHIRT_AND_MUG["lines"][1], "returned_quantity": 1}]
    order = given_order(shop, lines=lines, refunded_cents=1000)
    request = asking(order, BOTH)
    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert "exchange of Linen shirt" in told_people(asked)
    assert shop.entries("webshop", "reservation", order) == []
