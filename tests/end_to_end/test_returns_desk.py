"""The returns desk's stories that need nobody, each from the customer's message to its defined end."""

import asyncio

import pytest

from cli.intake import Started
from contracts.case import CaseStatus
from contracts.effect import EffectState
from tests.end_to_end.orders import RETURN, asking, given_order
from tests.end_to_end.shop import Shop

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
