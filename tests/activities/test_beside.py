"""What runs beside a workflow: refused where it is not served, and never a last word."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.beside import ELSEWHERE, elsewhere
from activities.effects import EffectActivities
from contracts.effect import EffectState
from tests.activities.effects.fake_channel import Clock, FakeChannel, manifest
from tests.activities.effects.ledger_helpers import Door, refund
from tests.activities.grounds import ANYBODY


def beside(environment: ActivityEnvironment) -> ActivityEnvironment:
    environment.info = replace(environment.info, is_local=True)
    return environment


@pytest.fixture
def till(sqlite_engine: Engine) -> Door:
    clock = Clock()
    return Door(sqlite_engine, FakeChannel(clock, manifest("lookup")), clock)


async def test_a_step_that_is_served_elsewhere_is_refused_for_good_beside_a_workflow() -> None:
    with pytest.raises(ApplicationError) as caught:
        await beside(ActivityEnvironment()).run(elsewhere, ())
    assert (caught.value.type, caught.value.non_retryable) == (ELSEWHERE, True)


async def test_a_queued_step_of_a_type_nobody_knows_here_is_left_for_another_worker() -> None:
    with pytest.raises(ApplicationError) as caught:
        await ActivityEnvironment().run(elsewhere, ())
    assert not caught.value.non_retryable


async def test_the_only_try_beside_a_workflow_does_not_end_the_effect(till: Door) -> None:
    order = till.order(refund())
    till.till.next.append("cut-before")
    environment = beside(till.environment(order, maximum_attempts=1))

    with pytest.raises(ApplicationError, match="cut"):
        await environment.run(till.activities.perform, order)

    standing = till.ledger.find(order.key)
    assert standing is not None
    assert standing.state is EffectState.SENT
    assert (await till.pursue(order)).state is EffectState.APPLIED
    assert len(till.till.made) == 1


async def test_an_effect_whose_channel_has_no_room_leaves_no_trace_and_is_the_queues(till: Door) -> None:
    asked: list[str] = []

    def no_room(connector: str) -> bool:
        asked.append(connector)
        return False

    order = till.order(refund())
    activities = EffectActivities(
        till.till,
        till.ledger,
        lambda: till.policy_version,
        till.clock,
        callers=ANYBODY,
        has_room=no_room,
    )

    with pytest.raises(ApplicationError, match="limit is reached"):
        await beside(till.environment(order)).run(activities.perform, order)

    assert (asked, till.ledger.find(order.key), till.till.calls) == (["till"], None, [])
    assert (await till.environment(order).run(activities.perform, order)).state is EffectState.APPLIED
