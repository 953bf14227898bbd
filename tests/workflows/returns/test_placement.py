"""Where a case's steps run, and that no placement pays for speed with a guarantee."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bootstrap.runner import workflow_runner
from cli.stack.processes import Children
from contracts.approvals.request import Answer
from contracts.base import content_hash
from contracts.case import CaseStatus
from contracts.effect import EffectState
from contracts.ids import CONTROL_QUEUE
from sandbox.faults import FaultPlan
from service.replay import replay_one
from tests.workflows.returns.conftest import settings_for
from tests.workflows.returns.histories import steps_of
from tests.workflows.returns.orders import RETURN, a_waiting_return, asking, given_order, waiting
from tests.workflows.returns.shop import DESK, Shop, opened
from workflows.returns.types import ReturnRequest

pytestmark = pytest.mark.slow

SPLIT = {"control": "control", "models": "models,models-b,memory", "connectors": "connectors"}
AFTER_THE_MONEY = {"restock", "notify", "mark"}
APPROVE = Answer(person="ben", choice="approve")
SHORT_TASK = timedelta(seconds=2)
"""A workflow task that is run again from its start after this, so that a test need not wait ten seconds."""
FROZEN_SECONDS = 2 * SHORT_TASK.total_seconds()


async def test_where_one_process_serves_everything_the_money_and_what_begins_a_stage_go_over_a_queue(
    shop: Shop,
) -> None:
    request = asking(given_order(shop), RETURN)
    await shop.run(request)

    steps = await steps_of(shop, request)

    assert (steps.queued, steps.tasks) == (("authorise", "refund", "restock"), 4)
    assert steps.local[0] == "case.open"
    # Both at once: what is read of an order is put on record, too, and memory may be the faster.
    assert sorted(steps.local[1:3]) == ["memory.assemble", "order.load"]
    assert steps.local[3:7] == (
        "decision.decide",
        "decision.decide",
        "policy.choose",
        "policy.authorize",
    )
    assert steps.local[7:-2] == (
        "effect.perform",
        "office.wait",
        "order.goods",
        "order.look",
        "policy.authorize",
        "effect.perform",
    )
    assert sorted(steps.local[-2:]) == ["case.note", "memory.remember"]


async def test_the_word_to_a_refused_customer_is_queued_because_nothing_before_it_was(shop: Shop) -> None:
    request = asking(given_order(shop, placed_days_ago=45, delivered_days_ago=40), RETURN)
    result = await shop.run(request)

    assert result.status is CaseStatus.DENIED
    assert (await steps_of(shop, request)).queued == ("tell",)


async def test_an_exchange_without_money_queues_what_it_begins_with(shop: Shop) -> None:
    text = "The shirt came with a hole in it. Please replace it with the same one."
    request = asking(given_order(shop), text)
    assert (await shop.run(request)).status is CaseStatus.SETTLED

    steps = await steps_of(shop, request)

    assert steps.queued == ("reserve", "restock")
    assert steps.local.count("effect.perform") == len(("authorise", "notify", "mark"))


async def test_what_people_approved_is_queued_again_before_anything_is_done_beside_it(shop: Shop) -> None:
    _, request = await a_waiting_return(shop)
    await shop.handle(request).signal("decide", APPROVE)
    assert (await shop.handle(request).result()).status is CaseStatus.SETTLED

    steps = await steps_of(shop, request)

    assert [step for step in steps.queued if "." not in step] == ["authorise", "refund", "restock"]
    assert steps.local.count("policy.authorize_approved") == 1


async def test_effects_that_ran_together_are_all_waited_for_and_undone_in_reverse(shop: Shop) -> None:
    order = given_order(shop)
    shop.faults(FaultPlan(slow_seconds=1.0))
    shop.strike("webshop", "restock", "slow", order=order)
    shop.strike("webshop", "mark_order", "refused", order=order)
    request = asking(order, RETURN)
    await shop.submit(request)
    await waiting(shop, request)

    effects = {entry.order.effect.step: entry for entry in shop.timeline(request).effects}
    done = [effects[step].intended_at for step in ("authorise", "refund", "restock")]
    undone = [effects[step].intended_at for step in ("undo-restock", "undo-refund", "undo-authorise")]
    assert [*done, *undone] == sorted([*done, *undone])
    assert effects["notify"].receipt.state is EffectState.APPLIED
    assert effects["refund"].receipt.state is EffectState.COMPENSATED
    queued = (await steps_of(shop, request)).queued
    assert [step for step in queued if "." not in step] == [
        "authorise",
        "refund",
        "restock",
        "undo-restock",
        "undo-refund",
        "undo-authorise",
        "tell",
    ]


async def test_an_effect_that_fails_beside_the_workflow_is_pursued_on_its_queue(shop: Shop) -> None:
    order = given_order(shop)
    for operation, fault in (
        ("restock", "error_before"),
        ("notify", "cut_after"),
        ("mark_order", "error_after"),
    ):
        shop.strike("webshop", operation, fault, order=order)
    shop.strike("webshop", "get_order", "error_before", order=order)
    request = asking(order, RETURN)

    assert (await shop.run(request)).status is CaseStatus.SETTLED

    steps = await steps_of(shop, request)
    assert Counter(steps.queued) == {
        "order.load": 1,
        "authorise": 1,
        "refund": 1,
        "restock": 1,
        "notify": 1,
        "mark": 1,
    }
    for kind in ("refund", "restock", "message", "mark"):
        assert len(shop.entries("webshop", kind, order)) == 1


@pytest.fixture
def kontor(tmp_path: Path) -> Iterator[Children]:
    """A server and a sandbox; workers are the test's own affair."""
    children = Children(settings_for(tmp_path))
    try:
        children.start_all()
        yield children
    finally:
        children.stop()


@pytest.fixture
async def own_shop(kontor: Children) -> AsyncIterator[Shop]:
    async with opened(kontor) as shop:
        yield shop


def end(children: Children, *names: str) -> None:
    for name in names:
        process = children.running.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def split(children: Children) -> None:
    """Have three processes share the roles of one."""
    end(children, "worker")
    for name, roles in SPLIT.items():
        children.start_worker(name, roles)
    for name in SPLIT:
        children.wait_for_worker(name)


async def test_cases_go_on_under_workers_with_other_roles_than_they_began_under(own_shop: Shop) -> None:
    children = own_shop.children
    _, under_one = await a_waiting_return(own_shop)
    await asyncio.to_thread(split, children)

    # Begun where one process served everything, ended where the roles are split.
    await own_shop.handle(under_one).signal("decide", APPROVE)
    assert (await own_shop.handle(under_one).result()).status is CaseStatus.SETTLED

    # Where roles are split, all that control does not serve itself is queued.
    request = asking(given_order(own_shop), RETURN)
    assert (await own_shop.run(request)).status is CaseStatus.SETTLED
    steps = await steps_of(own_shop, request)
    assert set(steps.local) == {"case.open", "policy.choose", "policy.authorize", "office.wait", "case.note"}
    assert set(steps.queued) == AFTER_THE_MONEY | {
        "order.load",
        "order.goods",
        "order.look",
        "memory.assemble",
        "decision.decide",
        "authorise",
        "refund",
        "memory.remember",
    }

    # Begun under split roles, ended in one process; and all replay.
    _, under_many = await a_waiting_return(own_shop)
    await asyncio.to_thread(end, children, *SPLIT)
    children.start_worker()
    await asyncio.to_thread(children.wait_for_worker)
    await own_shop.handle(under_many).signal("decide", APPROVE)
    assert (await own_shop.handle(under_many).result()).status is CaseStatus.SETTLED
    assert "order.load" not in (await steps_of(own_shop, under_many)).local
    for each in (under_one, request, under_many):
        history = await own_shop.handle(each).fetch_history()
        assert await replay_one(history, workflow_runner()) is None


async def begin(shop: Shop, request: ReturnRequest) -> None:
    """Let a case in and start it, with workflow tasks that are short."""
    case_id, now = DESK.case_id(request), datetime.now(UTC)
    assert shop.installation.admissions.admit(case_id, content_hash(request), "a test", now)
    await shop.client.start_workflow(
        DESK.workflow().run,
        request,
        id=case_id,
        task_queue=CONTROL_QUEUE,
        task_timeout=SHORT_TASK,
    )


async def freeze(children: Children) -> None:
    """Hold the worker up for so long that the server gives its workflow tasks to be run again."""
    worker = children.running["worker"]
    os.kill(worker.pid, signal.SIGSTOP)
    await asyncio.sleep(FROZEN_SECONDS)
    os.kill(worker.pid, signal.SIGCONT)


async def test_a_task_that_times_out_after_the_money_is_run_again_without_seeing_its_own_refund(
    own_shop: Shop,
) -> None:
    order = given_order(own_shop)
    own_shop.faults(FaultPlan(slow_seconds=1.5))
    own_shop.strike("webshop", "restock", "slow", order=order)
    request = asking(order, RETURN)
    await begin(own_shop, request)
    while not own_shop.entries("webshop", "mark", order):  # noqa: ASYNC110  (another process's books)
        await asyncio.sleep(0.02)
    await freeze(own_shop.children)

    result = await own_shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "returned")
    for kind in ("refund", "restock", "message", "mark"):
        assert len(own_shop.entries("webshop", kind, order)) == 1


async def test_a_worker_held_up_at_moments_nobody_chose_denies_nobody_it_has_paid(own_shop: Shop) -> None:
    chance = random.Random(16)
    orders = [given_order(own_shop, channel) for channel in ("webshop", "marketplace", "store") * 6]
    requests = [
        asking(order, RETURN, channel)
        for order, channel in zip(orders, ("webshop", "marketplace", "store") * 6, strict=True)
    ]
    await asyncio.gather(*(begin(own_shop, request) for request in requests))
    for _ in range(3):
        await asyncio.sleep(chance.uniform(0.1, 1.2))
        await freeze(own_shop.children)

    async with asyncio.timeout(90):
        results = await asyncio.gather(*(own_shop.handle(request).result() for request in requests))

    assert {(result.status, result.outcome) for result in results} == {(CaseStatus.SETTLED, "returned")}
    for request in requests:
        for kind in ("refund", "restock", "message", "mark"):
            assert len(own_shop.entries(request.channel, kind, request.order)) == 1
    records = [own_shop.installation.cases.find(DESK.case_id(request)) for request in requests]
    assert {record.status for record in records if record} == {CaseStatus.SETTLED}
