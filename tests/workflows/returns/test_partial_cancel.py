"""A wish to cancel a part of an order never cancels the whole of it: a person reads it."""

from typing import Any

import pytest

from contracts.case import CaseStatus
from tests.workflows.returns.orders import asking, waiting
from tests.workflows.returns.shop import DESK, Shop
from workflows.returns.types import OrderLine, ReturnRequest
from workflows.returns.wishes.whole_order import part_meant

GOODS = [
    {
        "product": "PART-MUG",
        "name": "Coffee mug",
        "price_cents": 1000,
        "variants": [{"sku": "PART-MUG", "options": {}, "stock": 50}],
    },
    {
        "product": "PART-TEE",
        "name": "T-shirt",
        "price_cents": 1500,
        "variants": [{"sku": "PART-TEE", "options": {}, "stock": 50}],
    },
]
MUGS: dict[str, Any] = {"id": "L1", "sku": "PART-MUG", "quantity": 3}
TEE: dict[str, Any] = {"id": "L2", "sku": "PART-TEE"}
ONLY_MUGS, BOTH = [MUGS], [MUGS, TEE]

OF_THREE_MUGS = [
    "Please cancel one of the three coffee mugs, I only need two.",
    "Please cancel two mugs, one is enough.",
    "Cancel 1 of the 3 mugs please.",
    "Please cancel 2 of the mugs.",
    "I already have one. Please cancel the other two.",
    "Please cancel half of my order.",
    "Please cancel the extra coffee mug, I ordered too many.",
    "Please cancel a mug from my order.",
    "Ordered twice by mistake, please cancel one.",
    "Please cancel both mugs.",
    "Please cancel the coffee mug.",
    "Cancel my order, but leave me one mug.",
    "Please cancel all but one of the mugs.",
    "Reduce my order to a single mug please, cancel the remaining ones.",
    "Bitte stornieren Sie eine der drei Kaffeetassen, ich brauche nur zwei.",
    "Bitte stornieren Sie zwei Tassen.",
    "Bitte die Hälfte der Bestellung stornieren.",
    "Bitte stornieren Sie nur eine Tasse.",
    "Bitte stornieren Sie die anderen beiden.",
    "Bitte stornieren Sie meine Bestellung bis auf einen Becher.",
]
OF_MUGS_AND_A_SHIRT = [
    "Please cancel the T-shirt from my order, I want to keep the mugs.",
    "Please cancel the T-shirt.",
    "Please cancel the shirt, my sister has bought me the very same one.",
    "Please cancel the mugs.",
    "Cancel the three mugs please.",
    "Please cancel everything except the shirt.",
    "Please cancel one item of my order.",
    "Please cancel 2 of the mugs.",
    "Ich möchte das T-Shirt stornieren.",
    "Bitte das T-Shirt stornieren, die Tassen behalte ich.",
]
WHOLE = [
    "Please cancel my order, I do not need it any more.",
    "I want to cancel all of it.",
    "Cancel everything please.",
    "Is there time to call off my order? If so, do it.",
    "Bitte stornieren Sie meine Bestellung.",
    "Ich möchte die gesamte Bestellung stornieren.",
]


def given(shop: Shop, number: str, lines: list[dict[str, Any]]) -> str:
    order = {
        "id": number,
        "channel": "webshop",
        "customer": f"cust-{number}",
        "status": "pending",
        "placed_days_ago": 1,
        "currency": "EUR",
        "payment_method": "card-1",
        "lines": lines,
    }
    shop.load(products=GOODS, orders=[order])
    return number


def lines_of(given: list[dict[str, Any]]) -> list[OrderLine]:
    names = {"PART-MUG": "Coffee mug", "PART-TEE": "T-shirt"}
    return [
        OrderLine(product=each["sku"], name=names[each["sku"]], unit_price_cents=1000, **each)
        for each in given
    ]


@pytest.mark.parametrize(
    ("message", "lines"),
    [*((each, ONLY_MUGS) for each in OF_THREE_MUGS), *((each, BOTH) for each in OF_MUGS_AND_A_SHIRT)],
)
def test_a_number_a_line_or_a_turn_of_speech_below_the_whole_order_is_heard(
    message: str, lines: list[dict[str, Any]]
) -> None:
    assert part_meant(message, lines_of(lines))


@pytest.mark.parametrize("message", WHOLE)
@pytest.mark.parametrize("lines", [ONLY_MUGS, BOTH])
def test_a_wish_to_cancel_the_order_means_all_of_it(message: str, lines: list[dict[str, Any]]) -> None:
    assert part_meant(message, lines_of(lines)) == ""


@pytest.mark.parametrize(
    "message",
    ["Please cancel all three mugs.", "Cancel the 3 coffee mugs.", "Please cancel my order of three mugs."],
)
def test_a_number_that_is_all_there_is_means_all_of_it(message: str) -> None:
    assert part_meant(message, lines_of(ONLY_MUGS)) == ""


def test_of_an_order_of_one_piece_there_is_no_part() -> None:
    assert part_meant("Please cancel one T-shirt of my order.", lines_of([TEE])) == ""


def test_a_text_in_a_language_whose_numbers_nobody_reads_is_not_said_to_mean_all() -> None:
    message = "Veuillez annuler une des trois tasses."

    assert "'fr'" in part_meant(message, lines_of(ONLY_MUGS), "fr")


@pytest.mark.slow
async def test_a_wish_to_cancel_a_part_of_an_order_moves_nothing_and_waits_for_a_person(shop: Shop) -> None:
    letters = [
        *((each, ONLY_MUGS) for each in OF_THREE_MUGS),
        *((each, BOTH) for each in OF_MUGS_AND_A_SHIRT),
    ]
    requests = [
        asking(given(shop, f"PART-{place}", lines), message) for place, (message, lines) in enumerate(letters)
    ]
    await moves_nothing(shop, requests)


@pytest.mark.slow
async def test_a_form_that_names_a_part_of_an_order_cancels_nothing_by_itself(shop: Shop) -> None:
    forms: list[list[dict[str, Any]]] = [
        [{"line": "L1", "quantity": 1}],
        [{"line": "L2"}],
        [{"line": "L1", "quantity": 2}, {"line": "L2", "quantity": 1}],
        [{"line": "L1"}, {"line": "L2"}, {"line": "L9"}],
    ]
    requests = [
        asking(given(shop, f"FORM-{place}", BOTH), "Please cancel this order.", items=items)
        for place, items in enumerate(forms)
    ]
    await moves_nothing(shop, requests)


@pytest.mark.slow
async def test_a_whole_order_is_still_cancelled_also_by_a_form_that_names_all_of_it(shop: Shop) -> None:
    everything: list[dict[str, Any]] = [{"line": "L1", "quantity": 3}, {"line": "L2"}]
    forms: list[tuple[str, dict[str, Any]]] = [("ALL-1", {}), ("ALL-2", {"items": everything})]
    for number, more in forms:
        message = "Please cancel my order, I do not need it any more."
        result = await shop.run(asking(given(shop, number, BOTH), message, **more))
        assert len(shop.entries("webshop", "cancellation", number)) == 1
        assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 4500)


async def moves_nothing(shop: Shop, requests: list[ReturnRequest]) -> None:
    """Hand all of them in, and see that each waits and its order is as it was."""
    for request in requests:
        await shop.submit(request)
    for request in requests:
        await waiting(shop, request)
        record = shop.installation.cases.find(DESK.case_id(request))
        assert record is not None
        assert shop.entries("webshop", "refund", request.order) == [], request.message
        assert shop.entries("webshop", "cancellation", request.order) == [], request.message
