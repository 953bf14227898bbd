"""Faults on demand: each does what its name says, by script and by seed, and is counted."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors.connectors import Connectors
from contracts.failure import CallFailed
from sandbox.faults import Fault, FaultPlan, Faults
from sandbox.server import Sandbox
from sandbox.world import CHANNELS
from tests.sandbox.test_channels import WRITES, arguments_for

Strike = Callable[..., Awaitable[None]]


async def failing_send(
    outside: Connectors, channel: str, operation: str, arguments: dict[str, Any]
) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        await outside.send(channel, operation, arguments, f"key-{operation}")
    return failed.value


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("fault", ["error_after", "cut_after"])
async def test_an_effect_whose_answer_was_lost_is_found_by_its_look_up(
    outside: Connectors, strike: Strike, channel: str, fault: str
) -> None:
    for operation in WRITES:
        arguments = await arguments_for(outside, channel, operation)
        sent_at = datetime.now(UTC)
        await strike(channel, operation, fault)
        await failing_send(outside, channel, operation, arguments)
        found = await outside.look_up(channel, operation, arguments, f"key-{operation}", sent_at)
        assert found is not None, operation
        assert found.reference, operation


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("fault", ["error_before", "cut_before"])
async def test_an_effect_that_never_happened_is_not_found(
    outside: Connectors, strike: Strike, channel: str, fault: str
) -> None:
    for operation in WRITES:
        key = f"key-{operation}"
        arguments = await arguments_for(outside, channel, operation)
        sent_at = datetime.now(UTC)
        await strike(channel, operation, fault)
        await failing_send(outside, channel, operation, arguments)
        assert await outside.look_up(channel, operation, arguments, key, sent_at) is None, operation
        sent = await outside.send(channel, operation, arguments, key)
        found = await outside.look_up(channel, operation, arguments, key, sent_at)
        assert found is not None, operation
        assert found.reference == sent.reference, operation


@pytest.mark.parametrize("channel", CHANNELS)
async def test_an_undoing_whose_answer_was_lost_is_found_by_its_look_up(
    outside: Connectors, strike: Strike, channel: str
) -> None:
    for operation in ("charge", "restock", "reserve", "mark_order", "cancel_order"):
        arguments = await arguments_for(outside, channel, operation)
        sent = await outside.send(channel, operation, arguments, operation)
        undoing = outside.compensation(channel, operation, arguments, operation, sent)
        assert undoing is not None, operation
        undo, undo_arguments = undoing
        key = f"key-{undo}"
        sent_at = datetime.now(UTC)
        assert await outside.look_up(channel, undo, undo_arguments, key, sent_at) is None, undo
        await strike(channel, undo, "cut_after")
        await failing_send(outside, channel, undo, undo_arguments)
        assert await outside.look_up(channel, undo, undo_arguments, key, sent_at) is not None, undo


async def test_a_look_up_does_not_take_an_older_refund_for_ours(outside: Connectors, clock: Any) -> None:
    arguments = await arguments_for(outside, "store", "refund")
    await outside.send("store", "refund", arguments, "older")
    await asyncio.sleep(0)
    later = datetime.fromtimestamp(time.time() + 60, UTC)
    assert await outside.look_up("store", "refund", arguments, "newer", later) is None


async def test_too_many_calls_are_told_when_to_come_back(outside: Connectors, strike: Strike) -> None:
    arguments = await arguments_for(outside, "marketplace", "refund")
    await strike("marketplace", "refund", "rate_limited")
    failed = await failing_send(outside, "marketplace", "refund", arguments)
    assert (failed.status, failed.retry_after_seconds) == (429, 1.0)


async def test_a_cut_connection_gives_no_answer_at_all(outside: Connectors, strike: Strike) -> None:
    arguments = await arguments_for(outside, "webshop", "refund")
    await strike("webshop", "refund", "cut_before")
    failed = await failing_send(outside, "webshop", "refund", arguments)
    assert failed.status is None
    assert failed.exception in ("RemoteProtocolError", "ReadError")


@pytest.mark.parametrize(("fault", "made"), [("stall_before", 0), ("stall_after", 1), ("late_commit", 1)])
async def test_what_a_stalled_call_leaves_behind_when_the_client_hangs_up(
    sandbox: Sandbox, admin: httpx.AsyncClient, strike: Strike, fault: str, made: int
) -> None:
    await admin.put("/faults", json={"stall_seconds": 1.5, "late_seconds": 0.6})
    await strike("store", "refund", fault)
    body = {"order_no": "S-3001", "with": "card-9001", "cents": 100, "money": "EUR"}
    bearer = {"Authorization": f"Bearer {sandbox.tokens['store']}"}
    async with httpx.AsyncClient(headers=bearer, timeout=0.3) as client:
        with pytest.raises(httpx.TransportError):
            await client.post(sandbox.url + "/store/do/refund", json=body)
    if fault == "late_commit":
        assert (await admin.get("/totals")).json()["store"] == {}
    await asyncio.sleep(2.0 if made == 0 else 0.8)
    assert len((await admin.get("/books")).json()["store"].get("refund", [])) == made


async def test_a_slow_answer_is_still_an_answer(
    outside: Connectors, admin: httpx.AsyncClient, strike: Strike
) -> None:
    await admin.put("/faults", json={"slow_seconds": 0.3})
    arguments = await arguments_for(outside, "webshop", "refund")
    await strike("webshop", "refund", "slow")
    started = time.monotonic()
    assert (await outside.send("webshop", "refund", arguments, "key")).reference
    assert time.monotonic() - started >= 0.3


async def test_a_scripted_fault_can_wait_for_one_order_and_strike_several_times(
    outside: Connectors, admin: httpx.AsyncClient, strike: Strike
) -> None:
    await strike("webshop", "get_order", "error_before", order="W-1002", times=2)
    await outside.read("webshop", "get_order", {"order": "W-1001"})
    for _ in range(2):
        with pytest.raises(CallFailed):
            await outside.read("webshop", "get_order", {"order": "W-1002"})
    await outside.read("webshop", "get_order", {"order": "W-1002"})
    assert (await admin.get("/stats")).json()["webshop"]["get_order"] == {"calls": 4, "error_before": 2}


async def test_a_channel_with_a_pace_limit_answers_429_above_it(
    outside: Connectors, admin: httpx.AsyncClient
) -> None:
    await admin.put("/faults", json={"limits_per_second": {"store": 3}})
    answers: Counter[int | None] = Counter()
    for _ in range(6):
        try:
            await outside.read("store", "get_order", {"order": "S-3001"})
            answers[200] += 1
        except CallFailed as failed:
            answers[failed.status] += 1
    assert answers[200] >= 3
    assert answers[429] >= 1
    calls = (await admin.get("/calls", params={"channel": "store"})).json()
    assert [call["status"] for call in calls].count(429) == answers[429]


def test_the_same_seed_strikes_the_same_calls_in_whatever_order_they_come() -> None:
    plan = FaultPlan(seed=3, rates={"refund": {Fault.ERROR_AFTER: 0.2, Fault.CUT_BEFORE: 0.1}})
    subjects = [f"/orders/{number}/refunds" for number in range(500)]
    forwards, backwards = Faults(plan), Faults(plan)
    first = {subject: forwards.draw("webshop", "refund", subject, 0.0) for subject in subjects}
    second = {subject: backwards.draw("webshop", "refund", subject, 0.0) for subject in reversed(subjects)}
    assert first == second
    shares = Counter(first.values())
    assert 60 < shares[Fault.ERROR_AFTER] < 140
    assert 25 < shares[Fault.CUT_BEFORE] < 80
    again = {subject: forwards.draw("webshop", "refund", subject, 0.0) for subject in subjects}
    assert again != first, "the second try of a call draws anew"


def test_the_narrowest_rate_counts() -> None:
    plan = FaultPlan(
        rates={
            "*": {Fault.SLOW: 1.0},
            "refund": {Fault.ERROR_BEFORE: 1.0},
            "store.refund": {Fault.CUT_AFTER: 1.0},
        }
    )
    faults = Faults(plan)
    assert faults.draw("store", "refund", "a", 0.0) is Fault.CUT_AFTER
    assert faults.draw("webshop", "refund", "a", 0.0) is Fault.ERROR_BEFORE
    assert faults.draw("webshop", "notify", "a", 0.0) is Fault.SLOW


async def test_a_misspelt_fault_is_refused(admin: httpx.AsyncClient) -> None:
    answer = await admin.put("/faults", json={"rates": {"refund": {"explode": 0.5}}})
    assert answer.status_code == 422
