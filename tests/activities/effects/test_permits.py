"""The data plane's door with the workflow bypassed: what no workflow bug may get past."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select
from temporalio.exceptions import ApplicationError

from contracts.effect import EffectOrder, EffectState
from contracts.ids import effect_key
from memory.tables.ledger import PermitRow
from tests.activities.effects.fake_channel import manifest
from tests.activities.effects.ledger_helpers import CASE, Door, refund, refusal


async def refused(door: Door, order: EffectOrder) -> str:
    with pytest.raises(ApplicationError) as caught:
        await door.attempt(order)
    return refusal(caught.value)


def nothing_happened(door: Door) -> bool:
    return not door.till.calls and not door.till.made


async def test_an_effect_with_its_permit_is_applied_once_and_asked_again_tells_the_same(door: Door) -> None:
    order = door.order(refund())
    first = await door.attempt(order)
    second = await door.attempt(order)
    assert first.state is EffectState.APPLIED
    assert first.outside_reference == "R-1"
    assert second == first
    assert door.till.calls == [order.key]


async def test_an_effect_without_a_permit_does_not_happen(door: Door) -> None:
    effect = refund()
    order = EffectOrder(
        case_id=CASE, key=effect_key(CASE, effect.step), effect=effect, permit_id="permit-of-nobody"
    )
    assert await refused(door, order) == "missing"
    assert nothing_happened(door)
    assert door.ledger.find(order.key) is None


async def test_an_approval_of_40_00_cannot_pay_400_00(door: Door) -> None:
    approved = door.permit(refund(4000), basis="ask-1")
    assert await refused(door, door.order(refund(40000), approved)) == "arguments"
    assert nothing_happened(door)


async def test_an_amount_cannot_hide_behind_another_amount(door: Door) -> None:
    lying = refund(40000).model_copy(update={"amount_cents": 4000})
    assert await refused(door, door.order(lying)) == "arguments"
    assert nothing_happened(door)


async def test_a_permit_that_was_used_for_one_effect_does_not_cover_another(door: Door) -> None:
    permit = door.permit(refund())
    await door.attempt(door.order(refund(), permit))
    assert await refused(door, door.order(refund(step="refund-again"), permit)) == "redeemed"
    assert len(door.till.made) == 1


async def test_a_permit_not_used_yet_does_not_cover_another_effect_either(door: Door) -> None:
    permit = door.permit(refund())
    assert await refused(door, door.order(refund(step="refund-again"), permit)) == "key"
    assert nothing_happened(door)


async def test_a_refused_order_leaves_no_row_and_its_permit_good_for_its_own_effect(door: Door) -> None:
    permit = door.permit(refund())
    elsewhere = door.order(refund(step="refund-again"), permit)
    assert await refused(door, elsewhere) == "key"
    assert door.ledger.find(elsewhere.key) is None
    assert (await door.attempt(door.order(refund(), permit))).state is EffectState.APPLIED


async def test_a_permit_of_another_case_is_refused(door: Door) -> None:
    permit = door.permit(refund())
    assert await refused(door, door.order(refund(), permit, case_id="returns/till/RMA-2")) == "case"


async def test_a_permit_for_another_operation_is_refused(door: Door) -> None:
    permit = door.permit(refund(), operation="void_refund")
    assert await refused(door, door.order(refund(), permit)) == "operation"


async def test_an_operation_that_only_reads_is_no_effect(door: Door) -> None:
    reading = refund().model_copy(update={"operation": "read_log"})
    assert await refused(door, door.order(reading)) == "operation"


async def test_a_connector_the_office_does_not_have_is_refused(door: Door) -> None:
    permit = door.permit(refund())
    elsewhere = refund().model_copy(update={"connector": "elsewhere"})
    assert await refused(door, door.order(elsewhere, permit)) == "operation"


async def test_a_policy_that_moved_since_the_approval_asks_again(door: Door) -> None:
    order = door.order(refund())
    door.policy_version = "policy-2"
    assert await refused(door, order) == "policy-version"
    assert nothing_happened(door)


async def test_a_connector_that_moved_since_the_approval_asks_again(door: Door) -> None:
    order = door.order(refund())
    door.till.manifests["till"] = manifest("lookup", version="2")
    assert await refused(door, order) == "connector-version"
    assert nothing_happened(door)


async def test_after_a_refusal_a_new_permit_lets_the_same_effect_happen(door: Door) -> None:
    stale = door.order(refund())
    door.policy_version = "policy-2"
    assert await refused(door, stale) == "policy-version"
    fresh = door.order(refund(), door.permit(refund(), basis="verdict-2"))
    assert (await door.attempt(fresh)).state is EffectState.APPLIED
    assert door.till.calls == [stale.key]


async def test_a_permit_ends(door: Door) -> None:
    order = door.order(refund())
    door.clock.pass_seconds(3600)
    assert await refused(door, order) == "expired"
    assert nothing_happened(door)


async def test_a_permit_redeemed_in_time_still_covers_the_retry_after_its_end(door: Door) -> None:
    order = door.order(refund())
    door.till.next.append("cut-after")
    with pytest.raises(ApplicationError, match="cut"):
        await door.attempt(order)
    door.clock.pass_seconds(timedelta(days=2).total_seconds())
    receipt = await door.attempt(order)
    assert receipt.state is EffectState.APPLIED
    assert receipt.looked_up
    assert len(door.till.made) == 1


async def test_a_policy_that_moves_between_two_attempts_does_not_strand_what_may_be_out(door: Door) -> None:
    order = door.order(refund())
    door.till.next.append("cut-after")
    with pytest.raises(ApplicationError, match="cut"):
        await door.attempt(order)
    door.policy_version = "policy-2"
    assert (await door.pursue(order)).looked_up


async def test_the_same_key_with_other_arguments_is_refused(door: Door) -> None:
    await door.attempt(door.order(refund(4000)))
    lowered = door.order(refund(3000), door.permit(refund(3000), basis="ask-2"))
    assert await refused(door, lowered) == "arguments"
    assert door.till.cents(lowered.key) == [4000]


async def test_an_edit_before_dispatch_pays_the_lower_amount(door: Door) -> None:
    door.permit(refund(4000))
    lowered = door.order(refund(3000), door.permit(refund(3000), basis="ask-2"))
    assert (await door.attempt(lowered)).state is EffectState.APPLIED
    assert door.till.cents(lowered.key) == [3000]


async def test_a_permit_is_redeemed_by_one_key_and_stays_so(door: Door) -> None:
    order = door.order(refund())
    await door.attempt(order)
    with Session(door.engine) as session:
        rows = session.exec(select(PermitRow)).all()
    assert [(row.redeemed_by, row.redeemed_at) for row in rows] == [(order.key, door.clock.now)]


async def test_issuing_a_permit_again_does_not_make_it_good_again(door: Door) -> None:
    permit = door.permit(refund())
    await door.attempt(door.order(refund(), permit))
    door.issue(permit)
    other = door.order(refund(step="refund-again"), permit)
    assert await refused(door, other) == "redeemed"


async def test_a_permit_that_expired_does_not_help_a_row_of_another_permit(door: Door) -> None:
    order = door.order(refund())
    door.till.next.append("cut-before")
    with pytest.raises(ApplicationError, match="cut"):
        await door.attempt(order)
    stale = door.permit(refund(), basis="verdict-2", expires_at=door.clock.now)
    assert await refused(door, door.order(refund(), stale)) == "expired"
