"""The three channels through Kontor's connectors: the shipped manifests fit what they declare."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.connectors import Connectors
from contracts.base import Arguments
from contracts.failure import Absent, CallFailed
from sandbox.loading import DATA
from sandbox.server import Sandbox
from sandbox.world import CHANNELS
from workflows.returns.types import FoundOrders, Order, ReturnRequest
from workflows.returns.way.told import GoodsTold

ORDERS = {"webshop": "W-1001", "marketplace": "M-2022", "store": "S-3010"}
UNSHIPPED = {"webshop": "W-1004", "marketplace": "M-2003", "store": "S-3009"}


async def order_of(outside: Connectors, channel: str, order: str) -> Order:
    return Order.model_validate((await outside.read(channel, "get_order", {"order": order}))["order"])


async def arguments_for(outside: Connectors, channel: str, operation: str) -> dict[str, Any]:
    """Sensible arguments of a write for one of the seeded orders."""
    known = UNSHIPPED if operation == "cancel_order" else ORDERS
    order = await order_of(outside, channel, known[channel])
    line = order.lines[-1]
    every: dict[str, Any] = {
        "order": order.id,
        "payment_method": order.payment_method,
        "amount_cents": line.unit_price_cents,
        "currency": order.currency,
        "reason": "itchy",
        "lines": [{"line": line.id, "sku": line.sku, "quantity": 1}],
        "condition": "opened",
        "sku": order.variants[-1].sku,
        "quantity": 1,
        "subject": "Your return",
        "text": "We have it.",
        "mark": "returned",
    }
    return {name: every[name] for name in outside.manifest(channel).operations[operation].arguments}


WRITES = ("refund", "charge", "restock", "reserve", "notify", "mark_order", "cancel_order")


@pytest.mark.parametrize("channel", CHANNELS)
async def test_every_seeded_order_reads_as_an_order(outside: Connectors, channel: str) -> None:
    seeded = [json.loads(line) for line in (DATA / "orders.jsonl").read_text().splitlines()]
    mine = [row for row in seeded if row["channel"] == channel]
    assert len(mine) > 20
    for row in mine:
        order = await order_of(outside, channel, row["id"])
        assert order.channel == channel
        assert order.status == row["status"]
        assert order.member_level == row.get("member_level", "guest")
        assert order.paid_cents == sum(line.unit_price_cents * line.quantity for line in order.lines)
        assert {line.sku for line in order.lines} <= {variant.sku for variant in order.variants}
        if order.delivered_at is not None:
            assert (datetime.now(UTC) - order.delivered_at).days == row["delivered_days_ago"]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("operation", WRITES)
async def test_a_write_and_its_compensation_leave_the_order_as_it_was(
    outside: Connectors, channel: str, operation: str
) -> None:
    arguments = await arguments_for(outside, channel, operation)
    before = await order_of(outside, channel, arguments["order"])
    sent = await outside.send(channel, operation, arguments, "first")
    after = await order_of(outside, channel, arguments["order"])
    undoing = outside.compensation(channel, operation, arguments, "first", sent)
    if operation == "notify":
        assert undoing is None
        return
    assert after != before or (channel, operation) == ("store", "refund")
    if undoing is None:
        assert (channel, operation) == ("store", "refund")
        assert after.refunded_cents == before.refunded_cents + arguments["amount_cents"]
        return
    await outside.send(channel, *undoing, "undo-first")
    assert await order_of(outside, channel, arguments["order"]) == before


async def an_authorised_return(
    outside: Connectors, channel: str, order_id: str
) -> tuple[Arguments, tuple[str, Arguments] | None]:
    """Authorise the return of an order's first line; return what `get_return` takes, and its undo."""
    order = await order_of(outside, channel, order_id)
    lines = [{"line": order.lines[0].id, "sku": order.lines[0].sku, "quantity": order.lines[0].quantity}]
    asked: dict[str, Any] = {"order": order.id, "rma": "RMA-1", "lines": lines, "postage": "ours"}
    sent = await outside.send(channel, "authorise_return", asked, "first")
    undoing = outside.compensation(channel, "authorise_return", asked, "first", sent)
    return {"order": order.id, "rma": "RMA-1"}, undoing


@pytest.mark.parametrize("channel", ["webshop", "marketplace"])
async def test_of_a_return_that_was_cancelled_nothing_comes_back(outside: Connectors, channel: str) -> None:
    about, undoing = await an_authorised_return(outside, channel, ORDERS[channel])
    goods = GoodsTold.model_validate((await outside.read(channel, "get_return", about))["goods"])
    assert {found.condition for found in goods.inspected} == {"sellable"}

    assert undoing is not None
    await outside.send(channel, *undoing, "undo-first")

    with pytest.raises(Absent):
        await outside.read(channel, "get_return", about)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_an_order_whose_id_has_signs_of_an_address_in_it_is_found_and_refunded(
    outside: Connectors, admin: httpx.AsyncClient, channel: str
) -> None:
    order = {
        "id": "2026/7#a?b%2F", "channel": channel, "customer": "c", "status": "delivered", "currency": "EUR",
        "payment_method": "card-1", "lines": [{"id": "L1", "sku": "SCARF-RUST", "quantity": 1}],
    }  # fmt: skip
    (await admin.post("/load", json={"orders": [order]})).raise_for_status()

    assert (await order_of(outside, channel, "2026/7#a?b%2F")).id == "2026/7#a?b%2F"
    known: dict[str, Any] = {
        "order": "2026/7#a?b%2F", "payment_method": "card-1", "amount_cents": 100,
        "lines": [{"line": "L1", "sku": "SCARF-RUST", "quantity": 1}],
    }  # fmt: skip
    asked = await arguments_for(outside, channel, "refund")
    sent = await outside.send(
        channel, "refund", {name: known.get(name, asked[name]) for name in asked}, "7/1"
    )
    assert sent.reference


@pytest.mark.parametrize("channel", ["webshop", "marketplace"])
async def test_parcels_come_by_themselves_when_and_as_the_orders_data_says(
    outside: Connectors, admin: httpx.AsyncClient, clock: Any, channel: str
) -> None:
    order = {
        "id": "P-1", "channel": channel, "customer": "c", "status": "delivered", "currency": "EUR",
        "payment_method": "card-1", "lines": [{"id": "L1", "sku": "SCARF-RUST", "quantity": 3}],
        "parcels": [
            {"after_seconds": 60, "pieces": {"L1": 1}, "condition": "damaged"},
            {"after_seconds": 120, "pieces": {"L1": 2}, "condition": None},
        ],
    }  # fmt: skip
    (await admin.post("/load", json={"orders": [order]})).raise_for_status()
    about, _ = await an_authorised_return(outside, channel, "P-1")

    seen = []
    for ahead in (0, 61, 121):
        clock.ahead = timedelta(seconds=ahead)
        goods = GoodsTold.model_validate((await outside.read(channel, "get_return", about))["goods"])
        found = [(one.quantity, one.condition) for one in goods.inspected]
        seen.append((sum(one.quantity for one in goods.received), found))

    assert seen == [(0, []), (1, [(1, "damaged")]), (3, [(1, "damaged")])]


@pytest.mark.parametrize(("channel", "refunds"), [("webshop", 1), ("marketplace", 2), ("store", 2)])
async def test_only_the_webshop_keeps_a_refund_that_is_asked_twice_from_being_made_twice(
    outside: Connectors, admin: httpx.AsyncClient, channel: str, refunds: int
) -> None:
    arguments = await arguments_for(outside, channel, "refund")
    for _ in range(2):
        await outside.send(channel, "refund", arguments, "same-key")
    made = (await admin.get("/books")).json()[channel]["refund"]
    assert len(made) == refunds
    assert sum(row["amount_cents"] for row in made) == refunds * arguments["amount_cents"]


async def test_the_webshop_forgets_a_key_after_its_retention(
    outside: Connectors, admin: httpx.AsyncClient, clock: Any
) -> None:
    arguments = {**await arguments_for(outside, "webshop", "refund"), "lines": []}
    first = await outside.send("webshop", "refund", arguments, "same-key")
    clock.ahead = timedelta(hours=23)
    assert (await outside.send("webshop", "refund", arguments, "same-key")).reference == first.reference
    clock.ahead = timedelta(hours=25)
    assert (await outside.send("webshop", "refund", arguments, "same-key")).reference != first.reference
    assert len((await admin.get("/books")).json()["webshop"]["refund"]) == 2


async def test_the_webshop_refuses_a_key_that_comes_with_another_request(outside: Connectors) -> None:
    arguments = await arguments_for(outside, "webshop", "refund")
    await outside.send("webshop", "refund", arguments, "same-key")
    with pytest.raises(CallFailed) as refused:
        await outside.send("webshop", "refund", {**arguments, "amount_cents": 1}, "same-key")
    assert (refused.value.status, refused.value.code) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("operation", "change", "refusal"),
    [
        ("refund", {"amount_cents": 1_000_000}, (422, "exceeds_paid")),
        (
            "refund",
            {"lines": [{"line": "L2", "sku": "SCARF-RUST", "quantity": 1}] * 2},
            (409, "already_refunded"),
        ),
        ("refund", {"order": "W-0000"}, (404, "unknown_order")),
        ("refund", {"payment_method": "card-of-another"}, (422, "other_payment_method")),
        ("refund", {"currency": "USD"}, (422, "other_currency")),
        ("refund", {"lines": [{"line": "L9", "sku": "X", "quantity": 1}]}, (422, "unknown_line")),
        ("cancel_order", {"order": "W-1013"}, (409, "already_shipped")),
        ("cancel_order", {"order": "W-1028"}, (409, "already_cancelled")),
        ("reserve", {"sku": "RAIN-XL-YELLOW"}, (409, "out_of_stock")),
        ("reserve", {"sku": "NO-SUCH"}, (404, "unknown_sku")),
        (
            "mark_order",
            {"order": "W-1018", "lines": [{"line": "L1", "sku": "SPKR-BLUE", "quantity": 1}]},
            (409, "already_returned"),
        ),
    ],
)
async def test_a_broken_rule_is_refused_with_its_code(
    outside: Connectors,
    admin: httpx.AsyncClient,
    operation: str,
    change: dict[str, Any],
    refusal: tuple[int, str],
) -> None:
    arguments = {**await arguments_for(outside, "webshop", operation), **change}
    with pytest.raises(CallFailed) as refused:
        await outside.send("webshop", operation, arguments, "key")
    assert (refused.value.status, refused.value.code) == refusal
    assert (await admin.get("/books")).json()["webshop"] == {}


@pytest.mark.parametrize("channel", CHANNELS)
async def test_an_undoing_happens_once(outside: Connectors, channel: str) -> None:
    arguments = await arguments_for(outside, channel, "charge")
    sent = await outside.send(channel, "charge", arguments, "charge")
    undoing = outside.compensation(channel, "charge", arguments, "charge", sent)
    assert undoing is not None
    await outside.send(channel, *undoing, "undo-1")
    with pytest.raises(CallFailed) as refused:
        await outside.send(channel, *undoing, "undo-2")
    assert refused.value.status == 409


async def test_the_till_has_no_way_to_take_a_refund_back(outside: Connectors, sandbox: Sandbox) -> None:
    arguments = await arguments_for(outside, "store", "refund")
    sent = await outside.send("store", "refund", arguments, "key")
    assert outside.compensation("store", "refund", arguments, "key", sent) is None
    bearer = {"Authorization": f"Bearer {sandbox.tokens['store']}"}
    async with httpx.AsyncClient(headers=bearer) as client:
        answer = await client.post(f"{sandbox.url}/store/do/undo", json={"entry": sent.reference})
    assert (answer.status_code, answer.json()["why"]) == (409, "cannot_be_undone")


@pytest.mark.parametrize("channel", CHANNELS)
async def test_the_listing_pages_through_all_refunds_and_says_where_to_go_on(
    outside: Connectors, channel: str
) -> None:
    arguments = {**await arguments_for(outside, channel, "refund"), "lines": []}
    for number in range(5):
        await outside.send(channel, "refund", {**arguments, "amount_cents": 100 + number}, f"key-{number}")
    found: list[int] = []
    cursor: str | None = None
    while True:
        page = await outside.list_page(channel, cursor, 2)
        if not page.entries:
            break
        found += [entry.amount_cents for entry in page.entries]
        cursor = page.next_cursor
    assert found == [100, 101, 102, 103, 104]
    await outside.send(channel, "refund", {**arguments, "amount_cents": 200}, "later")
    later = await outside.list_page(channel, cursor, 2)
    assert [entry.amount_cents for entry in later.entries] == [200]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_wrong_token_opens_no_door(sandbox: Sandbox, channel: str) -> None:
    path = {
        "webshop": "/webshop/orders/W-1001",
        "marketplace": "/marketplace/v2/purchases/M-2001",
        "store": "/store/slip?order_no=S-3001",
    }
    async with httpx.AsyncClient(headers={"Authorization": "Bearer guessed"}) as client:
        assert (await client.get(sandbox.url + path[channel])).status_code == 401


def test_the_demo_morning_fits_the_seeded_orders(office: Path) -> None:
    rows = [json.loads(line) for line in (DATA / "orders.jsonl").read_text().splitlines()]
    seeded = {(row["channel"], row["id"]) for row in rows}
    customers = {(row["channel"], row[name]) for row in rows for name in ("customer", "email") if name in row}
    requests = [
        ReturnRequest.model_validate_json(line)
        for line in (office / "demo" / "morning.jsonl").read_text().splitlines()
    ]
    expected = [
        json.loads(line) for line in (office / "demo" / "morning.expected.jsonl").read_text().splitlines()
    ]
    assert [row["id"] for row in expected] == [request.id for request in requests]
    assert len({(request.channel, request.id) for request in requests}) == len(requests)
    named = [request for request in requests if request.order]
    assert [one.order for one in named if (one.channel, one.order) not in seeded] == ["W-1999"]
    unnamed = [request for request in requests if not request.order]
    assert unnamed
    assert {(one.channel, one.customer) for one in unnamed} <= customers


@pytest.mark.parametrize("channel", ["webshop", "marketplace"])
async def test_a_customers_orders_are_found_by_reference_and_by_address_the_newest_first(
    outside: Connectors, admin: httpx.AsyncClient, channel: str
) -> None:
    wanted = {"customer": "c-77", "status": "pending", "currency": "EUR", "payment_method": "card"}
    line = {"id": "L1", "sku": "S", "product": "P", "name": "Thing", "unit_price_cents": 100}
    old, new, other = (
        {**wanted, "id": f"F-{days}", "channel": channel, "placed_days_ago": days, "lines": [line]}
        for days in (9, 2, 5)
    )
    rows = [old, {**new, "email": "Jo@Example.org"}, {**other, "customer": "c-78"}]
    (await admin.post("/load", json={"orders": rows})).raise_for_status()

    async def found(customer: str) -> list[str]:
        told = await outside.read(channel, "find_orders", {"customer": customer})
        return list(FoundOrders.model_validate(told["found"]).orders)

    assert await found("c-77") == ["F-2", "F-9"]
    assert await found("jo@example.ORG") == ["F-2"]
    assert await found("c-79") == []
