"""A refusal of one call is no refusal of all: what was paid stays paid, and is paid once."""

import asyncio

import pytest

from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from contracts.effect import EffectState
from tests.workflows.returns.orders import RETURN, asking, given_order, waiting
from tests.workflows.returns.shop import Shop
from workflows.returns.types import ReturnRequest

REFUSALS = ["refused", "unauthorized", "forbidden", "conflict"]


def states(shop: Shop, request: ReturnRequest) -> dict[str, EffectState]:
    """How each effect of a case ended, by its step."""
    return {entry.order.effect.step: entry.receipt.state for entry in shop.timeline(request).effects}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_customer_who_asks_twice_is_paid_once_though_the_first_answer_was_lost_and_then_refused(
    shop: Shop, refusal: str
) -> None:
    order = given_order(shop)
    shop.strike("webshop", "refund", "cut_after", order=order)
    shop.strike("webshop", "refund", refusal, order=order)
    first, second = asking(order, RETURN), asking(order, RETURN)
    result = await shop.run(first)
    await shop.run(second)
    assert result.status is CaseStatus.SETTLED
    assert states(shop, first)["refund"] is EffectState.APPLIED
    [paid] = shop.entries("webshop", "refund", order)
    assert paid["amount_cents"] == 4000


@pytest.mark.parametrize("channel", ["webshop", "marketplace", "store"])
async def test_no_step_of_a_case_is_taken_for_undone_because_a_later_call_was_refused(
    shop: Shop, channel: str
) -> None:
    order = given_order(shop, channel)
    for operation in ("restock", "notify", "mark_order"):
        shop.strike(channel, operation, "cut_after", order=order)
        shop.strike(channel, operation, "refused", order=order)
    request = asking(order, RETURN, channel)
    assert (await shop.run(request)).status is CaseStatus.SETTLED
    assert set(states(shop, request).values()) == {EffectState.APPLIED}
    for kind in ("refund", "restock", "mark"):
        assert len(shop.entries(channel, kind, order)) == 1


async def test_a_case_waits_for_the_right_token_and_says_so_meanwhile(shop: Shop) -> None:
    order = given_order(shop)
    shop.strike("webshop", "get_order", "unauthorized", times=2, order=order)
    shop.strike("webshop", "refund", "unauthorized", times=4, order=order)
    request = asking(order, RETURN)
    await shop.submit(request)
    for _ in range(400):
        calls = [call for entry in shop.installation.ledger.held_up() for call in entry.calls]
        if any("is the secret webshop.token still right?" in call.why for call in calls):
            break
        await asyncio.sleep(0.02)
    else:
        raise AssertionError("nothing says that the case waits for its token")
    assert (await shop.handle(request).result()).status is CaseStatus.SETTLED
    assert len(shop.entries("webshop", "refund", order)) == 1


@pytest.mark.parametrize("order", ["E-0001/../E-0002", "E-0001/"])
async def test_an_order_number_that_would_lead_elsewhere_at_its_channel_is_a_persons_at_once(
    shop: Shop, order: str
) -> None:
    request = asking(order, RETURN)
    await shop.submit(request)
    await waiting(shop, request)
    [asked] = shop.timeline(request).approvals
    assert "a value in the path leads elsewhere" in asked.request.what
    await shop.handle(request).signal("decide", Answer(person="ben", choice="reject"))
    assert (await shop.handle(request).result()).status is CaseStatus.REJECTED
