"""What of the price is refunded for goods that did not come back as they left: by policy, and by people."""

from typing import Any

import pytest

from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from tests.workflows.returns.orders import asked_for, asking, given_order, waiting, with_a_photo
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.test_undo import kontor
from tests.workflows.returns.way.test_marketplace import ALL_THREE, CHANNEL
from workflows.returns.types import ReturnRequest

pytestmark = pytest.mark.slow
LINE = {"id": "L1", "sku": "SHIRT-S", "quantity": 3}
BROKEN = "All three shirts arrived broken: their seams are torn open. I want my money back, please."
HALF = 5999
"""Of 119.99: never a cent more than policy allows."""


async def damaged(shop: Shop, message: str, **changes: Any) -> ReturnRequest:
    """Hand in the return of three shirts of 119.99, which come back damaged; return it when it waits."""
    order = given_order(shop, CHANNEL, lines=[LINE], discount_cents=1, **changes)
    shop.parcels(CHANNEL, order, ("L1", 3, "damaged"))
    request = asking(order, message, CHANNEL)
    if message == BROKEN:
        await with_a_photo(shop, request)
    await shop.submit(request)
    await waiting(shop, request)
    return request


async def test_of_what_the_customer_damaged_half_is_refunded_and_they_are_told_why(shop: Shop) -> None:
    request = await damaged(shop, ALL_THREE)
    question = await asked_for(shop, request, HALF)
    answer = Answer(person="ben", choice="approve", request_id=question.request.id)
    await shop.handle(request).execute_update("decide", answer)
    result = await shop.handle(request).result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", HALF)
    [refund] = shop.entries(CHANNEL, "refund", request.order)
    assert (refund["amount_cents"], refund["lines"][0]["quantity"]) == (HALF, 3)
    told = shop.entries(CHANNEL, "message", request.order)[-1]["text"]
    assert "refunded 59.99 EUR" in told
    assert "half of its price is refunded" in told
    assert (await shop.run(asking(request.order, ALL_THREE, CHANNEL))).status is CaseStatus.DENIED


async def test_a_person_may_lower_the_share_and_never_raise_it(shop: Shop) -> None:
    request = await damaged(shop, ALL_THREE)
    question = await asked_for(shop, request, HALF)
    more = Answer(person="ben", choice="edit", amount_cents=HALF + 1, request_id=question.request.id)
    with pytest.raises(Exception, match="Workflow update failed"):
        await shop.handle(request).execute_update("decide", more)
    less = Answer(person="ben", choice="edit", amount_cents=1000, request_id=question.request.id)
    await shop.handle(request).execute_update("decide", less)
    result = await shop.handle(request).result()

    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 1000)
    assert "refunded 10.00 EUR" in shop.entries(CHANNEL, "message", request.order)[-1]["text"]


async def test_what_left_damaged_is_refunded_whole(shop: Shop) -> None:
    request = await damaged(shop, BROKEN)

    assert await asked_for(shop, request, 11_999)


async def test_a_share_is_undone_with_its_case(shop: Shop) -> None:
    request = await damaged(shop, ALL_THREE)
    question = await asked_for(shop, request, HALF)
    answer = Answer(person="ben", choice="approve", request_id=question.request.id)
    await shop.handle(request).execute_update("decide", answer)
    await shop.handle(request).result()

    code, _ = await kontor(shop, "undo", DESK.case_id(request), "--as", "ben")

    assert code == 0
    for kind in ("return", "refund", "restock", "mark"):
        assert shop.undone(CHANNEL, kind, request.order) == [True], kind
