"""The way of a return, end to end: label, parcel, inspection, refund, and what happens in between."""

import asyncio
import re
from typing import Any

import pytest

from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from contracts.parcel import Inspection, Parcel
from service.case_updates import CaseOver
from service.goods import tell
from tests.workflows.returns.orders import (
    RETURN,
    a_waiting_return,
    asked_for,
    asking,
    given_order,
    told_people,
    waiting,
    with_a_photo,
)
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.test_undo import kontor
from workflows.returns.types import ReturnRequest

pytestmark = pytest.mark.slow
THIRTEEN: dict[str, Any] = {"lines": [{"id": "L1", "sku": "SHIRT-S", "quantity": 13}]}
"""Shirts of 520.00: more than the webshop pays before they are back."""
ALL_THIRTEEN = "All thirteen shirts are too small, I want to return them all for a refund."
TWO: dict[str, Any] = {"lines": [{"id": "L1", "sku": "SHIRT-S", "quantity": 2}]}
BOTH = "Both shirts are too small for me. I would like to return them and get my money back, please."


async def waiting_for_goods(shop: Shop, request: ReturnRequest, words: str = "pieces of return") -> None:
    """Hand a request in, unless it is, and wait until its case waits for goods."""
    await shop.submit(request)
    for _ in range(400):
        record = shop.installation.cases.find(DESK.case_id(request))
        if record is not None and words in record.waits_for:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the case never said {words!r}")


def steps(shop: Shop, request: ReturnRequest) -> list[str]:
    """Return the steps of a case's effects, as they were begun."""
    return [entry.order.effect.step for entry in shop.timeline(request).effects]


async def test_small_money_goes_before_the_goods_and_stock_waits_for_them(shop: Shop) -> None:
    order = given_order(shop)
    shop.parcels("webshop", order)
    request = asking(order, RETURN)

    await waiting_for_goods(shop, request)
    assert steps(shop, request) == ["authorise", "refund", "notify"]
    assert shop.entries("webshop", "restock", order) == []
    [authorised] = shop.entries("webshop", "return", order)
    assert (authorised["rma"], authorised["postage"]) == (request.id, "customers")
    [told] = shop.entries("webshop", "message", order)
    assert f"write {request.id} on the parcel" in told["text"]

    shop.parcels("webshop", order, ("L1", 1, "sellable"))
    await shop.handle(request).signal("facts_changed")
    result = await shop.handle(request).result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 4000)
    [restocked] = shop.entries("webshop", "restock", order)
    assert restocked["condition"] == "sellable"
    assert len(shop.entries("webshop", "mark", order)) == 1
    assert len(shop.entries("webshop", "refund", order)) == 1


async def test_much_money_goes_once_the_goods_were_inspected_and_a_person_agreed(shop: Shop) -> None:
    order = given_order(shop, **THIRTEEN)
    shop.parcels("webshop", order)
    request = asking(order, ALL_THIRTEEN)

    await waiting_for_goods(shop, request)
    assert steps(shop, request) == ["authorise", "instruct"]

    await tell(shop.client, DESK.case_id(request), Inspection(person="anna"))
    question = await asked_for(shop, request, 52_000)
    assert shop.entries("webshop", "refund", order) == []
    answer = Answer(person="ben", choice="approve", request_id=question.request.id)
    await shop.handle(request).execute_update("decide", answer)
    result = await shop.handle(request).result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 52_000)
    assert steps(shop, request)[:3] == ["authorise", "instruct", "refund"]
    assert shop.timeline(request).record.by_person


async def test_what_costs_less_than_its_postage_stays_with_the_customer(shop: Shop) -> None:
    socks = {"id": "L1", "sku": "SOCKS", "product": "P-SOCKS", "name": "Wool socks", "unit_price_cents": 500}
    order = given_order(shop, lines=[socks])
    request = asking(order, "The wool socks are too small. I would like to return them for a refund, please.")

    result = await shop.run(request)

    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 500)
    assert steps(shop, request) == ["refund", "notify"]
    [told] = shop.entries("webshop", "message", order)
    assert "You can keep Wool socks" in told["text"]


async def test_parcels_come_one_by_one_and_a_person_says_so_at_the_command_line(shop: Shop) -> None:
    order = given_order(shop, **TWO)
    shop.parcels("webshop", order)
    request = asking(order, BOTH)
    await waiting_for_goods(shop, request)
    case = DESK.case_id(request)

    code, told = await kontor(shop, "received", case, "--items", "L1=1", "--as", "anna")
    assert (code, "1 of 2 pieces" in told["told"]) == (0, True)
    await waiting_for_goods(shop, request, "1 of 2 pieces")
    code, told = await kontor(shop, "inspected", case, "--as", "anna")
    assert (code, "1 of 2 pieces" in told["told"]) == (0, True)
    assert (await kontor(shop, "received", case, "--items", "L9", "--as", "anna"))[0] == 1
    assert (await kontor(shop, "received", case, "--as", "nobody"))[0] == 2
    code, _ = await kontor(shop, "inspected", case, "--items", "L1=1", "--as", "anna")
    result = await shop.handle(request).result()

    assert (code, result.status, result.amount_cents) == (0, CaseStatus.SETTLED, 8000)
    [restocked] = shop.entries("webshop", "restock", order)
    assert [line["quantity"] for line in restocked["lines"]] == [2]
    with pytest.raises(CaseOver, match="has ended"):
        await tell(shop.client, case, Parcel(person="anna"))


async def test_no_more_pieces_are_received_or_looked_at_than_are_left(shop: Shop) -> None:
    order = given_order(shop, **TWO)
    shop.parcels("webshop", order)
    request = asking(order, BOTH)
    await waiting_for_goods(shop, request)
    case = DESK.case_id(request)

    async def said(word: str, pieces: str) -> int:
        return (await kontor(shop, word, case, "--items", pieces, "--as", "anna"))[0]

    assert await said("received", "L1=1") == 0
    assert await said("received", "L1=2") == 1, "one is missing"
    assert await said("inspected", "L1=2") == 1, "one is here"
    assert await said("inspected", "L1=1") == 0
    assert await said("inspected", "L1=2") == 1, "one was looked at"
    assert await said("inspected", "L1=1") == 0
    result = await shop.handle(request).result()

    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 8000)


@pytest.mark.parametrize(
    ("condition", "restocks"),
    [("damaged", ["damaged"]), ("missing_parts", ["damaged"]), ("wrong_item", [])],
)
async def test_goods_that_are_not_as_they_were_sent_are_a_persons_before_anything_else_happens(
    shop: Shop, condition: str, restocks: list[str]
) -> None:
    order = given_order(shop)
    shop.parcels("webshop", order, ("L1", 1, condition))
    request = asking(order, RETURN)
    await shop.submit(request)

    for _ in range(400):
        asked = shop.installation.approvals.of_case(DESK.case_id(request))
        if asked:
            break
        await asyncio.sleep(0.05)
    [question] = asked
    assert shop.entries("webshop", "restock", order) == []
    answer = Answer(person="ben", choice="approve", request_id=question.request.id)
    await shop.handle(request).execute_update("decide", answer)
    result = await shop.handle(request).result()

    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 4000)
    assert [entry["condition"] for entry in shop.entries("webshop", "restock", order)] == restocks
    assert len(shop.entries("webshop", "mark", order)) == len(restocks)


async def test_whoever_handles_by_hand_what_is_not_what_was_sold_reads_what_came_back(shop: Shop) -> None:
    order = given_order(shop, **THIRTEEN)
    shop.parcels("webshop", order, ("L1", 13, "wrong_item"))
    request = asking(order, ALL_THIRTEEN)
    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))

    assert re.search(r"by hand \(came back: 13 [^()]+ \(wrong item\)\)", told_people(asked))
    assert "desk:goods" in [one.source for one in asked.request.evidence]
    assert shop.entries("webshop", "refund", order) == []


async def test_faulty_goods_come_back_after_the_window_and_we_pay_their_way(shop: Shop) -> None:
    order = given_order(shop, placed_days_ago=410, delivered_days_ago=400)
    request = asking(
        order, "The shirt arrived broken: a seam is torn open. I want my money back for it, please."
    )

    result = await shop.run(request)

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 4000)
    [authorised] = shop.entries("webshop", "return", order)
    assert authorised["postage"] == "ours"


async def test_faulty_goods_of_much_money_are_sent_back_at_our_cost_before_it_goes(shop: Shop) -> None:
    order = given_order(shop, **THIRTEEN)
    shop.parcels("webshop", order)
    words = "All thirteen shirts arrived broken: their seams are torn open. I want my money back, please."
    request = asking(order, words)
    await with_a_photo(shop, request)

    await waiting_for_goods(shop, request)

    assert steps(shop, request) == ["ask-1", "authorise", "instruct"]
    [authorised] = shop.entries("webshop", "return", order)
    assert authorised["postage"] == "ours"


async def test_where_policy_keeps_the_postage_the_money_goes_as_early_as_without_and_that_sum_is_told(
    shop: Shop,
) -> None:
    order = given_order(
        shop, placed_days_ago=44, delivered_days_ago=40, member_level="gold", shipping_cents=500
    )
    shop.parcels("webshop", order)
    request = asking(order, RETURN)

    await waiting_for_goods(shop, request)

    assert steps(shop, request) == ["authorise", "refund", "notify"]
    [refund] = shop.entries("webshop", "refund", order)
    [told] = shop.entries("webshop", "message", order)
    assert (refund["amount_cents"], "40.00 EUR" in told["text"]) == (4000, True)


async def test_a_return_that_is_taken_back_on_its_way_is_a_persons_and_what_was_done_stands(
    shop: Shop,
) -> None:
    order = given_order(shop)
    shop.parcels("webshop", order)
    request = asking(order, RETURN)
    await waiting_for_goods(shop, request)

    await shop.handle(request).signal("withdraw", {"why": "the customer keeps it"})
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert "taken back: the customer keeps it; what was done stands" in told_people(asked)
    await shop.handle(request).execute_update("decide", Answer(person="ben", choice="approve"))
    result = await shop.handle(request).result()
    assert (result.status, result.outcome, result.amount_cents) == (
        CaseStatus.SETTLED,
        "handled_by_hand",
        4000,
    )
    assert [entry["undone_by"] for entry in shop.entries("webshop", "refund", order)] == [None]


async def test_a_case_that_waits_for_people_cannot_be_undone_before_it_has_ended(shop: Shop) -> None:
    _, request = await a_waiting_return(shop)

    code, _ = await kontor(shop, "undo", DESK.case_id(request), "--as", "ben")

    assert code == 0, "there is nothing to undo yet"
    assert shop.timeline(request).record.status is CaseStatus.WAITING


async def test_a_second_request_for_goods_that_are_on_their_way_is_a_duplicate(shop: Shop) -> None:
    order = given_order(shop)
    shop.parcels("webshop", order)
    await waiting_for_goods(shop, asking(order, RETURN))

    result = await shop.run(asking(order, RETURN))

    assert (result.status, result.outcome) == (CaseStatus.DENIED, "duplicate_request")
    assert len(shop.entries("webshop", "refund", order)) == 1


@pytest.mark.parametrize(
    ("lines", "message", "refunds"),
    [({}, RETURN, [True]), (THIRTEEN, ALL_THIRTEEN, [])],
    ids=["paid", "unpaid"],
)
async def test_a_case_that_waits_for_goods_is_undone_to_its_beginning(
    shop: Shop, lines: dict[str, Any], message: str, refunds: list[bool]
) -> None:
    order = given_order(shop, **lines)
    shop.parcels("webshop", order)
    request = asking(order, message)
    await waiting_for_goods(shop, request)
    assert shop.undone("webshop", "return", order) == [False]

    code, told = await kontor(shop, "undo", DESK.case_id(request), "--as", "ben")

    said = "notify" if refunds else "instruct"
    assert (code, sorted(left["step"] for left in told["report"]["remaining"])) == (0, [said, "tell"])
    assert shop.undone("webshop", "return", order) == [True]
    assert shop.undone("webshop", "refund", order) == refunds


async def test_an_order_whose_case_was_undone_on_its_way_can_be_returned_anew(shop: Shop) -> None:
    order = given_order(shop)
    shop.parcels("webshop", order)
    request = asking(order, RETURN)
    await waiting_for_goods(shop, request)

    await kontor(shop, "undo", DESK.case_id(request), "--as", "ben")

    taken_back = shop.timeline(request).record
    assert (taken_back.status, taken_back.outcome) == (CaseStatus.WITHDRAWN, "partly_undone")
    assert taken_back.amount_cents == 0, "the advance was taken back"
    await waiting_for_goods(shop, asking(order, RETURN))
    assert shop.undone("webshop", "refund", order) == [True, False]


async def test_a_return_whose_goods_cannot_be_booked_is_taken_back_and_a_persons(shop: Shop) -> None:
    order = given_order(shop)
    shop.strike("webshop", "restock", "refused", times=1, order=order)
    request = asking(order, RETURN)
    await shop.submit(request)

    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert "restock_failed" in told_people(asked)
    for kind in ("return", "refund"):
        assert shop.undone("webshop", kind, order) == [True], kind
