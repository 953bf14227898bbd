"""Several wishes and one parcel; a share that nobody lowers on what is unsure: the desk's own functions."""

from typing import Any

import pytest

from contracts.authorization import Authorization
from contracts.memory import Context
from contracts.parcel import Inspection
from policy.engine import CedarEngine
from tests.workflows.returns.test_joint_plan import ASKED_AT, OFFICE, an_order, both
from workflows.registry import fact_types
from workflows.returns.plan import Known, plan_for, plan_of_the_rest, wishes_sent_off
from workflows.returns.proposals import Proposals
from workflows.returns.reading import Reading, Wanted
from workflows.returns.types import Intent, Order, Reason, ReturnRequest
from workflows.returns.way.goods import ReturnedGoods
from workflows.returns.way.plans import as_returned, pieces_of
from workflows.returns.way.state import Way

CASE = "returns/webshop/R-1"
AWAITED = Way(rma="R-1", goods="awaited")


def known(order: Order, reading: Reading) -> Known:
    request = ReturnRequest(id="R-1", channel="webshop", order=order.id, message="please")
    return Known(request, order, reading, Context(evidence=(), tokens=0))


def sent_off(order: Order, reading: Reading) -> Way:
    """Return the way of a letter whose money waits, once its parcel is on its way."""
    plan = plan_for(CASE, order, reading, ASKED_AT, way=AWAITED)
    return AWAITED.sent_off(pieces_of(plan), plan, wishes_sent_off(known(order, reading), ASKED_AT, AWAITED))


def test_one_parcel_is_authorised_for_both_wishes_by_the_facts_of_the_faulty_one() -> None:
    order = an_order()
    swap = both(order)
    faulty = swap.also[0].model_copy(update={"reason": Reason.DAMAGED})

    plan = plan_for(CASE, order, swap.model_copy(update={"also": (faulty,)}), ASKED_AT, way=AWAITED)

    [authorised] = [effect for effect in plan.effects if effect.operation == "authorise_return"]
    assert pieces_of(plan) == {"L1": 1, "L2": 1}
    assert authorised.facts["reason"] == "damaged"
    goods = {effect.operation: effect.facts.get("goods") for effect in plan.effects}
    assert (plan.facts["goods"], goods["reserve"], goods["authorise_return"]) == ("awaited", "expected", None)


def test_once_the_parcel_is_here_what_went_ahead_is_ended_and_the_money_that_waited_is_due() -> None:
    order = an_order()
    way = sent_off(order, both(order))
    way = way.model_copy(update={"back": way.back.with_inspection(Inspection(person="anna"))}).arrived()
    reading = as_returned(both(order), way)

    plan = plan_of_the_rest(CASE, order, reading, ASKED_AT, shipping=True, way=way)

    made = [(effect.step, effect.facts["intent"]) for effect in plan.effects]
    assert made == [
        ("refund", "return"),
        ("restock", "exchange"),
        ("mark", "exchange"),
        ("restock-again-2", "return"),
        ("notify-again-2", "return"),
        ("mark-again-2", "return"),
    ]


def test_pieces_of_one_line_that_serve_two_wishes_are_shared_out_once() -> None:
    back = ReturnedGoods(expected={"L1": 3})
    back = back.with_inspection(Inspection(person="anna", pieces={"L1": 1}, condition="damaged"))
    back = back.with_inspection(Inspection(person="anna", pieces={"L1": 1}))

    first, second = back.shared_out([{"L1": 1}, {"L1": 2}])

    assert (first.found(), second.found()) == ({"L1": {"damaged": 1}}, {"L1": {"sellable": 1}})
    assert (first.all_seen, second.all_seen) == (True, False)


@pytest.mark.parametrize(("reason_known", "lowers"), [(True, True), (False, False)])
def test_a_share_is_not_lowered_by_a_reason_that_is_unsure(*, reason_known: bool, lowers: bool) -> None:
    order = an_order()
    wanted = (Wanted(line=order.lines[1]),)
    reading = Reading(intent=Intent.RETURN, reason=Reason.SIZE, wanted=wanted, reason_known=reason_known)
    way = sent_off(order, reading)
    damaged = way.back.with_inspection(Inspection(person="anna", condition="damaged"))
    way = way.model_copy(update={"back": damaged}).arrived()
    plan = plan_for(CASE, order, reading, ASKED_AT, way=way)
    facts = {name: value for name, value in plan.facts.items() if name != "customer"}
    verdicts = CedarEngine.from_office(OFFICE, fact_types()).judge(plan.model_copy(update={"facts": facts}))
    denied = Authorization(outcome="deny", verdicts=tuple(verdicts))
    nobody: Any = None

    desk = Proposals(nobody, nobody, nobody, postage_kept=False)

    assert desk.denies_surely(denied, known(order, reading)) is lowers
