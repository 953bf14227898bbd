"""A message that asks for nothing moves nothing, on the whole Kontor; a person reads it."""

from typing import Any

import pytest

from tests.workflows.returns.orders import asking, given_order, waiting
from tests.workflows.returns.shop import Shop

UNSHIPPED: dict[str, Any] = {"status": "pending", "delivered_days_ago": None}


@pytest.mark.parametrize(
    ("message", "order"),
    [
        ("Don't cancel my order.", UNSHIPPED),
        ("I saw your mail about how to cancel. No thanks, keep the order as it is.", UNSHIPPED),
        ("I have already received my refund for the shirt, thank you!", {}),
        ("Can I return the shirt if it turns out too small? I have not tried it on yet.", {}),
    ],
)
async def test_what_is_not_asked_for_is_not_done_and_a_person_sees_why(
    shop: Shop, message: str, order: dict[str, Any]
) -> None:
    number = given_order(shop, **order)
    request = asking(number, message)

    await shop.submit(request)
    await waiting(shop, request)

    assert shop.entries("webshop", "refund", number) == []
    found = shop.timeline(request)
    asks = next(made for made in found.decisions.values() if made.task == "returns.asks")
    assert asks.answer is not None
    assert asks.answer["label"] == "does_not_ask"
