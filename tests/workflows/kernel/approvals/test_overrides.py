"""What people changed, refused and took back is counted against what was proposed."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from contracts.approvals.overrides import Proposal, overrides
from contracts.approvals.request import Answer
from contracts.authorization import Approved, Plan
from contracts.effect import EffectOrder, OutsideResult, ProposedEffect
from contracts.ids import effect_key
from contracts.undo import UndoFacts, undo_step
from memory.authoritative.approvals.overrides import SqlOverrides
from tests.workflows.kernel.approvals.data_plane import NOW, Clock, DataPlane, question, refund_plan


def proposal(outcome: str, cents: int = 1000, agreed: int | None = None, *, undone: bool = False) -> Proposal:
    return Proposal(
        case_id="c",
        desk="returns",
        outcome=outcome,
        proposed_cents=cents,
        agreed_cents=agreed,
        policies=("p1", "p2"),
        at=NOW,
        undone=undone,
    )


def test_an_edit_counts_by_how_much_and_an_undo_against_what_ran() -> None:
    group = [
        proposal("unattended"),
        proposal("unattended", undone=True),
        proposal("approved", agreed=1000),
        proposal("edited", agreed=250),
        proposal("rejected"),
        proposal("expired"),
    ]
    [line] = overrides(group, "desk")
    assert (line.unattended, line.approved, line.edited, line.rejected) == (2, 1, 1, 1)
    assert (line.expired, line.undone, line.cut_cents, line.cut_share) == (1, 1, 750, 0.75)
    assert line.disagreement_share == 3 / 5  # what nobody answered says nothing about the proposal
    assert [one.key for one in overrides(group, "policy")] == ["p1", "p2"]
    assert [one.key for one in overrides(group, "model")] == [""]


async def run_unattended(house: DataPlane, case_id: str, cents: int = 9_000) -> EffectOrder:
    """A return that policy lets run: refunded, and answered by the channel."""
    plan = refund_plan(cents, case_id)
    leave = await house.judging.authorize(plan)
    assert leave.outcome == "allow", leave
    return settle(house, plan.effects[0], leave.permits["refund"], case_id)


def settle(
    house: DataPlane, effect: ProposedEffect, permit_id: str, case_id: str, compensates: str | None = None
) -> EffectOrder:
    order = EffectOrder(
        case_id=case_id,
        key=effect_key(case_id, effect.step),
        effect=effect,
        permit_id=permit_id,
        compensates=compensates,
    )
    manifest = house.outside.manifest(effect.connector)
    dispatch = house.ledger.begin(order, manifest, house.policy.version, house.clock())
    house.ledger.answered(order.key, dispatch.call, OutsideResult("refund-1"), house.clock())
    return order


async def undo(house: DataPlane, done: EffectOrder, because: str) -> None:
    """Take the refund back, through policy like everything else."""
    facts = UndoFacts.model_validate(
        {
            "desk": "returns",
            "undoes": "refund",
            "because": because,
            "asked_by": "customer" if because == "person" else "",
            "amount_cents": 9_000,
        }
    )
    effect = ProposedEffect(
        step=undo_step("refund"),
        connector="webshop",
        operation="void_refund",
        arguments={"refund": "refund-1"},
    )
    plan = Plan(
        case_id=done.case_id,
        desk="returns",
        summary="undo the refund",
        facts=facts.model_dump(mode="json"),
        effects=(effect,),
    )
    leave = await house.judging.authorize(plan)
    permits = leave.permits
    if leave.outcome == "ask":
        asking = question(case_id=done.case_id).model_copy(update={"plan": plan, "step": "undo"})
        request_id = (await house.draft.open(asking)).request.id
        await house.say(request_id, Answer(person="anna", choice="approve"), case_id=done.case_id)
        leave = await house.judging.authorize_approved(Approved(request_id=request_id, case_id=done.case_id))
        permits = leave.permits
    assert leave.outcome == "allow", leave
    settle(house, effect, permits[effect.step], done.case_id, compensates=done.key)


async def found(house: DataPlane, engine: Engine, since: datetime = NOW) -> dict[str, Proposal]:
    every = SqlOverrides(engine).proposals(since, timedelta(days=30))
    return {one.case_id: one for one in every}


async def test_what_ran_unattended_counts_and_only_a_persons_undo_against_it(
    house: DataPlane, engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    for case_id in ("returns/webshop/kept", "returns/webshop/back", "returns/webshop/failed"):
        done = await run_unattended(house, case_id)
        if case_id.endswith("back"):
            await undo(house, done, "person")
        if case_id.endswith("failed"):
            await undo(house, done, "failure")
    counted = await found(house, engine)
    assert {case_id: one.undone for case_id, one in counted.items()} == {
        "returns/webshop/kept": False,
        "returns/webshop/back": True,
        "returns/webshop/failed": False,
    }
    kept = counted["returns/webshop/kept"]
    version = house.outside.manifest("webshop").connector_version
    assert (kept.outcome, kept.proposed_cents, kept.desk) == ("unattended", 9_000, "returns")
    assert (kept.policies, kept.connectors) == (("returns.unattended",), (f"webshop@{version}",))
    assert await found(house, engine, NOW + timedelta(days=1)) == {}


async def test_an_undo_too_late_does_not_count(house: DataPlane, engine: Engine, clock: Clock) -> None:
    done = await run_unattended(house, "returns/webshop/late")
    clock.forward(days=31)
    await undo(house, done, "person")
    assert not (await found(house, engine))["returns/webshop/late"].undone


async def test_an_approval_is_counted_with_who_asked_and_what_was_agreed(
    house: DataPlane, engine: Engine
) -> None:
    asking = question().model_copy(update={"by_model": "returns.intent@minilm"})
    request_id = (await house.draft.open(asking)).request.id
    await house.say(request_id, Answer(person="ben", choice="edit", amount_cents=5_000))
    [one] = SqlOverrides(engine).proposals(NOW, timedelta(days=30))
    assert (one.outcome, one.proposed_cents, one.agreed_cents) == ("edited", 20_000, 5_000)
    assert (one.model, one.undone) == ("returns.intent@minilm", False)
