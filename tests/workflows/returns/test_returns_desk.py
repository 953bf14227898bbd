"""The returns desk's stories that need nobody, each from the customer's message to its defined end."""

import asyncio
from typing import Any

import pytest

from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from contracts.effect import EffectState
from memory.episodic.journal import WRITTEN
from service.intake import Started
from tests.workflows.returns.orders import (
    RETURN,
    SHIRT,
    an_order,
    asking,
    given_order,
    remembered,
    told_people,
    waiting,
)
from tests.workflows.returns.shop import DESK, Shop

pytestmark = pytest.mark.slow


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
    assert "returns.refund-before-goods" in {
        reason.id for verdict in found.verdicts for reason in verdict.reasons
    }
    steps = [entry.order.effect.step for entry in found.effects]
    assert (steps[:3], set(steps[3:])) == (["authorise", "refund", "notify"], {"restock", "mark"})
    assert all(
        entry.receipt.outside_reference for entry in found.effects if entry.order.effect.step == "refund"
    )
    told = [episode.kind for episode in found.episodes if episode.kind != WRITTEN]
    assert (told[0], told[-1]) == ("opened", "closed")


async def test_similar_cases_and_policies_stand_as_evidence_in_the_decision_with_their_sources(
    shop: Shop,
) -> None:
    before = asking(given_order(shop), RETURN)
    await shop.run(before)
    await remembered(shop, before)
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


@pytest.mark.parametrize("fault", ["refused", "unauthorized", "forbidden", "error_before"])
async def test_an_order_that_its_channel_will_not_show_now_is_waited_for(shop: Shop, fault: str) -> None:
    order = given_order(shop)
    shop.strike("webshop", "get_order", fault, times=2, order=order)

    result = await shop.run(asking(order, RETURN))

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "returned")


async def test_a_request_that_came_before_its_order_is_taken_when_it_is_handed_in_again(shop: Shop) -> None:
    order = "E-0-LATE"
    request = asking(order, RETURN)
    first = await shop.run(request)
    assert (first.status, first.outcome) == (CaseStatus.DENIED, "order_not_found")

    shop.load(products=[SHIRT], orders=[an_order(order)])
    assert await shop.submit(request) is Started.AGAIN

    again = await shop.handle(request).result()
    assert (again.status, again.outcome) == (CaseStatus.SETTLED, "returned")
    assert await shop.submit(request) is Started.JOINED


async def test_an_item_already_returned_is_not_refunded_again(shop: Shop) -> None:
    order = given_order(shop)
    await shop.run(asking(order, RETURN))

    result = await shop.run(asking(order, RETURN))

    assert (result.status, result.outcome) == (CaseStatus.DENIED, "returns.already-returned")
    assert len(shop.entries("webshop", "refund", order)) == 1


async def test_a_refund_that_no_piece_explains_makes_a_return_a_persons_question(shop: Shop) -> None:
    order = given_order(shop, refunded_cents=1000)
    request = asking(order, RETURN)
    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert "10.00 EUR were refunded, and the pieces that are back explain 0.00 EUR" in told_people(asked)
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
    first, label, money, *rest = [entry.order.effect.step for entry in shop.timeline(request).effects]
    assert (first, label, money) == ("reserve", "authorise", "charge")
    assert set(rest) == {"restock", "notify", "mark"}
    assert [entry["amount_cents"] for entry in shop.entries("webshop", "charge", order)] == [500]


async def test_a_damaged_thing_is_exchanged_for_the_same_again_at_no_charge(shop: Shop) -> None:
    order = given_order(shop)
    request = asking(order, "The shirt came with a hole in it. Please replace it with the same one.")

    result = await shop.run(request)

    steps = [entry.order.effect.step for entry in shop.timeline(request).effects]
    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "exchanged")
    assert steps[:3] == ["reserve", "authorise", "notify"]
    assert sorted(steps[3:]) == ["mark", "restock"]
    assert shop.entries("webshop", "reservation", order)[0]["sku"] == "SHIRT-S"


DEARER_NOW = {"id": "L1", "sku": "SHIRT-S", "unit_price_cents": 3500}


async def test_a_faulty_thing_that_is_dearer_now_is_replaced_long_after_the_window_for_nothing(
    shop: Shop,
) -> None:
    order = given_order(shop, placed_days_ago=410, delivered_days_ago=400, lines=[DEARER_NOW])
    torn = "The shirt arrived broken: a seam is torn open. Please replace it with the same one."

    result = await shop.run(asking(order, torn))

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "exchanged", 0)
    assert shop.entries("webshop", "reservation", order)[0]["sku"] == "SHIRT-S"
    assert shop.entries("webshop", "charge", order) == []
    [authorised] = shop.entries("webshop", "return", order)
    assert authorised["postage"] == "ours"


async def test_what_came_for_an_exchanged_piece_and_is_faulty_comes_to_a_person_and_is_not_denied(
    shop: Shop,
) -> None:
    order = given_order(shop, lines=[{"id": "L1", "sku": "SHIRT-L"}])
    first = await shop.run(asking(order, "Could I exchange the shirt for a size S? The L is too large."))
    assert (first.outcome, len(shop.entries("webshop", "refund", order))) == ("exchanged", 1)
    again = asking(order, "The shirt arrived with a hole in it. I want to return it for a refund, please.")

    await shop.submit(again)
    await waiting(shop, again)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(again))
    assert "whether it is what came for it that is faulty now" in told_people(asked)
    assert len(shop.entries("webshop", "refund", order)) == 1


async def test_whether_it_is_faulty_is_a_question_where_the_same_again_is_dearer_now(shop: Shop) -> None:
    order = given_order(shop, placed_days_ago=410, delivered_days_ago=400, lines=[DEARER_NOW])
    request = asking(order, "The shirt came with a hole in it. Please replace it with the same one.")
    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert "whether Linen shirt is faulty" in told_people(asked)
    assert shop.entries("webshop", "charge", order) == []


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


async def test_a_later_effect_that_fails_for_good_undoes_the_earlier_ones_in_reverse_and_a_person_takes_over(
    shop: Shop,
) -> None:
    order = given_order(shop)
    shop.strike("webshop", "mark_order", "refused", order=order)
    request = asking(order, RETURN)
    await shop.submit(request)
    await waiting(shop, request)

    found = {entry.order.effect.step: entry for entry in shop.timeline(request).effects}
    [asked] = shop.timeline(request).approvals
    assert "mark_failed: 3 effects were undone; what remains: notify" in told_people(asked)
    assert shop.entries("webshop", "message", order)[-1]["text"].count("a colleague takes over") == 1
    assert found["refund"].receipt.state is EffectState.COMPENSATED
    assert found["restock"].receipt.state is EffectState.COMPENSATED
    undone = [entry.order.effect.step for entry in shop.timeline(request).effects]
    assert undone.index("undo-restock") < undone.index("undo-refund")
    assert shop.undone("webshop", "refund", order) == [True]

    await shop.handle(request).signal("decide", Answer(person="ben", choice="approve"))
    result = await shop.handle(request).result()
    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "handled_by_hand")
    assert (result.amount_cents, result.by_person) == (0, True)


async def test_a_refund_whose_answer_was_lost_is_looked_up_and_not_sent_again(shop: Shop) -> None:
    order = given_order(shop, "store")
    shop.strike("store", "refund", "cut_after")
    request = asking(order, RETURN, "store")

    result = await shop.run(request)

    refund = next(e for e in shop.timeline(request).effects if e.order.effect.step == "refund")
    assert result.status is CaseStatus.SETTLED
    assert refund.receipt.looked_up
    assert len(shop.entries("store", "refund", order)) == 1


MUGS: dict[str, Any] = {
    "lines": [
        {"id": "L1", "sku": "E2E-MUG", "product": "E2E-MUG", "name": "Coffee mug", "options": {},
         "unit_price_cents": 1000, "quantity": 3},
        {"id": "L2", "sku": "E2E-TRAY", "product": "E2E-TRAY", "name": "Serving tray", "options": {},
         "unit_price_cents": 2000},
    ],
    "discount_cents": 1000,
    "payments": [{"method": "gift-1", "paid_cents": 1500}, {"method": "card-1", "paid_cents": 2500}],
}  # fmt: skip
"""Three mugs and a tray, a fifth off, paid with a gift card and a card."""


@pytest.mark.parametrize("channel", ["webshop", "marketplace", "store"])
async def test_one_of_three_pieces_brings_back_what_was_paid_for_it_over_the_ways_it_was_paid(
    shop: Shop, channel: str
) -> None:
    order = given_order(shop, channel, **MUGS)
    words = "One of the three coffee mugs arrived broken. I want my money back for that one mug, please."

    result = await shop.run(asking(order, words, channel))

    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 800)
    refunds = {
        entry["payment_method"]: entry["amount_cents"] for entry in shop.entries(channel, "refund", order)
    }
    assert refunds == {"gift-1": 300, "card-1": 500}
    [restock] = shop.entries(channel, "restock", order)
    assert [piece["quantity"] for piece in restock["lines"]] == [1]


async def test_the_second_of_two_requests_gets_the_rest_and_the_third_is_refused(shop: Shop) -> None:
    order = given_order(shop, **MUGS)
    first = asking(
        order,
        "I want to return one coffee mug for a refund, it is broken.",
        items=[{"line": "L1", "quantity": 1}],
    )
    second = asking(
        order,
        "The mugs are chipped, I would like to return them for a refund.",
        items=[{"line": "L1", "quantity": 2}],
    )
    third = asking(
        order,
        "The mugs are chipped, I would like to return them for a refund.",
        items=[{"line": "L1", "quantity": 1}],
    )

    results = [await shop.run(request) for request in (first, second, third)]

    assert [(each.status, each.amount_cents) for each in results] == [
        (CaseStatus.SETTLED, 800),
        (CaseStatus.SETTLED, 1600),
        (CaseStatus.DENIED, 0),
    ]
    assert results[2].outcome == "returns.already-returned"


async def test_an_order_that_does_not_add_up_is_put_to_a_person_and_nothing_moves(shop: Shop) -> None:
    order = given_order(shop, **{**MUGS, "discount_cents": 0, "paid_cents": 4000})
    request = asking(order, "I would like to return the serving tray and get my money back.")
    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert "come to 50.00 EUR, and 40.00 EUR were paid" in told_people(asked)
    assert shop.entries("webshop", "refund", order) == []
