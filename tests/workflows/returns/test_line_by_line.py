"""Orders against their channels, line by line: what somebody did past the office is a case of the books."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from contracts.base import Arguments
from contracts.case import CaseStatus
from contracts.reconciliation.divergence import DivergenceKind
from contracts.reconciliation.messages import Patience, ReconcileRequest
from memory.tables.divergences import DivergenceRow
from service.reconciliation import reconcile
from tests.workflows.returns.orders import RETURN, asking, given_order
from tests.workflows.returns.shop import Shop

pytestmark = pytest.mark.slow
AT_ONCE = Patience(margin=timedelta(0), grace=timedelta(0))
TWO: dict[str, Any] = {"lines": [{"id": "L1", "sku": "SHIRT-S", "quantity": 2}]}
ONE_OF_TWO = "One of the two shirts is too small. I would like to return one of them for a refund."
EXCHANGE = "The shirt is too small. Please exchange it for size M."


async def compared(shop: Shop, *channels: str) -> None:
    """Let the reconciler run over these channels, as the schedule does."""
    request = ReconcileRequest(connectors=channels or ("webshop",), patience=AT_ONCE)
    tally = await reconcile(shop.client, request, lambda _: None)
    assert (*tally.unreachable, *tally.unread) == ()


def told(shop: Shop, order: str, channel: str = "webshop") -> dict[tuple[str, str, str], DivergenceRow]:
    """What differs about an order now: by kind, place in the order, and operation."""
    name = f"{channel}/{order}"
    rows = shop.installation.reconciliation.newest(10_000)
    return {
        (row.kind, row.reference.removeprefix(name), row.operation): row
        for row in rows
        if row.reference.startswith((f"{name}/", f"{name}#")) or row.reference == name
    }


async def by_hand(shop: Shop, operation: str, channel: str = "webshop", **arguments: object) -> str:
    """Let somebody do something in the shop, past the office; return its reference."""
    said: Arguments = {**arguments}  # type: ignore[dict-item]  # JSON, all of it
    outside = shop.installation.connectors
    sent = await outside.send(channel, operation, said, f"hand-{operation}-{arguments}")
    return str(sent.reference)


async def refunded_by_hand(shop: Shop, order: str, cents: int, pieces: int) -> str:
    lines = [{"line": "L1", "sku": "SHIRT-S", "quantity": pieces}] if pieces else []
    money: dict[str, Any] = {
        "payment_method": "card-1",
        "amount_cents": cents,
        "currency": "EUR",
        "reason": "goodwill",
    }
    return await by_hand(shop, "refund", order=order, lines=lines, **money)


async def ended(shop: Shop, case_id: str) -> CaseStatus:
    """Wait until a case has ended."""
    for _ in range(400):
        record = shop.installation.cases.find(case_id)
        if record is not None and record.status.ended:
            return record.status
        await asyncio.sleep(0.05)
    raise AssertionError(f"{case_id} never ended")


async def test_what_the_desk_did_is_what_its_channels_say_line_by_line(shop: Shop) -> None:
    orders = []
    for channel in ("webshop", "marketplace", "store"):
        for message, order in (
            (RETURN, given_order(shop, channel)),
            (ONE_OF_TWO, given_order(shop, channel, **TWO)),
            (EXCHANGE, given_order(shop, channel)),
            ("Please cancel my order.", given_order(shop, channel, status="processed")),
        ):
            result = await shop.run(asking(order, message, channel))
            assert result.status is CaseStatus.SETTLED, (channel, message, result)
            orders.append((channel, order))

    await compared(shop, "webshop", "marketplace", "store")

    assert [told(shop, order, channel) for channel, order in orders] == [{}] * len(orders)


async def test_a_piece_that_somebody_refunded_by_hand_is_a_case_until_it_is_taken_back(shop: Shop) -> None:
    order = given_order(shop, **TWO)
    await shop.run(asking(order, ONE_OF_TWO))

    surplus = await refunded_by_hand(shop, order, 4000, pieces=1)
    await compared(shop)

    found = told(shop, order)
    assert set(found) == {(DivergenceKind.MISSING_HERE, "/L1", "refund")}
    [line] = found.values()
    assert line.why == "refund of 2 pieces is told, our books hold 1"
    case_id = f"books/webshop/{line.id}"
    record = shop.installation.cases.find(case_id)
    assert record is not None
    assert record.status is CaseStatus.WAITING

    await by_hand(shop, "void_refund", refund=surplus)
    await compared(shop)

    assert told(shop, order) == {}
    assert await ended(shop, case_id) is CaseStatus.WITHDRAWN


async def test_money_that_went_back_by_hand_for_no_piece_is_found_where_it_was_paid(shop: Shop) -> None:
    order = given_order(shop, **TWO)
    await shop.run(asking(order, ONE_OF_TWO))
    await compared(shop)

    await by_hand(
        shop,
        "charge",
        order=order,
        payment_method="card-1",
        amount_cents=700,
        currency="EUR",
        reason="postage",
    )
    await refunded_by_hand(shop, order, 123, pieces=0)
    await compared(shop)

    found = told(shop, order)
    assert set(found) == {(DivergenceKind.MISSING_HERE, "#rest", "charge")}, "its listing shows the refund"
    [charge] = found.values()
    assert (charge.ours_cents, charge.theirs_cents) == (0, 700)


async def test_a_refund_that_somebody_took_back_in_the_shop_is_missing_there_line_and_money(
    shop: Shop,
) -> None:
    order = given_order(shop)
    request = asking(order, RETURN)
    await shop.run(request)
    [paid] = [one for one in shop.timeline(request).effects if one.order.effect.operation == "refund"]

    await by_hand(shop, "void_refund", refund=paid.receipt.outside_reference)
    await compared(shop)

    found = told(shop, order)
    assert set(found) == {
        (DivergenceKind.MISSING_OUTSIDE, "/L1", "refund"),
        (DivergenceKind.MISSING_OUTSIDE, "#paid-by/card-1", "refund"),
    }
    assert found[DivergenceKind.MISSING_OUTSIDE, "#paid-by/card-1", "refund"].at_stake_cents == 4000


async def test_what_came_back_before_our_time_is_nobodys_question(shop: Shop) -> None:
    line = {"id": "L1", "sku": "SHIRT-S", "quantity": 3, "returned_quantity": 1}
    order = given_order(shop, lines=[line], refunded_cents=4000)
    await shop.run(asking(order, ONE_OF_TWO.replace("two", "three")))

    await compared(shop)

    assert told(shop, order) == {}
