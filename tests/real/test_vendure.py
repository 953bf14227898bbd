"""Kontor's connectors against a real Vendure, with the manifest that is shipped."""

from datetime import UTC, datetime
from typing import Any

import pytest

from activities.errors import classify
from benchmarks.proxy import RunningProxy
from connectors.connectors import Connectors
from contracts.base import Arguments
from contracts.failure import Absent, CallFailed, FailureClass
from sandbox.faults import Fault, Scripted
from tests.real.vendure_shop import CHANNELS, PRICE_CENTS, Bought, VendureShop
from workflows.returns.types import Order


@pytest.fixture
def bought(shop: VendureShop) -> Bought:
    return shop.buy("web", "ann@example.com")


def refund_of(bought: Bought, amount_cents: int = 1500) -> dict[str, Any]:
    return {
        "order": bought.code,
        "payment_method": bought.payment,
        "amount_cents": amount_cents,
        "currency": "EUR",
        "reason": "itchy",
        "lines": [{"line": bought.line, "sku": "LAMP", "quantity": 1}],
    }


def made_for(shop: VendureShop, bought: Bought) -> list[int]:
    return [refund.total_cents for refund in shop.refunds() if refund.order == bought.code]


def strike(proxy: RunningProxy, operation: str, fault: Fault) -> None:
    proxy.faults.script.append(Scripted(channel="vendure", operation=operation, fault=fault))


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_channel_of_vendure_is_a_sales_channel(
    channels: Connectors, shop: VendureShop, channel: str
) -> None:
    bought = shop.buy(channel, "ann@example.com")
    read = await channels.read(f"vendure-{channel}", "get_order", {"order": bought.code})
    order = Order.model_validate(read["order"])
    assert (order.id, order.status, order.currency) == (bought.code, "processed", "EUR")
    assert (order.paid_cents, order.refunded_cents) == (2 * PRICE_CENTS, 0)
    assert order.payment_method == bought.payment
    assert [(line.sku, line.quantity, line.unit_price_cents) for line in order.lines] == [
        ("LAMP", 2, PRICE_CENTS)
    ]
    others = [name for name in CHANNELS if name != channel]
    for other in others:
        with pytest.raises(Absent):
            await channels.read(f"vendure-{other}", "get_order", {"order": bought.code})


async def test_the_same_refund_sent_twice_really_is_made_twice(
    channels: Connectors, shop: VendureShop, bought: Bought
) -> None:
    first = await channels.send("vendure-web", "refund", refund_of(bought), "the-key")
    second = await channels.send("vendure-web", "refund", refund_of(bought), "the-key")
    assert first.reference != second.reference
    assert made_for(shop, bought) == [1500, 1500]


@pytest.mark.parametrize("fault", [Fault.CUT_AFTER, Fault.ERROR_AFTER])
async def test_a_refund_whose_answer_was_lost_is_found_and_need_not_be_sent_again(
    channels: Connectors, shop: VendureShop, proxy: RunningProxy, bought: Bought, fault: Fault
) -> None:
    arguments = refund_of(bought)
    sent_at = datetime.now(UTC)
    strike(proxy, "refund", fault)
    with pytest.raises(CallFailed) as failed:
        await channels.send("vendure-web", "refund", arguments, "lost-key")
    manifest = channels.manifest("vendure-web")
    assert classify(manifest, "refund", failed.value) is FailureClass.AMBIGUOUS
    found = await channels.look_up("vendure-web", "refund", arguments, "lost-key", sent_at)
    assert found is not None
    assert [refund.id for refund in shop.refunds() if refund.order == bought.code] == [found.reference]
    assert found.result["state"] == "Pending"


@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.ERROR_BEFORE])
async def test_a_refund_that_never_reached_vendure_is_surely_absent(
    channels: Connectors, shop: VendureShop, proxy: RunningProxy, bought: Bought, fault: Fault
) -> None:
    arguments = refund_of(bought)
    sent_at = datetime.now(UTC)
    strike(proxy, "refund", fault)
    with pytest.raises(CallFailed):
        await channels.send("vendure-web", "refund", arguments, "absent-key")
    assert await channels.look_up("vendure-web", "refund", arguments, "absent-key", sent_at) is None
    await channels.send("vendure-web", "refund", arguments, "absent-key")
    assert made_for(shop, bought) == [1500]


async def test_another_refund_of_the_same_amount_is_not_taken_for_ours(
    channels: Connectors, bought: Bought
) -> None:
    sent_at = datetime.now(UTC)
    await channels.send("vendure-web", "refund", refund_of(bought), "someone-elses-key")
    found = await channels.look_up("vendure-web", "refund", refund_of(bought), "our-key", sent_at)
    assert found is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount_cents": 1_000_000}, "REFUND_AMOUNT_ERROR"),
        ({"payment_method": "999999"}, "ENTITY_NOT_FOUND"),
    ],
)
async def test_what_vendure_refuses_is_final(
    channels: Connectors, shop: VendureShop, bought: Bought, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(CallFailed) as failed:
        await channels.send("vendure-web", "refund", {**refund_of(bought), **change}, "key")
    assert failed.value.code == code
    manifest = channels.manifest("vendure-web")
    assert classify(manifest, "refund", failed.value) is FailureClass.NOT_APPLIED_FINAL
    assert made_for(shop, bought) == []


async def test_a_refund_stays_pending_until_it_is_settled_and_is_settled_once(
    channels: Connectors, shop: VendureShop, proxy: RunningProxy, bought: Bought
) -> None:
    sent = await channels.send("vendure-web", "refund", refund_of(bought), "key")
    settle: Arguments = {"order": bought.code, "refund": sent.reference, "transaction": "payout-1"}
    sent_at = datetime.now(UTC)
    assert await channels.look_up("vendure-web", "settle_refund", settle, "settle", sent_at) is None
    strike(proxy, "settle", Fault.CUT_AFTER)
    with pytest.raises(CallFailed):
        await channels.send("vendure-web", "settle_refund", settle, "settle")
    assert await channels.look_up("vendure-web", "settle_refund", settle, "settle", sent_at) is not None
    assert [refund.state for refund in shop.refunds() if refund.order == bought.code] == ["Settled"]
    with pytest.raises(CallFailed) as failed:
        await channels.send("vendure-web", "settle_refund", settle, "settle")
    assert failed.value.code == "ILLEGAL_OPERATION"


async def test_the_listing_is_what_vendure_says_was_refunded_in_that_channel(
    channels: Connectors, shop: VendureShop
) -> None:
    bought = shop.buy("till", "ann@example.com")
    sent = await channels.send("vendure-till", "refund", refund_of(bought, 700), "listed-key")
    page = await channels.list_page("vendure-till", None, 200)
    assert (sent.reference, 700) in {(entry.reference, entry.amount_cents) for entry in page.entries}
    elsewhere = await channels.list_page("vendure-market", None, 200)
    assert sent.reference not in {entry.reference for entry in elsewhere.entries}


async def test_a_note_is_written_found_and_taken_back(channels: Connectors, bought: Bought) -> None:
    note: Arguments = {"order_id": bought.id, "text": "We have your lamp.", "public": True}
    sent_at = datetime.now(UTC)
    assert await channels.look_up("vendure-web", "add_note", note, "note-key", sent_at) is None
    sent = await channels.send("vendure-web", "add_note", note, "note-key")
    found = await channels.look_up("vendure-web", "add_note", note, "note-key", sent_at)
    assert found is not None
    assert found.reference == sent.reference
    undoing = channels.compensation("vendure-web", "add_note", note, "note-key", sent)
    assert undoing is not None
    assert await channels.look_up("vendure-web", *undoing, "undo-key", sent_at) is None
    await channels.send("vendure-web", *undoing, "undo-key")
    assert await channels.look_up("vendure-web", *undoing, "undo-key", sent_at) is not None


async def test_an_order_is_cancelled_once(channels: Connectors, bought: Bought) -> None:
    cancel: Arguments = {"order_id": bought.id, "reason": "changed their mind"}
    sent_at = datetime.now(UTC)
    assert await channels.look_up("vendure-web", "cancel_order", cancel, "key", sent_at) is None
    sent = await channels.send("vendure-web", "cancel_order", cancel, "key")
    assert sent.result == {"state": "Cancelled"}
    assert await channels.look_up("vendure-web", "cancel_order", cancel, "key", sent_at) is not None
    with pytest.raises(CallFailed) as failed:
        await channels.send("vendure-web", "cancel_order", cancel, "key")
    assert failed.value.code == "EMPTY_ORDER_LINE_SELECTION_ERROR"
