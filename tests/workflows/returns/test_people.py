"""People decide: what waits for them, what they answer, and what changes while they think."""

import asyncio

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import CancelledError

from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from tests.workflows.returns.orders import (
    ALL_FIVE,
    DEAR,
    RETURN,
    a_waiting_return,
    asked_for,
    asking,
    everything_asked,
    given_order,
    order_changes,
    waiting,
)
from tests.workflows.returns.shop import DESK, Shop

pytestmark = pytest.mark.slow


async def test_an_expensive_return_waits_for_a_person_and_is_paid_when_they_approve(shop: Shop) -> None:
    order, request = await a_waiting_return(shop)
    assert shop.entries("webshop", "refund", order) == []

    await shop.handle(request).signal("decide", Answer(person="ben", choice="approve", note="fine"))
    result = await shop.handle(request).result()

    assert (result.status, result.amount_cents, result.by_person) == (CaseStatus.SETTLED, 20000, True)
    assert [entry["amount_cents"] for entry in shop.entries("webshop", "refund", order)] == [20000]


async def test_people_agree_to_a_second_return_of_an_order_of_which_another_line_came_back(
    shop: Shop,
) -> None:
    lines = [{"id": "L1", "sku": "SHIRT-S"}, {"id": "L2", "sku": "SHIRT-M", "quantity": 5}]
    order = given_order(shop, lines=lines)
    first = asking(order, RETURN, items=["L1"])
    assert (await shop.run(first)).status is CaseStatus.SETTLED
    second = asking(order, ALL_FIVE, items=["L2"])
    await shop.submit(second)
    await waiting(shop, second)

    await shop.handle(second).signal("decide", Answer(person="ben", choice="approve"))
    async with asyncio.timeout(30):
        result = await shop.handle(second).result()

    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 20000)


async def test_an_edit_pays_the_lower_amount_and_the_customer_reads_that_amount(shop: Shop) -> None:
    order, request = await a_waiting_return(shop)

    await shop.handle(request).signal("decide", Answer(person="ben", choice="edit", amount_cents=15500))
    result = await shop.handle(request).result()

    assert result.amount_cents == 15500
    assert [entry["amount_cents"] for entry in shop.entries("webshop", "refund", order)] == [15500]
    assert "155.00" in shop.entries("webshop", "message", order)[0]["text"]


async def test_a_rejected_return_pays_nothing_and_the_customer_is_told(shop: Shop) -> None:
    order, request = await a_waiting_return(shop)

    await shop.handle(request).signal("decide", Answer(person="ben", choice="reject", note="worn"))
    result = await shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.REJECTED, "rejected")
    assert shop.entries("webshop", "refund", order) == []
    assert len(shop.entries("webshop", "message", order)) == 1


async def test_a_refund_made_by_hand_while_people_think_withdraws_the_question(shop: Shop) -> None:
    order, request = await a_waiting_return(shop)

    order_changes(shop, order, returned=5, refunded_cents=20000)
    await shop.handle(request).signal("facts_changed")
    result = await shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.WITHDRAWN, "withdrawn")
    assert shop.entries("webshop", "refund", order) == []
    assert len(shop.entries("webshop", "message", order)) == 1


async def test_a_part_sent_back_while_people_think_asks_anew_for_the_rest(shop: Shop) -> None:
    order, request = await a_waiting_return(shop)

    order_changes(shop, order, returned=1, refunded_cents=4000)
    await shop.handle(request).signal("facts_changed")
    open_again = await asked_for(shop, request, 16000)
    answer = Answer(person="ben", choice="approve", request_id=open_again.request.id)
    await shop.handle(request).signal("decide", answer)
    result = await shop.handle(request).result()

    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 16000)
    assert [entry["amount_cents"] for entry in shop.entries("webshop", "refund", order)] == [16000]


async def test_a_change_that_matters_to_nothing_leaves_the_question_standing(shop: Shop) -> None:
    order, request = await a_waiting_return(shop)
    before = await asked_for(shop, request, 20000)

    order_changes(shop, order, tracking="T-1")
    await shop.handle(request).signal("facts_changed")
    answer = Answer(person="ben", choice="approve", request_id=before.request.id)
    await shop.handle(request).signal("decide", answer)

    assert (await shop.handle(request).result()).amount_cents == 20000


async def test_an_order_that_cannot_be_read_when_people_have_agreed_is_waited_for(shop: Shop) -> None:
    order, request = await a_waiting_return(shop)

    shop.strike("webshop", "get_order", "refused", order=order)
    await shop.handle(request).signal("decide", Answer(person="ben", choice="approve"))
    result = await shop.handle(request).result()

    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 20000)
    assert [entry["amount_cents"] for entry in shop.entries("webshop", "refund", order)] == [20000]


async def test_a_case_that_is_cancelled_while_it_waits_ends_in_the_books_and_leaves_no_question(
    shop: Shop,
) -> None:
    _, request = await a_waiting_return(shop)

    await shop.handle(request).cancel()
    with pytest.raises(WorkflowFailureError) as failed:
        await shop.handle(request).result()

    record = shop.timeline(request).record
    open_ones = everything_asked(shop)
    assert isinstance(failed.value.cause, CancelledError)
    assert (record.status, record.outcome) == (CaseStatus.WITHDRAWN, "cancelled")
    assert DESK.case_id(request) not in {entry.case_id for entry in open_ones}


async def test_a_second_request_for_the_same_thing_ends_as_a_duplicate_while_the_first_is_open(
    shop: Shop,
) -> None:
    order = given_order(shop, **DEAR)
    first = asking(order, ALL_FIVE)
    await shop.submit(first)
    await waiting(shop, first)

    second = await shop.run(asking(order, ALL_FIVE))

    assert (second.status, second.outcome) == (CaseStatus.DENIED, "duplicate_request")
    await shop.handle(first).signal("decide", Answer(person="ben", choice="approve"))
    assert (await shop.handle(first).result()).status is CaseStatus.SETTLED
    assert len(shop.entries("webshop", "refund", order)) == 1


async def test_words_the_model_cannot_place_go_to_a_person_who_closes_the_case(shop: Shop) -> None:
    order = given_order(shop)
    request = asking(order, "Is the ink of your catalogue vegan, and who drew the heron on page nine?")
    await shop.submit(request)
    await waiting(shop, request)

    await shop.handle(request).signal("decide", Answer(person="ben", choice="approve", note="answered"))
    result = await shop.handle(request).result()

    assert result.by_person
    assert shop.entries("webshop", "refund", order) == []
