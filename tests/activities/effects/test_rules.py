"""The state machine, and two processes at one row."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from contracts.effect import EffectState
from contracts.ledger import ForbiddenMove, Next, check_move
from tests.activities.effects.ledger_helpers import Door, refund

S = EffectState
ALLOWED = {
    (S.INTENDED, S.SENT),
    (S.INTENDED, S.FAILED),
    (S.SENT, S.SENT),
    (S.SENT, S.APPLIED),
    (S.SENT, S.FAILED),
    (S.SENT, S.UNKNOWN),
    (S.UNKNOWN, S.SENT),
    (S.UNKNOWN, S.APPLIED),
    (S.UNKNOWN, S.FAILED),
    (S.APPLIED, S.COMPENSATED),
}


@pytest.mark.parametrize(("old", "new"), list(product(S, S)))
def test_a_row_makes_the_moves_of_the_design_and_no_other(old: S, new: S) -> None:
    if (old, new) in ALLOWED:
        check_move("k", old, new)
    else:
        with pytest.raises(ForbiddenMove, match=f"from {old.value} to {new.value}"):
            check_move("k", old, new)


async def test_a_row_that_came_to_rest_is_not_resolved_otherwise(door: Door) -> None:
    order = door.order(refund())
    await door.attempt(order)
    with pytest.raises(ForbiddenMove):
        door.ledger.resolve(order.key, None, "it is not there", door.clock.now)
    assert (await door.attempt(order)).state is S.APPLIED


async def test_a_person_settles_what_is_unknown(door: Door) -> None:
    order = door.order(refund())
    door.till.next.append("cut-after")
    await door.attempt(order, maximum_attempts=1)
    receipt = door.ledger.resolve(order.key, door.till.made[0].told, "seen by ben", door.clock.now)
    assert (receipt.state, receipt.outside_reference, receipt.reason) == (
        S.APPLIED,
        "R-1",
        "seen by ben",
    )


def test_of_many_who_begin_the_same_effect_at_once_one_sends(door: Door) -> None:
    order = door.order(refund())
    till = door.till.manifest("till")
    ready = threading.Barrier(6)

    def begin(_: int) -> Next:
        ready.wait()
        return door.ledger.begin(order, till, door.policy_version, door.clock.now).next

    with ThreadPoolExecutor(6) as crowd:
        said = list(crowd.map(begin, range(6)))
    assert said.count(Next.SEND) == 1
    assert said.count(Next.LOOK_UP) == 5


def test_of_many_who_prove_the_same_absence_at_once_one_sends_again(door: Door) -> None:
    order = door.order(refund())
    till = door.till.manifest("till")
    call = door.ledger.begin(order, till, door.policy_version, door.clock.now).call
    door.clock.pass_seconds(60)
    ready = threading.Barrier(6)

    def prove(_: int) -> Next:
        ready.wait()
        now = door.clock.now
        return door.ledger.found_absent(order.key, call, till, looked_at=now, now=now).next

    with ThreadPoolExecutor(6) as crowd:
        said = list(crowd.map(prove, range(6)))
    assert said.count(Next.SEND) == 1
    assert said.count(Next.WAIT) == 5
