"""What is done after a failure, for each kind of idempotency, on a clock moved by hand."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from temporalio.exceptions import ApplicationError

from contracts.effect import EffectState
from tests.activities.effects.fake_channel import (
    SETTLE_SECONDS,
    TIMEOUT_SECONDS,
    Clock,
    FakeChannel,
    Kind,
    manifest,
)
from tests.activities.effects.ledger_helpers import Door, outcomes, refund
from tests.memory.audit_helpers import journal

Doors = Callable[..., Door]
KINDS: tuple[Kind, ...] = ("native_key", "client_reference", "lookup", "none")
LOOKED_UP: tuple[Kind, ...] = ("client_reference", "lookup")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [429, 422])
async def test_a_refusal_that_applied_nothing_is_tried_again_or_final(
    door_of: Doors, kind: Kind, status: int
) -> None:
    door = door_of(kind)
    order = door.order(refund())
    door.till.next.append(status)
    receipt = await door.pursue(order)
    if status == 429:
        assert (receipt.state, receipt.attempts) == (EffectState.APPLIED, 2)
        assert door.till.looked == []
    else:
        assert (receipt.state, receipt.attempts) == (EffectState.FAILED, 1)
        assert receipt.reason == "status 422"
        assert door.till.made == []


async def test_the_wait_that_a_system_asks_for_is_kept(door: Door) -> None:
    door.till.next.append(429)
    with pytest.raises(ApplicationError) as caught:
        await door.attempt(door.order(refund()))
    assert caught.value.type == "NotApplied"
    assert caught.value.next_retry_delay is not None
    assert caught.value.next_retry_delay.total_seconds() == 7


@pytest.mark.parametrize("fate", [500, 502, "cut-before", "cut-after"])
async def test_under_a_native_key_the_same_key_is_sent_again(door_of: Doors, fate: str | int) -> None:
    door = door_of("native_key")
    order = door.order(refund())
    door.till.next.append(fate)
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.APPLIED
    assert door.till.calls == [order.key, order.key]
    assert door.till.cents(order.key) == [4000]
    assert door.till.looked == []


@pytest.mark.parametrize("fate", ["cut-before", "cut-after"])
async def test_a_native_key_that_was_forgotten_falls_to_look_up(door_of: Doors, fate: str) -> None:
    door = door_of("native_key", retention_seconds=3600.0)
    order = door.order(refund())
    door.till.next.append(fate)
    with pytest.raises(ApplicationError, match="cut"):
        await door.attempt(order)
    door.clock.pass_seconds(3590)
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.APPLIED
    assert door.till.looked == [order.key]
    assert receipt.looked_up == (fate == "cut-after")
    assert door.till.cents(order.key) == [4000]


@pytest.mark.parametrize("kind", LOOKED_UP)
@pytest.mark.parametrize("fate", [502, "cut-after"])
async def test_a_refund_whose_answer_was_lost_is_looked_up_and_not_sent_again(
    door_of: Doors, kind: Kind, fate: str | int
) -> None:
    door = door_of(kind)
    order = door.order(refund())
    door.till.next.append(fate)
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.APPLIED
    assert receipt.looked_up
    assert receipt.outside_reference == "R-1"
    assert door.till.calls == [order.key]
    assert outcomes(door, order.key) == {1: "ambiguous", 2: "found"}


@pytest.mark.parametrize("kind", LOOKED_UP)
async def test_a_refund_is_sent_again_only_once_it_is_surely_absent(door_of: Doors, kind: Kind) -> None:
    door = door_of(kind)
    order = door.order(refund())
    door.till.next.append("cut-before")
    began = door.clock.now
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.APPLIED
    assert not receipt.looked_up
    assert door.till.cents(order.key) == [4000]
    assert door.till.calls == [order.key, order.key]
    assert (door.till.made[0].at - began).total_seconds() >= SETTLE_SECONDS
    assert outcomes(door, order.key) == {1: "ambiguous", 2: "nothing-yet", 3: "absent", 4: "answered"}


@pytest.mark.parametrize("kind", LOOKED_UP)
async def test_a_call_that_commits_late_is_waited_for(door_of: Doors, kind: Kind) -> None:
    door = door_of(kind)
    order = door.order(refund())
    door.till.next.append(SETTLE_SECONDS - 1)
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.APPLIED
    assert receipt.looked_up
    assert door.till.cents(order.key) == [4000]
    assert door.till.calls == [order.key]


async def test_where_nothing_can_be_looked_up_the_effect_stays_unknown(door_of: Doors) -> None:
    door = door_of("none")
    order = door.order(refund())
    door.till.next.append("cut-after")
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.UNKNOWN
    assert receipt.reason is not None
    assert "a person must look" in receipt.reason
    assert door.till.calls == [order.key]
    assert (await door.pursue(order)).state is EffectState.UNKNOWN
    assert door.till.calls == [order.key]


async def test_a_connection_that_was_never_made_is_tried_again_even_without_idempotency(
    door_of: Doors,
) -> None:
    door = door_of("none")
    order = door.order(refund())
    door.till.next.append(429)
    assert (await door.pursue(order)).state is EffectState.APPLIED


async def test_a_look_up_that_fails_proves_nothing_and_is_tried_again(door: Door) -> None:
    order = door.order(refund())
    door.till.next.extend(["cut-before", "look-up fails", "look-up fails"])
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.APPLIED
    assert door.till.cents(order.key) == [4000]


@pytest.mark.parametrize("fate", ["cut-before", "cut-after"])
async def test_the_last_attempt_leaves_an_ambiguous_effect_unknown_and_says_so(door: Door, fate: str) -> None:
    order = door.order(refund())
    door.till.next.append(fate)
    receipt = await door.attempt(order, maximum_attempts=1)
    assert receipt.state is EffectState.UNKNOWN
    assert receipt.reason == "the connection was cut"


async def test_the_last_attempt_leaves_a_refused_effect_failed(door: Door) -> None:
    order = door.order(refund())
    door.till.next.append(429)
    receipt = await door.attempt(order, maximum_attempts=1)
    assert receipt.state is EffectState.FAILED
    assert door.till.made == []


@pytest.mark.parametrize("fate", ["cut-before", "cut-after"])
async def test_an_unknown_effect_that_is_taken_up_again_ends_with_one_payment(door: Door, fate: str) -> None:
    order = door.order(refund())
    door.till.next.append(fate)
    assert (await door.attempt(order, maximum_attempts=1)).state is EffectState.UNKNOWN
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.APPLIED
    assert door.till.cents(order.key) == [4000]


async def test_two_refunds_that_look_alike_are_not_taken_for_each_other(door: Door) -> None:
    first, second = door.order(refund()), door.order(refund(step="refund-again"))
    await door.attempt(first)
    door.till.next.append("cut-before")
    receipt = await door.pursue(second)
    assert receipt.outside_reference == "R-2"
    assert [made.key for made in door.till.made] == [first.key, second.key]


async def test_of_two_lost_answers_one_payment_found_settles_one_and_the_other_is_sent(door: Door) -> None:
    first, second = door.order(refund()), door.order(refund(step="refund-again"))
    door.till.next.extend(["cut-after", "cut-before"])
    for order in (first, second):
        with pytest.raises(ApplicationError, match="cut"):
            await door.attempt(order)
    receipts = [await door.pursue(second), await door.pursue(first)]
    assert {receipt.state for receipt in receipts} == {EffectState.APPLIED}
    assert {receipt.outside_reference for receipt in receipts} == {"R-1", "R-2"}
    assert len(door.till.made) == 2


async def test_a_payment_that_may_be_its_twins_is_not_claimed_while_the_twins_call_is_out(
    door: Door,
) -> None:
    first, second = door.order(refund()), door.order(refund(step="refund-again"))
    till = door.till.manifest("till")
    out = door.ledger.begin(first, till, door.policy_version, door.clock.now)
    answer = door.till.commit("till", "refund", first.effect.arguments, first.key)
    door.till.next.append("cut-before")
    for _ in range(2):
        with pytest.raises(ApplicationError):
            await door.attempt(second)
    assert door.ledger.answered(first.key, out.call, answer.told, door.clock.now).outside_reference == "R-1"
    assert (await door.pursue(second)).outside_reference == "R-2"


async def test_a_payment_is_not_claimed_from_a_twin_while_the_own_call_may_still_commit(door: Door) -> None:
    first, second = door.order(refund()), door.order(refund(step="refund-again"))
    door.till.next.append(15.0)
    with pytest.raises(ApplicationError, match="cut"):
        await door.attempt(first)
    door.clock.pass_seconds(19)
    door.till.next.append(18.0)
    with pytest.raises(ApplicationError, match="cut"):
        await door.attempt(second)
    door.clock.pass_seconds(2)
    with pytest.raises(ApplicationError, match="on its way"):
        await door.attempt(second)
    receipts = [await door.pursue(first), await door.pursue(second)]
    door.clock.pass_seconds(100)
    door.till.settle()
    assert {receipt.outside_reference for receipt in receipts} == {"R-1", "R-2"}
    assert len(door.till.made) == 2


async def test_a_reference_that_a_twin_took_meanwhile_is_not_taken_twice(door: Door) -> None:
    first, second = door.order(refund()), door.order(refund(step="refund-again"))
    till = door.till.manifest("till")
    door.till.next.extend(["cut-after", "cut-before"])
    for order in (first, second):
        with pytest.raises(ApplicationError, match="cut"):
            await door.attempt(order)
    door.clock.pass_seconds(SETTLE_SECONDS)
    seen_by_both = door.till.made[0].told
    door.ledger.found(first.key, till, seen_by_both, door.clock.now)
    late = door.ledger.found(second.key, till, seen_by_both, door.clock.now)
    assert late.receipt.state is EffectState.SENT
    assert (await door.pursue(second)).outside_reference == "R-2"


async def test_a_worker_that_was_held_up_does_not_make_its_marked_call(door: Door) -> None:
    order = door.order(refund())

    class SlowBooks(type(door.ledger)):  # type: ignore[misc] # the class is known only here
        def begin(self, *given: object) -> object:
            dispatch = super().begin(*given)
            door.clock.pass_seconds(6)
            return dispatch

    held_up = door.open(SlowBooks(journal(door.engine)))
    with pytest.raises(ApplicationError, match="held up"):
        await door.environment(order).run(held_up.perform, order)
    assert door.till.calls == []
    assert (await door.pursue(order)).state is EffectState.APPLIED
    assert door.till.calls == [order.key]


async def test_a_late_answer_still_settles_a_row_that_was_given_up(door: Door) -> None:
    order = door.order(refund())
    dispatch = door.ledger.begin(order, door.till.manifest("till"), door.policy_version, door.clock.now)
    gave_up = await door.environment(order).run(door.activities.give_up, order)
    assert gave_up.state is EffectState.UNKNOWN
    made = door.till.commit("till", "refund", order.effect.arguments, order.key)
    receipt = door.ledger.answered(order.key, dispatch.call, made.told, door.clock.now)
    assert (receipt.state, receipt.outside_reference) == (EffectState.APPLIED, "R-1")


async def test_an_effect_given_up_before_it_was_begun_is_never_begun_by_a_straggler(door: Door) -> None:
    order = door.order(refund())
    receipt = await door.environment(order).run(door.activities.give_up, order)
    assert receipt.state is EffectState.FAILED
    assert (await door.attempt(order)).state is EffectState.FAILED
    assert door.till.calls == []


async def test_a_call_whose_worker_died_is_waited_out_before_it_is_sent_again(door: Door) -> None:
    order = door.order(refund())
    door.ledger.begin(order, door.till.manifest("till"), door.policy_version, door.clock.now)
    began = door.clock.now
    receipt = await door.pursue(order)
    assert receipt.state is EffectState.APPLIED
    waited = (door.till.made[0].at - began).total_seconds()
    assert waited >= TIMEOUT_SECONDS + SETTLE_SECONDS
    assert outcomes(door, order.key)[1] == "under-way"


@pytest.mark.parametrize("kind", KINDS)
async def test_an_effect_is_applied_at_the_first_call_on_either_database(
    engine: Engine, clock: Clock, kind: Kind
) -> None:
    door = Door(engine, FakeChannel(clock, manifest(kind)), clock)
    order = door.order(refund())
    assert (await door.attempt(order)).attempts == 1
    assert outcomes(door, order.key) == {1: "answered"}
