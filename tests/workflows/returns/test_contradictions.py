"""A form and a text, or a text and its order, that say different numbers are a person's."""

from typing import Any

import pytest

from tests.workflows.returns.orders import asking, given_order, waiting
from tests.workflows.returns.shop import Shop

pytestmark = pytest.mark.slow


def shirts(pieces: int) -> dict[str, Any]:
    return {"lines": [{"id": "L1", "sku": "SHIRT-S", "quantity": pieces}]}


@pytest.mark.parametrize(
    ("bought", "message", "in_form"),
    [
        (3, "Both shirts are too small, I want to return them for a refund.", None),
        (3, "I want to return both shirts for a refund, they are too small.", None),
        (3, "I want to return two shirts for a refund, they are too small.", 1),
        (2, "I want to return two shirts for a refund, they are too small.", 1),
        (3, "I want to return one of the three shirts for a refund, it is too small.", 3),
    ],
)
async def test_numbers_that_contradict_each_other_refund_nothing_by_themselves(
    shop: Shop, bought: int, message: str, in_form: int | None
) -> None:
    order = given_order(shop, **shirts(bought))
    more: dict[str, Any] = {"items": [{"line": "L1", "quantity": in_form}]} if in_form else {}
    request = asking(order, message, **more)

    await shop.submit(request)
    await waiting(shop, request)

    assert shop.entries("webshop", "refund", order) == []


@pytest.mark.parametrize(
    ("message", "in_form", "cents"),
    [
        ("I want to return one of the two shirts for a refund, it is too small.", 1, 4000),
        ("Both shirts are too small, I want to return them for a refund.", None, 8000),
        ("The shirts are too small, I want to return one for a refund.", 1, 4000),
    ],
)
async def test_numbers_that_agree_are_refunded(
    shop: Shop, message: str, in_form: int | None, cents: int
) -> None:
    order = given_order(shop, **shirts(2))
    more: dict[str, Any] = {"items": [{"line": "L1", "quantity": in_form}]} if in_form else {}

    assert (await shop.run(asking(order, message, **more))).amount_cents == cents
