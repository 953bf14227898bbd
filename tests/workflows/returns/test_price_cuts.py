"""Who asks for a part of the price is not refunded all of it."""

import pytest

from tests.workflows.returns.orders import asking, given_order, told_people, waiting
from tests.workflows.returns.shop import DESK, Shop
from workflows.returns.price_cuts import A_PART, asks_for_a_part


@pytest.mark.parametrize(
    "message",
    [
        "Please refund 50% of the price of the shirt, it has a stain.",
        "Can I get a partial refund for the shirt? It has a stain.",
        "Refund half the price please, it has a small stain, I will keep it.",
        "I would like 20 percent back for the scratched lamp.",
        "Please give me a price reduction, the lamp is scratched.",
    ],
)
def test_a_message_asks_for_a_part_of_the_price(message: str) -> None:
    assert asks_for_a_part(message)


@pytest.mark.parametrize(
    "message",
    [
        "The shirt is too small, I want my money back.",
        "I want a full refund of 100% of the price.",
        "Part of the zip came off. I want to return it for a refund.",
        "The lamp is half broken, please refund it.",
    ],
)
def test_what_is_partly_broken_is_no_part_of_a_price(message: str) -> None:
    assert not asks_for_a_part(message)


@pytest.mark.slow
async def test_who_asks_for_half_of_the_price_comes_to_a_person_and_is_not_paid_all_of_it(shop: Shop) -> None:
    order = given_order(shop)
    request = asking(order, "Please refund 50% of the price of the shirt, it has a stain.")

    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert A_PART in told_people(asked)
    assert shop.entries("webshop", "refund", order) == []
