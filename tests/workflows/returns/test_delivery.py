"""The window of a return is counted from a delivery that its channel dates; else a person looks."""

from typing import Any

import pytest

from tests.workflows.returns.orders import RETURN, asked_for, asking, given_order
from tests.workflows.returns.shop import Shop

pytestmark = pytest.mark.slow
CHANGED_MIND = "I changed my mind about the shirt. I would like to return it for a refund, please."
NOT_TOLD, TO_COME = "when it was delivered is not told", "it is told as delivered at a time to come"


@pytest.mark.parametrize("message", [CHANGED_MIND, RETURN])
@pytest.mark.parametrize(
    ("dates", "why"),
    [
        ({"delivered_days_ago": None, "placed_days_ago": 2000}, NOT_TOLD),
        ({"delivered_days_ago": None, "placed_days_ago": 2}, NOT_TOLD),
        ({"delivered_days_ago": -90}, TO_COME),
        ({"delivered_days_ago": -60_000}, TO_COME),
    ],
)
async def test_a_delivery_without_a_time_that_was_is_refunded_only_by_a_person_who_is_told_so(
    shop: Shop, message: str, dates: dict[str, Any], why: str
) -> None:
    order = given_order(shop, **dates)
    request = asking(order, message)

    await shop.submit(request)
    question = await asked_for(shop, request, 4000)

    assert why in [each.text for each in question.request.evidence]
    assert shop.entries("webshop", "refund", order) == []
