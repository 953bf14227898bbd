"""Several cases, each about other pieces of one order line: none is refused for what nobody else asks for."""

import asyncio

import pytest

from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from tests.workflows.returns.orders import DEAR, asking, given_order, waiting
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.way.test_way import waiting_for_goods
from workflows.returns.types import ReturnRequest

pytestmark = pytest.mark.slow
PAID = 20_000


def some(order: str, count: int, fault: str = "small") -> ReturnRequest:
    """What a customer writes who picked some of five shirts in a form."""
    message = f"{count} of the five shirts are too {fault}, I would like to return them for a refund, please."
    return asking(order, message, items=[{"line": "L1", "quantity": count}])


def refunded(shop: Shop, order: str) -> list[int]:
    return sorted(entry["amount_cents"] for entry in shop.entries("webshop", "refund", order))


async def stopped(shop: Shop, request: ReturnRequest) -> CaseStatus:
    """Wait until a case has ended, or waits for people."""
    for _ in range(1200):
        record = shop.installation.cases.find(DESK.case_id(request))
        if record is not None and (record.status.ended or record.status is CaseStatus.WAITING):
            return record.status
        await asyncio.sleep(0.05)
    raise AssertionError("the case never stopped")


async def test_other_pieces_of_a_line_are_refunded_while_people_think_about_the_first(shop: Shop) -> None:
    order = given_order(shop, **DEAR)
    first = some(order, 4)
    await shop.submit(first)
    await waiting(shop, first)

    second = await shop.run(some(order, 1))
    await shop.handle(first).signal("decide", Answer(person="ben", choice="approve"))

    assert (second.status, second.outcome, second.amount_cents) == (CaseStatus.SETTLED, "returned", 4000)
    assert (await shop.handle(first).result()).status is CaseStatus.SETTLED
    assert refunded(shop, order) == [4000, 16_000]
    third = await shop.run(some(order, 1))
    assert third.status is not CaseStatus.SETTLED
    assert sum(refunded(shop, order)) == PAID


async def test_other_pieces_of_a_line_may_be_sent_back_while_the_first_are_on_their_way(shop: Shop) -> None:
    order = given_order(shop, **DEAR)
    shop.parcels("webshop", order)
    first, second = some(order, 2), some(order, 2, "large")
    await waiting_for_goods(shop, first)

    await waiting_for_goods(shop, second)

    assert refunded(shop, order) == [8000, 8000]


@pytest.mark.parametrize("first_is_open", [True, False], ids=["while the first is open", "afterwards"])
async def test_the_same_words_handed_in_twice_for_some_pieces_are_served_once_and_looked_at_by_a_person(
    shop: Shop, first_is_open: bool
) -> None:
    order = given_order(shop, **DEAR)
    if first_is_open:
        shop.parcels("webshop", order)
        await waiting_for_goods(shop, some(order, 2))
    else:
        assert (await shop.run(some(order, 2))).status is CaseStatus.SETTLED
    again = some(order, 2)

    await shop.submit(again)
    await waiting(shop, again)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(again))
    assert "in the same words: it may be the same request, handed in twice" in asked.request.what
    assert refunded(shop, order) == [8000]


async def test_two_requests_at_once_for_more_pieces_than_there_are_never_deny_and_never_pay_too_much(
    shop: Shop,
) -> None:
    order = given_order(shop, **DEAR)
    requests = [some(order, 3), some(order, 3)]
    for request in requests:
        await shop.submit(request)

    ends = sorted([await stopped(shop, request) for request in requests])

    assert ends == [CaseStatus.SETTLED, CaseStatus.WAITING]
    assert refunded(shop, order) == [12_000]


async def test_who_asks_for_more_pieces_than_an_open_case_leaves_comes_to_a_person(shop: Shop) -> None:
    order = given_order(shop, **DEAR)
    first, second = some(order, 4), some(order, 2)
    await shop.submit(first)
    await waiting(shop, first)

    await shop.submit(second)
    await waiting(shop, second)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(second))
    assert "2 pieces are asked for, and 1 are left beside" in asked.request.what
    assert DESK.case_id(first) in asked.request.what
    assert refunded(shop, order) == []


async def test_pieces_that_an_open_case_asks_for_already_are_a_duplicate(shop: Shop) -> None:
    order = given_order(shop, **DEAR)
    first = some(order, 5)
    await shop.submit(first)
    await waiting(shop, first)

    second = await shop.run(some(order, 2))

    assert (second.status, second.outcome) == (CaseStatus.DENIED, "duplicate_request")
