"""A refusal of one call is no refusal of all: what it leaves open, for each kind of idempotency."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from temporalio.exceptions import ApplicationError

from contracts.effect import EffectState
from contracts.failure import FailureClass
from tests.activities.effects.fake_channel import Clock, FakeChannel, Kind, manifest
from tests.activities.effects.ledger_helpers import Door, outcomes, refund

Doors = Callable[..., Door]
KINDS: tuple[Kind, ...] = ("native_key", "client_reference", "lookup", "none")
NO_WORD_OF_THE_FIRST_CALL = [401, 403, 404, 409, 422]
"""Refusals of one call, by a door, a lock or a check that the first call itself made fail."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", NO_WORD_OF_THE_FIRST_CALL)
async def test_a_refusal_after_a_lost_answer_never_closes_what_was_paid(
    door_of: Doors, kind: Kind, status: int
) -> None:
    door = door_of(kind)
    order = door.order(refund())
    door.till.next.extend(["cut-after", status])
    receipt = await door.pursue(order)
    assert receipt.state is (EffectState.UNKNOWN if kind == "none" else EffectState.APPLIED)
    assert door.till.cents(order.key) == [4000]


async def test_under_a_native_key_a_refusal_beside_a_lost_answer_is_looked_up(door_of: Doors) -> None:
    door = door_of("native_key")
    order = door.order(refund())
    door.till.next.extend(["cut-after", 422])
    receipt = await door.pursue(order)
    assert (receipt.outside_reference, receipt.looked_up) == ("R-1", True)
    assert outcomes(door, order.key) == {1: "ambiguous", 2: "not-applied-final", 3: "found"}
    assert door.till.calls == [order.key, order.key]


async def test_a_refusal_stands_once_a_look_up_shows_that_the_lost_call_did_nothing(door_of: Doors) -> None:
    door = door_of("native_key")
    order = door.order(refund())
    door.till.next.extend(["cut-before", 422])
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.FAILED
    assert receipt.reason == "status 422; no earlier call was applied, a look-up shows"
    assert door.till.made == []
    assert door.till.calls == [order.key, order.key]


async def test_a_refusal_beside_a_lost_answer_is_unknown_where_nothing_can_be_looked_up(
    engine: Engine, clock: Clock
) -> None:
    door = Door(engine, FakeChannel(clock, manifest("native_key", looked_up=False)), clock)
    order = door.order(refund())
    door.till.next.extend(["cut-after", 422])
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.UNKNOWN
    assert (await door.pursue(order)).state is EffectState.UNKNOWN
    assert door.till.cents(order.key) == [4000]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [401, 403])
async def test_a_token_that_was_rotated_ends_nothing_and_is_waited_for(
    door_of: Doors, kind: Kind, status: int
) -> None:
    door = door_of(kind)
    order = door.order(refund())
    door.till.next.extend([status] * 5)
    receipt = await door.pursue(order)
    assert (receipt.state, receipt.attempts) == (EffectState.APPLIED, 6)
    assert door.till.cents(order.key) == [4000]


@pytest.mark.parametrize("kind", ["native_key", "client_reference"])
async def test_a_conflict_about_our_key_is_no_refusal(door_of: Doors, kind: Kind) -> None:
    door = door_of(kind)
    order = door.order(refund())
    door.till.next.append(409)
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.APPLIED
    assert outcomes(door, order.key)[1] == "ambiguous"
    assert door.till.cents(order.key) == [4000]


async def test_a_look_up_that_is_refused_proves_nothing(door: Door) -> None:
    order = door.order(refund())
    door.till.next.extend(["cut-after", "look-up refused", "look-up refused"])
    receipt = await door.pursue(order)
    assert (receipt.state, receipt.looked_up) == (EffectState.APPLIED, True)
    assert door.till.cents(order.key) == [4000]


async def test_a_first_call_that_comes_back_refused_too_ends_the_effect(door_of: Doors) -> None:
    door = door_of("native_key")
    order = door.order(refund())
    first = door.ledger.begin(order, door.till.manifest("till"), door.policy_version, door.clock.now)
    door.till.next.append(422)
    with pytest.raises(ApplicationError, match="status 422"):
        await door.attempt(order)
    refused = FailureClass.NOT_APPLIED_FINAL
    receipt = door.ledger.call_failed(order.key, first.call, failure=refused, why="late", now=door.clock.now)
    assert (receipt.state, receipt.reason) == (EffectState.FAILED, "status 422")


async def test_of_two_reservations_alike_whose_key_was_forgotten_only_one_is_taken_for_the_one_made(
    door_of: Doors,
) -> None:
    door = door_of("native_key", retention_seconds=3600.0)
    first, second = door.order(refund()), door.order(refund(step="refund-again"))
    door.till.next.extend(["cut-after", "cut-before"])
    for order in (first, second):
        with pytest.raises(ApplicationError, match="cut"):
            await door.attempt(order)
    door.clock.pass_seconds(7200)
    receipts = [await door.pursue(second), await door.pursue(first)]
    assert {receipt.outside_reference for receipt in receipts} == {"R-1", "R-2"}
    assert len(door.till.made) == 2


async def test_what_a_remembered_key_will_bring_is_not_taken_by_one_alike_that_was_refused(
    door_of: Doors,
) -> None:
    door = door_of("native_key", retention_seconds=90.0)
    refused, late = door.order(refund()), door.order(refund(step="refund-again"))
    door.till.next.extend(["cut-before", 403, 5.0])
    for order in (refused, refused, late):
        with pytest.raises(ApplicationError):
            await door.attempt(order)
    # By its own count the late one's key is forgotten; by the till's, which made it later, it is not.
    door.clock.pass_seconds(85)
    receipts = [await door.pursue(refused), await door.pursue(late)]
    assert {receipt.outside_reference for receipt in receipts} == {"R-1", "R-2"}
    assert len(door.till.made) == 2
