"""Undo at the data plane: what would be called, what stays and why, and what the door refuses."""

from collections.abc import Callable

import pytest
from temporalio.exceptions import ApplicationError

from activities.undo import UndoActivities
from contracts.effect import EffectOrder, EffectState, ProposedEffect
from contracts.undo import Compensation, UndoPlan, UndoReport, UndoRequest
from tests.activities.effects.ledger_helpers import CASE, Door, refund, refusal


def message() -> ProposedEffect:
    return ProposedEffect(
        step="notify", connector="till", operation="notify", arguments={"order": "W-1", "text": "refunded"}
    )


async def plan(door: Door, *keys: str) -> UndoPlan:
    undo = UndoActivities(door.till, door.ledger)
    return await undo.plan(UndoRequest(case_id=CASE, keys=keys))


def undoing(door: Door, compensation: Compensation) -> EffectOrder:
    return door.order(compensation.effect, compensates=compensation.undoes)


async def test_the_last_effect_is_undone_first_and_a_message_stays_said(door: Door) -> None:
    for effect in (refund(), refund(2000, step="refund-2"), message()):
        await door.attempt(door.order(effect))
        door.clock.pass_seconds(1)
    found = await plan(door)
    assert [each.effect.step for each in found.compensations] == ["undo-refund-2", "undo-refund"]
    assert [each.effect.amount_cents for each in found.compensations] == [2000, 4000]
    assert [(left.step, left.why) for left in found.impossible] == [
        ("notify", "till has nothing that undoes notify: it stays")
    ]


async def test_an_undone_effect_is_compensated_and_not_undone_again(door: Door) -> None:
    order = door.order(refund())
    await door.attempt(order)
    compensation = (await plan(door)).compensations[0]
    receipt = await door.pursue(undoing(door, compensation))
    assert receipt.state is EffectState.APPLIED
    undone = door.ledger.find(order.key)
    assert undone is not None
    assert undone.state is EffectState.COMPENSATED
    assert await plan(door) == UndoPlan(case_id=CASE)
    assert (await plan(door, order.key)).impossible[0].why == "it is undone already"


async def test_an_undo_whose_answer_was_lost_is_looked_up_like_any_effect(door: Door) -> None:
    await door.attempt(door.order(refund()))
    compensation = (await plan(door)).compensations[0]
    door.till.next.append("cut-after")
    receipt = await door.pursue(undoing(door, compensation))
    assert receipt.looked_up
    assert [made.operation for made in door.till.made] == ["refund", "void_refund"]


async def test_an_unknown_effect_is_not_undone_before_somebody_looked(door_of: Callable[..., Door]) -> None:
    door = door_of("none")
    door.till.next.append("cut-after")
    await door.pursue(door.order(refund()))
    left = (await plan(door)).impossible[0]
    assert "nobody knows whether it was applied" in left.why


async def test_an_undo_that_the_outside_refused_is_told_in_its_words(door: Door) -> None:
    await door.attempt(door.order(refund()))
    compensation = (await plan(door)).compensations[0]
    door.till.next.append(422)
    assert (await door.pursue(undoing(door, compensation))).state is EffectState.FAILED
    assert (await plan(door)).impossible[0].why == "undoing it was tried and refused: status 422"


async def test_an_effect_of_another_case_is_said_to_be_none_of_this_one(door: Door) -> None:
    assert (await plan(door, "refund-of-somebody")).impossible[0].why == "this case has no such effect"


async def test_nothing_is_undone_that_was_not_applied(door: Door) -> None:
    order = door.order(refund())
    door.till.next.append("cut-before")
    with pytest.raises(ApplicationError, match="cut"):
        await door.attempt(order)
    undo = ProposedEffect(
        step="undo-refund", connector="till", operation="void_refund", arguments={"refund": "R-1"}
    )
    with pytest.raises(ApplicationError) as caught:
        await door.attempt(door.order(undo, compensates=order.key))
    assert refusal(caught.value) == "compensates"


async def test_an_undo_can_only_be_the_operations_own_compensation(door: Door) -> None:
    order = door.order(refund())
    await door.attempt(order)
    with pytest.raises(ApplicationError) as caught:
        await door.attempt(door.order(refund(step="undo-refund"), compensates=order.key))
    assert refusal(caught.value) == "compensates"
    assert len(door.till.made) == 1


async def test_one_effect_has_one_undo(door: Door) -> None:
    order = door.order(refund())
    await door.attempt(order)
    first = undoing(door, (await plan(door)).compensations[0])
    second = door.order(
        first.effect.model_copy(update={"step": "undo-refund-otherwise"}), compensates=order.key
    )
    door.till.next.append("cut-before")
    with pytest.raises(ApplicationError, match="cut"):
        await door.attempt(first)
    with pytest.raises(ApplicationError) as caught:
        await door.attempt(second)
    assert refusal(caught.value) == "compensates"


async def test_a_report_says_in_one_sentence_what_stays(door: Door) -> None:
    await door.attempt(door.order(message()))
    report = UndoReport(remaining=(await plan(door)).impossible)
    assert not report.complete
    assert report.words() == (
        "0 effects were undone; what remains: notify: till has nothing that undoes notify: it stays."
    )
