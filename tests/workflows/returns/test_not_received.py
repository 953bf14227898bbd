"""What never reached its customer is no return: it is neither refused as one nor sent a label for."""

import pytest

from tests.workflows.returns.orders import asking, given_order, told_people, waiting
from tests.workflows.returns.shop import DESK, Shop
from workflows.returns.not_received import NOT_RECEIVED, never_came


@pytest.mark.parametrize(
    "message",
    [
        "My parcel never came. I want my money back.",
        "The tracking says delivered but I never received the parcel. Refund please.",
        "I bought 5 mugs, 1 was missing from the parcel. Please refund the missing one.",
        "The box was empty! Money back.",
        "It got lost in the mail, please refund me.",
        "Still waiting for my order, refund me.",
    ],
)
def test_a_message_tells_that_something_never_came(message: str) -> None:
    assert never_came(message)


@pytest.mark.parametrize(
    "message",
    [
        "The mug did not come with a saucer, refund please.",
        "I never received a reply to my mail. The mug is broken, refund it.",
        "My refund has not arrived.",
        "I have not worn it, I want to return it.",
        "It never worked. Refund please.",
    ],
)
def test_what_else_did_not_come_or_not_happen_says_nothing_of_the_goods(message: str) -> None:
    assert not never_came(message)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("shipped", "My parcel never came. I want my money back."),
        (
            "delivered",
            "I ordered five shirts, one was missing from the parcel. Please refund the missing one.",
        ),
    ],
)
async def test_who_wants_money_for_what_never_came_comes_to_a_person_and_gets_no_label(
    shop: Shop, status: str, message: str
) -> None:
    delivered = 5 if status == "delivered" else None
    lines = [{"id": "L1", "sku": "SHIRT-S", "quantity": 5}]
    order = given_order(shop, status=status, delivered_days_ago=delivered, lines=lines)
    request = asking(order, message)

    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert NOT_RECEIVED in told_people(asked)
    assert shop.entries("webshop", "return", order) == shop.entries("webshop", "refund", order) == []
