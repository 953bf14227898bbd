"""The returns desk's stories, each from the customer's message to its defined end."""

import asyncio
import itertools
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import CancelledError

import bootstrap
from cli.intake import Started
from contracts.approval import Answer, ApprovalRecord
from contracts.approval_queue import ApprovalFilter
from contracts.case import CaseStatus
from contracts.effect import EffectState
from contracts.returns import ReturnRequest
from tests.end_to_end.shop import DESK, Shop

pytestmark = pytest.mark.slow
_numbers = itertools.count(1)

SHIRT = {
    "product": "E2E-SHIRT",
    "name": "Linen shirt",
    "price_cents": 4000,
    "variants": [
        {"sku": "SHIRT-S", "options": {"size": "S", "color": "white"}, "stock": 5},
        {"sku": "SHIRT-M", "options": {"size": "M", "color": "white"}, "stock": 5},
        {"sku": "SHIRT-L", "options": {"size": "L", "color": "white"}, "price_cents": 4500, "stock": 5},
    ],
}


def given_order(shop: Shop, channel: str = "webshop", **changes: object) -> str:
    """Put an order of one delivered linen shirt into a channel; return its id."""
    number = f"E-{next(_numbers):04}"
    shop.load(products=[SHIRT], orders=[an_order(number, channel, **changes)])
    return number


def an_order(number: str, channel: str = "webshop", **changes: object) -> dict[str, object]:
    return {
        "id": number,
        "channel": channel,
        "customer": f"cust-{number}",
        "status": "delivered",
        "placed_days_ago": 9,
        "delivered_days_ago": 5,
        "payment_method": "card-1",
        "lines": [{"id": "L1", "sku": "SHIRT-S"}],
        **changes,
    }


def asking(order: str, message: str, channel: str = "webshop", **more: object) -> ReturnRequest:
    return ReturnRequest(id=f"RMA-{next(_numbers):05}", channel=channel, order=order, message=message, **more)


RETURN = "The shirt is too small for me. I would like to return it and get my money back, please."


@pytest.mark.parametrize("channel", ["webshop", "marketplace", "store"])
async def test_a_return_is_refunded_restocked_told_and_marked(shop: Shop, channel: str) -> None:
    order = given_order(shop, channel)
    request = asking(order, RETURN, channel)

    result = await shop.run(request)

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 4000)
    assert [entry["amount_cents"] for entry in shop.entries(channel, "refund", order)] == [4000]
    assert len(shop.entries(channel, "restock", order)) == 1
    assert len(shop.entries(channel, "mark", order)) == 1
    assert len(shop.entries(channel, "message", order)) == 1


async def test_the_timeline_shows_who_decided_what_on_which_policies_with_which_outcome(shop: Shop) -> None:
    request = asking(given_order(shop), RETURN)
    await shop.run(request)

    found = shop.timeline(request)

    intent = next(made for made in found.decisions.values() if made.task == "returns.intent")
    assert intent.answer == {"label": "return"}
    assert intent.provenance.by == "local"
    assert intent.provenance.version
    assert {verdict.outcome for verdict in found.verdicts} == {"allow"}
    assert "returns.refund" in {reason.id for verdict in found.verdicts for reason in verdict.reasons}
    assert [entry.order.effect.step for entry in found.effects] == ["refund", "restock", "notify", "mark"]
    assert all(
        entry.receipt.outside_reference for entry in found.effects if entry.order.effect.step == "refund"
    )
    assert found.episodes[0].kind == "opened"
    assert found.episodes[-1].kind == "closed"


async def test_similar_cases_and_policies_stand_as_evidence_in_the_decision_with_their_sources(
    shop: Shop,
) -> None:
    before = asking(given_order(shop), RETURN)
    await shop.run(before)
    request = asking(given_order(shop), RETURN)

    await shop.run(request)

    intent = next(made for made in shop.timeline(request).decisions.values() if made.task == "returns.intent")
    sources = {piece.source.partition(":")[0].partition("#")[0] for piece in intent.provenance.evidence}
    assert {"order", "policy", "case"} <= sources


async def test_an_order_that_does_not_exist_is_denied_and_nothing_happens(shop: Shop) -> None:
    request = asking("E-9999", RETURN)

    result = await shop.run(request)

    assert (result.status, result.outcome) == (CaseStatus.DENIED, "order_not_found")
    assert shop.timeline(request).effects == ()


async def test_an_order_that_its_channel_will_not_show_ends_in_the_books_and_not_only_in_temporal(
    shop: Shop,
) -> None:
    shop.strike("webshop", "get_order", "refused")
    request = asking(given_order(shop), RETURN)

    result = await shop.run(request)

    assert (result.status, result.outcome) == (CaseStatus.FAILED, "order_unreadable")
    assert shop.timeline(request).record.status is CaseStatus.FAILED


async def test_an_item_already_returned_is_not_refunded_again(shop: Shop) -> None:
    order = given_order(shop)
    await shop.run(asking(order, RETURN))

    result = await shop.run(asking(order, RETURN))

    assert (result.status, result.outcome) == (CaseStatus.DENIED, "returns.already-returned")
    assert len(shop.entries("webshop", "refund", order)) == 1


async def test_more_than_what_is_left_of_the_payment_is_denied(shop: Shop) -> None:
    order = given_order(shop, refunded_cents=1000)

    result = await shop.run(asking(order, RETURN))

    assert (result.status, result.outcome) == (CaseStatus.DENIED, "returns.more-than-remaining")
    assert shop.entries("webshop", "refund", order) == []


async def test_an_unshipped_order_is_cancelled_and_refunded(shop: Shop) -> None:
    order = given_order(shop, status="pending", delivered_days_ago=None)

    result = await shop.run(asking(order, "Please cancel my order, I do not need it any more."))

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "cancelled", 4000)
    assert [entry["amount_cents"] for entry in shop.entries("webshop", "refund", order)] == [4000]


async def test_a_shipped_order_is_not_cancelled_and_the_customer_is_told_why(shop: Shop) -> None:
    order = given_order(shop, status="shipped", delivered_days_ago=None)

    result = await shop.run(asking(order, "Please cancel my order, I do not need it any more."))

    assert (result.status, result.outcome) == (CaseStatus.DENIED, "returns.cancelled-too-late")
    assert len(shop.entries("webshop", "message", order)) == 1
    assert shop.entries("webshop", "refund", order) == []


async def test_an_exchange_reserves_before_it_charges_the_difference(shop: Shop) -> None:
    order = given_order(shop)
    request = asking(order, "Could I exchange the shirt for a size L? The S is too small.")

    result = await shop.run(request)

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "exchanged")
    steps = [entry.order.effect.step for entry in shop.timeline(request).effects]
    assert steps == ["reserve", "charge", "restock", "notify", "mark"]
    assert [entry["amount_cents"] for entry in shop.entries("webshop", "charge", order)] == [500]


async def test_a_damaged_thing_is_exchanged_for_the_same_again_at_no_charge(shop: Shop) -> None:
    order = given_order(shop)
    request = asking(order, "The shirt came with a hole in it. Please replace it with the same one.")

    result = await shop.run(request)

    steps = [entry.order.effect.step for entry in shop.timeline(request).effects]
    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "exchanged")
    assert steps == ["reserve", "restock", "notify", "mark"]
    assert shop.entries("webshop", "reservation", order)[0]["sku"] == "SHIRT-S"


async def test_the_same_request_twenty_times_at_once_makes_one_case_and_one_refund(shop: Shop) -> None:
    order = given_order(shop, "store")
    request = asking(order, RETURN, "store")

    outcomes = await asyncio.gather(*(shop.submit(request) for _ in range(20)))
    await shop.handle(request).result()

    assert outcomes.count(Started.NEW) == 1
    assert outcomes.count(Started.JOINED) == 19
    assert len(shop.entries("store", "refund", order)) == 1


async def test_another_request_under_a_taken_id_is_told_so_and_changes_nothing(shop: Shop) -> None:
    request = asking(given_order(shop), RETURN)
    await shop.run(request)

    assert await shop.submit(request.model_copy(update={"message": "Something else"})) is Started.CONFLICT


async def waiting(shop: Shop, request: ReturnRequest) -> None:
    """Wait until the case waits for a person."""
    for _ in range(400):
        record = bootstrap.cases(shop.settings).find(DESK.case_id(request))
        if record is not None and record.status is CaseStatus.WAITING:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the case never waited for a person")


async def asked_for(shop: Shop, request: ReturnRequest, amount_cents: int) -> ApprovalRecord:
    """Wait until people are asked about that amount; return the question."""
    for _ in range(400):
        for entry in bootstrap.approval_queue(shop.settings).entries(ApprovalFilter()):
            if entry.case_id == DESK.case_id(request) and entry.amount_cents == amount_cents:
                found = bootstrap.approvals(shop.settings).find(entry.id)
                assert found is not None
                return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"nobody was asked about {amount_cents}")


DEAR: dict[str, Any] = {"lines": [{"id": "L1", "sku": "SHIRT-S", "quantity": 5}]}


async def test_an_expensive_return_waits_for_a_person_and_is_paid_when_they_approve(shop: Shop) -> None:
    order = given_order(shop, **DEAR)
    request = asking(order, "All five shirts are too small, I want to return them all for a refund.")
    await shop.submit(request)
    await waiting(shop, request)
    assert shop.entries("webshop", "refund", order) == []

    await shop.handle(request).signal("decide", Answer(person="ben", choice="approve", note="fine"))
    result = await shop.handle(request).result()

    assert (result.status, result.amount_cents, result.by_person) == (CaseStatus.SETTLED, 20000, True)
    assert [entry["amount_cents"] for entry in shop.entries("webshop", "refund", order)] == [20000]


async def test_an_edit_pays_the_lower_amount_and_the_customer_reads_that_amount(shop: Shop) -> None:
    order = given_order(shop, **DEAR)
    request = asking(order, "All five shirts are too small, I want to return them all for a refund.")
    await shop.submit(request)
    await waiting(shop, request)

    await shop.handle(request).signal("decide", Answer(person="ben", choice="edit", amount_cents=15500))
    result = await shop.handle(request).result()

    assert result.amount_cents == 15500
    assert [entry["amount_cents"] for entry in shop.entries("webshop", "refund", order)] == [15500]
    assert "155.00" in shop.entries("webshop", "message", order)[0]["text"]


async def test_a_rejected_return_pays_nothing_and_the_customer_is_told(shop: Shop) -> None:
    order = given_order(shop, **DEAR)
    request = asking(order, "All five shirts are too small, I want to return them all for a refund.")
    await shop.submit(request)
    await waiting(shop, request)

    await shop.handle(request).signal("decide", Answer(person="ben", choice="reject", note="worn"))
    result = await shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.REJECTED, "rejected")
    assert shop.entries("webshop", "refund", order) == []
    assert len(shop.entries("webshop", "message", order)) == 1


def order_changes(shop: Shop, order: str, *, returned: int = 0, **changes: Any) -> None:
    """Let somebody change a waiting order in its channel, past the office."""
    line = {"id": "L1", "sku": "SHIRT-S", "quantity": 5, "returned_quantity": returned}
    shop.load(replace=True, orders=[an_order(order, lines=[line], **changes)])


async def test_a_refund_made_by_hand_while_people_think_withdraws_the_question(shop: Shop) -> None:
    order = given_order(shop, **DEAR)
    request = asking(order, "All five shirts are too small, I want to return them all for a refund.")
    await shop.submit(request)
    await waiting(shop, request)

    order_changes(shop, order, returned=5, refunded_cents=20000)
    await shop.handle(request).signal("facts_changed")
    result = await shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.WITHDRAWN, "withdrawn")
    assert shop.entries("webshop", "refund", order) == []
    assert len(shop.entries("webshop", "message", order)) == 1


async def test_a_part_sent_back_while_people_think_asks_anew_for_the_rest(shop: Shop) -> None:
    order = given_order(shop, **DEAR)
    request = asking(order, "All five shirts are too small, I want to return them all for a refund.")
    await shop.submit(request)
    await waiting(shop, request)

    order_changes(shop, order, returned=1, refunded_cents=4000)
    await shop.handle(request).signal("facts_changed")
    open_again = await asked_for(shop, request, 16000)
    answer = Answer(person="ben", choice="approve", request_id=open_again.request.id)
    await shop.handle(request).signal("decide", answer)
    result = await shop.handle(request).result()

    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 16000)
    assert [entry["amount_cents"] for entry in shop.entries("webshop", "refund", order)] == [16000]


async def test_a_change_that_matters_to_nothing_leaves_the_question_standing(shop: Shop) -> None:
    order = given_order(shop, **DEAR)
    request = asking(order, "All five shirts are too small, I want to return them all for a refund.")
    await shop.submit(request)
    await waiting(shop, request)
    before = await asked_for(shop, request, 20000)

    order_changes(shop, order, tracking="T-1")
    await shop.handle(request).signal("facts_changed")
    answer = Answer(person="ben", choice="approve", request_id=before.request.id)
    await shop.handle(request).signal("decide", answer)

    assert (await shop.handle(request).result()).amount_cents == 20000


async def test_an_order_that_cannot_be_read_any_more_when_people_have_agreed_ends_in_the_books(
    shop: Shop,
) -> None:
    order = given_order(shop, **DEAR)
    request = asking(order, "All five shirts are too small, I want to return them all for a refund.")
    await shop.submit(request)
    await waiting(shop, request)

    shop.strike("webshop", "get_order", "refused")
    await shop.handle(request).signal("decide", Answer(person="ben", choice="approve"))
    result = await shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.FAILED, "order_unreadable")
    assert shop.timeline(request).record.status is CaseStatus.FAILED
    assert shop.entries("webshop", "refund", order) == []


async def test_a_case_that_is_cancelled_while_it_waits_ends_in_the_books_and_leaves_no_question(
    shop: Shop,
) -> None:
    order = given_order(shop, **DEAR)
    request = asking(order, "All five shirts are too small, I want to return them all for a refund.")
    await shop.submit(request)
    await waiting(shop, request)

    await shop.handle(request).cancel()
    with pytest.raises(WorkflowFailureError) as failed:
        await shop.handle(request).result()

    record = shop.timeline(request).record
    open_ones = bootstrap.approval_queue(shop.settings).entries(ApprovalFilter())
    assert isinstance(failed.value.cause, CancelledError)
    assert (record.status, record.outcome) == (CaseStatus.WITHDRAWN, "cancelled")
    assert DESK.case_id(request) not in {entry.case_id for entry in open_ones}


async def test_a_second_request_for_the_same_thing_ends_as_a_duplicate_while_the_first_is_open(
    shop: Shop,
) -> None:
    order = given_order(shop, **DEAR)
    words = "All five shirts are too small, I want to return them all for a refund."
    first = asking(order, words)
    await shop.submit(first)
    await waiting(shop, first)

    second = await shop.run(asking(order, words))

    assert (second.status, second.outcome) == (CaseStatus.DENIED, "duplicate_request")
    await shop.handle(first).signal("decide", Answer(person="ben", choice="approve"))
    assert (await shop.handle(first).result()).status is CaseStatus.SETTLED
    assert len(shop.entries("webshop", "refund", order)) == 1


async def test_a_later_effect_that_fails_for_good_undoes_the_earlier_ones_in_reverse(shop: Shop) -> None:
    order = given_order(shop)
    shop.strike("webshop", "mark_order", "refused", order=order)
    request = asking(order, RETURN)

    result = await shop.run(request)

    found = {entry.order.effect.step: entry for entry in shop.timeline(request).effects}
    assert result.outcome == "mark_failed"
    assert found["refund"].receipt.state is EffectState.COMPENSATED
    assert found["restock"].receipt.state is EffectState.COMPENSATED
    undone = [entry.order.effect.step for entry in shop.timeline(request).effects]
    assert undone.index("undo-restock") < undone.index("undo-refund")
    assert all(entry["undone_by"] for entry in shop.entries("webshop", "refund", order))


async def test_a_refund_whose_answer_was_lost_is_looked_up_and_not_sent_again(shop: Shop) -> None:
    order = given_order(shop, "store")
    shop.strike("store", "refund", "cut_after")
    request = asking(order, RETURN, "store")

    result = await shop.run(request)

    refund = next(e for e in shop.timeline(request).effects if e.order.effect.step == "refund")
    assert result.status is CaseStatus.SETTLED
    assert refund.receipt.looked_up
    assert len(shop.entries("store", "refund", order)) == 1


async def test_words_the_model_cannot_place_go_to_a_person_who_closes_the_case(shop: Shop) -> None:
    order = given_order(shop)
    request = asking(order, "Is the ink of your catalogue vegan, and who drew the heron on page nine?")
    await shop.submit(request)
    await waiting(shop, request)

    await shop.handle(request).signal("decide", Answer(person="ben", choice="approve", note="answered"))
    result = await shop.handle(request).result()

    assert result.by_person
    assert shop.entries("webshop", "refund", order) == []
