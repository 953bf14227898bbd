"""The way of a return at the marketplace, with its own policy; and the store, which has none."""

from typing import Any

import pytest

from contracts.case import CaseStatus
from tests.workflows.returns.orders import RETURN, asking, given_order
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.test_undo import kontor
from tests.workflows.returns.way.test_way import steps, waiting_for_goods

pytestmark = pytest.mark.slow
CHANNEL = "marketplace"
THREE: dict[str, Any] = {"lines": [{"id": "L1", "sku": "SHIRT-S", "quantity": 3}]}
"""Shirts of 120.00: more than the marketplace pays before they are back."""
ALL_THREE = "All three shirts are too small, I want to return them all for a refund."


async def test_small_money_of_the_marketplace_goes_before_goods_that_come_by_themselves(shop: Shop) -> None:
    order = given_order(shop, CHANNEL, parcels=[{"after_seconds": 1}])
    request = asking(order, RETURN, CHANNEL)

    await waiting_for_goods(shop, request)
    assert steps(shop, request) == ["authorise", "refund", "notify"]
    assert shop.entries(CHANNEL, "restock", order) == []
    result = await shop.handle(request).result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 4000)
    assert len(shop.entries(CHANNEL, "restock", order)) == len(shop.entries(CHANNEL, "refund", order)) == 1


async def test_more_money_of_the_marketplace_waits_for_the_goods(shop: Shop) -> None:
    order = given_order(shop, CHANNEL, **THREE)
    shop.parcels(CHANNEL, order)
    request = asking(order, ALL_THREE, CHANNEL)

    await waiting_for_goods(shop, request)
    assert steps(shop, request) == ["authorise", "instruct"]
    [authorised] = shop.entries(CHANNEL, "return", order)
    assert (authorised["rma"], authorised["postage"]) == (request.id, "customers")

    shop.parcels(CHANNEL, order, ("L1", 3, "sellable"))
    await shop.handle(request).signal("facts_changed")
    result = await shop.handle(request).result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 12_000)
    assert steps(shop, request)[:3] == ["authorise", "instruct", "refund"]


async def test_a_return_whose_authorisation_is_lost_is_authorised_once_and_undone(shop: Shop) -> None:
    order = given_order(shop, CHANNEL, **THREE)
    shop.parcels(CHANNEL, order)
    shop.strike(CHANNEL, "authorise_return", "cut_after", order=order)
    request = asking(order, ALL_THREE, CHANNEL)
    await waiting_for_goods(shop, request)
    assert shop.undone(CHANNEL, "return", order) == [False]

    code, _ = await kontor(shop, "undo", DESK.case_id(request), "--as", "ben")

    assert code == 0
    assert shop.undone(CHANNEL, "return", order) == [True]


async def test_what_is_on_the_counter_of_the_store_is_settled_at_once(shop: Shop) -> None:
    order = given_order(shop, "store")
    request = asking(order, RETURN, "store")

    result = await shop.run(request)

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "returned")
    assert sorted(steps(shop, request)) == ["mark", "notify", "refund", "restock"]
