"""The way of a return beside other wishes of one letter, and the way of what comes back for an exchange."""

from typing import Any

import pytest

from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from tests.workflows.returns.orders import asking, given_order, told_people, waiting
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.test_several_wishes import BOTH, SHIRT_AND_MUG
from tests.workflows.returns.test_undo import kontor
from tests.workflows.returns.way.test_way import steps, waiting_for_goods
from workflows.returns.types import ReturnRequest

pytestmark = pytest.mark.slow
SMALLER = "Please return the espresso machine for a refund and exchange the shirt for size S."
EXCHANGE = "Could I exchange the shirt for a size L? The S is too small."
MACHINE = {
    "id": "L2", "sku": "E2E-MACHINE", "product": "E2E-MACHINE", "name": "Espresso machine", "options": {},
    "unit_price_cents": 12_000,
}  # fmt: skip
SHIRT_AND_MACHINE: dict[str, Any] = {"lines": [{"id": "L1", "sku": "SHIRT-L"}, MACHINE]}
"""The machine costs more than the marketplace pays before it is back."""


async def goods_come(shop: Shop, request: ReturnRequest, *lines: tuple[str, int, str]) -> None:
    """Let the channel say what has come, and the case look."""
    shop.parcels(request.channel, request.order, *lines)
    await shop.handle(request).signal("facts_changed")


@pytest.mark.parametrize("channel", ["webshop", "marketplace"])
async def test_what_comes_back_for_two_wishes_is_one_parcel_and_restocked_once_it_is_here(
    shop: Shop, channel: str
) -> None:
    order = given_order(shop, channel, **SHIRT_AND_MUG)
    shop.parcels(channel, order)
    request = asking(order, BOTH, channel)

    await waiting_for_goods(shop, request, "0 of 2 pieces")
    assert sorted(steps(shop, request)) == [
        "authorise", "charge", "notify", "notify-again-2", "refund", "reserve"
    ]  # fmt: skip
    [authorised] = shop.entries(channel, "return", order)
    assert sorted(line["line"] for line in authorised["lines"]) == ["L1", "L2"]
    assert shop.entries(channel, "restock", order) == shop.entries(channel, "mark", order) == []

    await goods_come(shop, request, ("L1", 1, "sellable"), ("L2", 1, "sellable"))
    result = await shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "exchanged_and_returned")
    marks = {entry["mark"]: entry["lines"][0]["line"] for entry in shop.entries(channel, "mark", order)}
    assert marks == {"exchanged": "L1", "returned": "L2"}
    assert sorted(entry["lines"][0]["line"] for entry in shop.entries(channel, "restock", order)) == [
        "L1", "L2"
    ]  # fmt: skip


async def test_one_wish_is_done_while_the_money_of_the_other_waits_for_its_goods(shop: Shop) -> None:
    order = given_order(shop, "marketplace", **SHIRT_AND_MACHINE)
    shop.parcels("marketplace", order)
    request = asking(order, SMALLER, "marketplace")

    await waiting_for_goods(shop, request)
    assert sorted(steps(shop, request)) == ["authorise", "instruct", "notify", "refund", "reserve"]
    assert [entry["amount_cents"] for entry in shop.entries("marketplace", "refund", order)] == [500]

    await goods_come(shop, request, ("L1", 1, "sellable"), ("L2", 1, "sellable"))
    result = await shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "exchanged_and_returned")
    assert [entry["amount_cents"] for entry in shop.entries("marketplace", "refund", order)] == [500, 12_000]
    assert len(shop.entries("marketplace", "mark", order)) == 2
    assert result.amount_cents == 12_500


async def test_what_of_two_wishes_came_back_damaged_is_by_hand_where_its_reason_is_unsure(shop: Shop) -> None:
    order = given_order(shop, "marketplace", **SHIRT_AND_MACHINE)
    shop.parcels("marketplace", order, ("L1", 1, "sellable"), ("L2", 1, "damaged"))
    request = asking(order, SMALLER, "marketplace")
    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert "policy denies it: " in told_people(asked)
    assert "not certain: " in told_people(asked)
    [found] = [one.text for one in asked.request.evidence if one.source == "desk:goods"]
    assert "1 Espresso machine (damaged)" in found
    answer = Answer(person="ben", choice="approve", request_id=asked.request.id)
    await shop.handle(request).execute_update("decide", answer)
    result = await shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "handled_by_hand")
    assert [entry["amount_cents"] for entry in shop.entries("marketplace", "refund", order)] == [500]
    assert shop.entries("marketplace", "restock", order) == []


async def test_a_letter_whose_goods_are_on_their_way_is_undone_to_its_beginning(shop: Shop) -> None:
    order = given_order(shop, "marketplace", **SHIRT_AND_MACHINE)
    shop.parcels("marketplace", order)
    request = asking(order, SMALLER, "marketplace")
    await waiting_for_goods(shop, request)

    code, _ = await kontor(shop, "undo", DESK.case_id(request), "--as", "ben")

    assert code == 0
    for kind in ("return", "refund", "reservation"):
        assert shop.undone("marketplace", kind, order) == [True], kind


async def test_goods_that_cannot_be_booked_take_back_all_that_went_ahead_of_them(shop: Shop) -> None:
    order = given_order(shop, **SHIRT_AND_MUG)
    shop.strike("webshop", "restock", "refused", times=2, order=order)
    request = asking(order, BOTH)
    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert "_failed" in told_people(asked)
    for kind in ("return", "refund", "charge", "reservation"):
        assert shop.undone("webshop", kind, order) == [True], kind


async def test_the_new_piece_of_an_exchange_goes_ahead_and_the_old_one_is_restocked_as_it_was_found(
    shop: Shop,
) -> None:
    order = given_order(shop)
    shop.parcels("webshop", order)
    request = asking(order, EXCHANGE)

    await waiting_for_goods(shop, request)
    assert sorted(steps(shop, request)) == ["authorise", "charge", "notify", "reserve"]
    [told] = shop.entries("webshop", "message", order)
    assert f"write {request.id} on the parcel" in told["text"]

    await goods_come(shop, request, ("L1", 1, "damaged"))
    await waiting(shop, request)
    [question] = shop.installation.approvals.of_case(DESK.case_id(request))
    answer = Answer(person="ben", choice="approve", request_id=question.request.id)
    await shop.handle(request).execute_update("decide", answer)
    result = await shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "exchanged")
    assert [entry["condition"] for entry in shop.entries("webshop", "restock", order)] == ["damaged"]
    assert [entry["mark"] for entry in shop.entries("webshop", "mark", order)] == ["exchanged"]
