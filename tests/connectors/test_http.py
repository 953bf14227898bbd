import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.errors import classify
from connectors.connectors import Connectors
from connectors.manifest import load_manifests
from connectors.secrets import EnvironmentSecrets
from contracts.base import Arguments
from contracts.failure import CallFailed, FailureClass
from tests.connectors.system import ENVIRONMENT, SHOP, TOKEN, Reply, System, write_office

REFUND: Arguments = {"order": "W-1", "amount_cents": 4000}


async def failure_of_a_refund(shop: Connectors) -> tuple[CallFailed, FailureClass]:
    with pytest.raises(CallFailed) as caught:
        await shop.send("shop", "refund", REFUND, "refund-k1")
    return caught.value, classify(shop.manifest("shop"), "refund", caught.value)


async def test_a_write_sends_what_the_template_says_with_native_types_and_gives_back_the_reference(
    shop: Connectors, system: System
) -> None:
    arguments: Arguments = {**REFUND, "reason": "size", "lines": [{"line": "1", "sku": "S", "quantity": 2}]}
    sent = await shop.send("shop", "refund", arguments, "refund-k1")
    assert (sent.reference, sent.result) == ("R-1", {"refund": "R-1"})
    [request] = system.received
    assert (request.method, request.target) == ("POST", "/api/orders/W-1/refunds")
    assert request.headers["idempotency-key"] == "refund-k1"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.json == {
        "amount": 4000,
        "decimal": "40.00",
        "why": "size",
        "title": "refund of 4000 for W-1",
        "rows": [{"id": "1", "count": 2}],
    }


async def test_an_argument_that_looks_like_code_or_a_number_or_a_path_stays_the_text_it_is(
    shop: Connectors, system: System
) -> None:
    arguments: Arguments = {"order": "..a/admin?x=1#", "amount_cents": 1, "text": "{{ key }} [1, 2]"}
    await shop.send("shop", "refund", arguments, "k")
    [request] = system.received
    assert request.target == "/api/orders/..a%2Fadmin%3Fx%3D1%23/refunds"
    assert request.json["text"] == "{{ key }} [1, 2]"


@pytest.mark.parametrize(
    "order", ["..", ".", "", "W-1/../W-2", "../W-1", "W-1/", "/W-1", "W-1//2", "..\\W-1"]
)
async def test_a_value_that_would_lead_elsewhere_in_the_path_is_refused_before_anything_is_sent(
    shop: Connectors, system: System, order: str
) -> None:
    with pytest.raises(CallFailed) as caught:
        await shop.send("shop", "refund", {"order": order, "amount_cents": 1}, "k")
    assert not caught.value.sent
    assert classify(shop.manifest("shop"), "refund", caught.value) is FailureClass.NOT_APPLIED_FINAL
    assert system.received == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"order": "W-1"}, "amount_cents is missing"),
        ({"order": "W-1", "amount_cents": "4000"}, "amount_cents is text, not cents"),
        ({"order": "W-1", "amount_cents": -1}, "amount_cents is negative, not cents"),
        ({"order": "W-1", "amount_cents": True}, "amount_cents is boolean, not cents"),
        ({"order": "W-1", "amount_cents": 1, "tip": 2}, "tip is not an argument"),
        ({"order": "W-1", "amount_cents": 1, "reason": "greed"}, "reason is none of damaged, size"),
    ],
)
async def test_wrong_arguments_are_named_and_nothing_is_sent(
    shop: Connectors, system: System, arguments: Arguments, complaint: str
) -> None:
    with pytest.raises(CallFailed, match=complaint) as caught:
        await shop.send("shop", "refund", arguments, "k")
    assert caught.value.code == "arguments"
    assert classify(shop.manifest("shop"), "refund", caught.value) is FailureClass.NOT_APPLIED_FINAL
    assert system.received == []


async def test_results_are_typed_and_decimal_money_becomes_cents(shop: Connectors, system: System) -> None:
    system.reply = lambda _: Reply({"total": "12.34"})
    assert await shop.read("shop", "get_order", {"order": "W-1"}) == {"total_cents": 1234}
    system.reply = lambda _: Reply({"total": "12.345"})
    with pytest.raises(CallFailed, match="total_cents") as caught:
        await shop.read("shop", "get_order", {"order": "W-1"})
    assert caught.value.code == "malformed"
    assert classify(shop.manifest("shop"), "get_order", caught.value) is FailureClass.NOT_APPLIED_RETRY


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(status=422), FailureClass.NOT_APPLIED_FINAL),
        (Reply(status=404), FailureClass.NOT_APPLIED_FINAL),
        (Reply(status=429, headers={"Retry-After": "7"}), FailureClass.NOT_APPLIED_RETRY),
        (Reply(status=503, headers={"Retry-After": "7"}), FailureClass.NOT_APPLIED_RETRY),
        (Reply(status=503), FailureClass.AMBIGUOUS),
        (Reply(status=500), FailureClass.AMBIGUOUS),
        (Reply(status=302, headers={"Location": "/api/elsewhere"}), FailureClass.AMBIGUOUS),
        (Reply(cut=True), FailureClass.AMBIGUOUS),
        (Reply(wait_seconds=1.0), FailureClass.AMBIGUOUS),
        (Reply(raw=b"<html>"), FailureClass.AMBIGUOUS),
        (Reply({"id": None}), FailureClass.AMBIGUOUS),
        (Reply({}), FailureClass.AMBIGUOUS),
        (Reply({"id": "R-1", "problem": {"code": "HOUSE_ON_FIRE"}}), FailureClass.AMBIGUOUS),
    ],
)
async def test_every_way_a_write_can_go_wrong_is_sent_once_and_classified(
    shop: Connectors, system: System, reply: Reply, expected: FailureClass
) -> None:
    system.reply = lambda _: reply
    failure, found = await failure_of_a_refund(shop)
    assert found is expected
    assert len(system.received) == 1
    if "Retry-After" in reply.headers:
        assert failure.retry_after_seconds == 7


async def test_nobody_listening_means_not_applied_and_worth_another_try(tmp_path: Path) -> None:
    manifests = load_manifests(write_office(tmp_path, SHOP), {"PORT": "1"})
    async with Connectors(manifests, EnvironmentSecrets(ENVIRONMENT)) as shop:
        failure, found = await failure_of_a_refund(shop)
    assert failure.exception == "ConnectError"
    assert found is FailureClass.NOT_APPLIED_RETRY


async def test_a_secret_that_nobody_has_put_there_yet_is_waited_for(tmp_path: Path) -> None:
    manifests = load_manifests(write_office(tmp_path, SHOP), {"PORT": "1"})
    async with Connectors(manifests, EnvironmentSecrets({})) as shop:
        failure, found = await failure_of_a_refund(shop)
    assert (failure.code, failure.sent) == ("secret", False)
    assert found is FailureClass.NOT_APPLIED_RETRY


async def test_a_kept_connection_that_the_system_drops_is_not_silently_tried_again(
    shop: Connectors, system: System
) -> None:
    await shop.send("shop", "refund", REFUND, "k1")
    system.reply = lambda _: Reply(cut=True)
    _, found = await failure_of_a_refund(shop)
    assert found is FailureClass.AMBIGUOUS
    assert [request.connection for request in system.received] == [1, 1]
    assert len(system.received) == 2


async def test_a_trickling_answer_is_given_up_at_the_operations_timeout(
    shop: Connectors, system: System
) -> None:
    system.reply = lambda _: Reply(wait_seconds=5)
    started = asyncio.get_running_loop().time()
    failure, _ = await failure_of_a_refund(shop)
    assert failure.exception in ("ReadTimeout", "TimeoutError")
    assert asyncio.get_running_loop().time() - started < 2


async def test_cookies_are_never_kept_from_one_call_to_the_next(shop: Connectors, system: System) -> None:
    system.reply = lambda _: Reply({"id": "R-1"}, headers={"Set-Cookie": "session=abc; Path=/"})
    await shop.send("shop", "refund", REFUND, "k1")
    await shop.send("shop", "refund", REFUND, "k2")
    assert "cookie" not in system.received[1].headers


async def test_a_write_cannot_be_called_as_a_read_nor_a_read_as_a_write(
    shop: Connectors, system: System
) -> None:
    with pytest.raises(CallFailed) as caught:
        await shop.read("shop", "refund", REFUND)
    assert caught.value.code == "operation"
    with pytest.raises(CallFailed):
        await shop.send("shop", "get_order", {"order": "W-1"}, "k")
    assert system.received == []


async def test_an_answer_of_any_size_is_not_read_to_the_end(shop: Connectors, system: System) -> None:
    system.reply = lambda _: Reply(raw=b'{"total": "' + b"9" * 9_000_000 + b'"}')
    with pytest.raises(CallFailed) as caught:
        await shop.read("shop", "get_order", {"order": "W-1"})
    assert caught.value.exception == "AnswerTooLarge"


async def test_the_outside_listing_comes_in_typed_pages(shop: Connectors, system: System) -> None:
    entry = {"id": 7, "amount": "-40.00", "at": "2026-03-01T10:00:00Z", "ref": "refund-k1"}
    system.reply = lambda _: Reply({"refunds": [entry], "next": 8})
    page = await shop.list_page("shop", "3", 50)
    assert system.received[0].target == "/api/refunds?after=3&n=50"
    assert page.next_cursor == "8"
    [listed] = page.entries
    assert (listed.operation, listed.reference, listed.key) == ("refund", "7", "refund-k1")
    assert (listed.amount_cents, listed.at) == (4000, datetime(2026, 3, 1, 10, tzinfo=UTC))


async def test_the_arguments_of_an_undoing_come_from_what_was_done(shop: Connectors) -> None:
    sent = await shop.send("shop", "refund", REFUND, "k1")
    assert shop.compensation("shop", "refund", REFUND, "k1", sent) == ("void_refund", {"refund": "R-1"})
    assert shop.compensation("shop", "void_refund", {"refund": "R-1"}, "k2", sent) is None
