"""An effect as a workflow sees it, on a real server: every way ends with a receipt or a word."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import Worker

from activities.undo import UndoActivities
from bootstrap.runner import workflow_runner
from contracts.effect import EffectReceipt, EffectState
from contracts.ids import CONTROL_QUEUE, connector_queue
from tests.activities.effects.fake_channel import Clock, FakeChannel, manifest
from tests.activities.effects.ledger_helpers import Door, refund
from tests.activities.effects.one_effect_desk import Errand, ErrandWorkflow
from workflows.kernel import options

QUEUE = "effects-under-test"


class StallingTill(FakeChannel):
    """A till whose calls are answered when the test lets them."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type] # handed on
        self.reached = asyncio.Event()
        self.let_go = asyncio.Event()

    async def send(self, *given: object) -> object:  # type: ignore[override] # handed on
        self.reached.set()
        await self.let_go.wait()
        return await super().send(*given)  # type: ignore[arg-type] # handed on


@asynccontextmanager
async def serving(temporal: Client, door: Door, *, connector: bool = True) -> AsyncIterator[None]:
    """Workers for the desk, the books and the connector, on queues of this test alone."""
    undo = UndoActivities(door.till, door.ledger)
    workers = [
        Worker(temporal, task_queue=QUEUE, workflows=[ErrandWorkflow], workflow_runner=workflow_runner()),
        Worker(temporal, task_queue=CONTROL_QUEUE, activities=[door.activities.give_up, undo.plan]),
    ]
    if connector:
        queue = connector_queue("till")
        workers.append(Worker(temporal, task_queue=queue, activities=[door.activities.perform]))
    async with asyncio.TaskGroup() as running:
        tasks = [running.create_task(worker.run()) for worker in workers]
        try:
            yield
        finally:
            for worker in workers:
                await worker.shutdown()
            for task in tasks:
                task.cancel()


@pytest.fixture
def stalling(sqlite_engine: Engine, clock: Clock) -> Door:
    return Door(sqlite_engine, StallingTill(clock, manifest("lookup")), clock)


@pytest.fixture
def quick_door(sqlite_engine: Engine, clock: Clock) -> Door:
    return Door(sqlite_engine, FakeChannel(clock, manifest("lookup")), clock)


async def start(
    temporal: Client, door: Door, fresh: bool = False
) -> WorkflowHandle[ErrandWorkflow, EffectReceipt]:
    case_id = f"returns/till/{uuid.uuid4().hex[:12]}"
    effect = refund()
    permit = door.permit(effect, case_id=case_id)
    errand = Errand(effect=effect, permit_id=permit.id)
    if fresh:
        door.policy_version = "policy-2"
        again = door.permit(effect, case_id=case_id, basis="verdict-2")
        errand = errand.model_copy(update={"fresh_permit_id": again.id})
    return await temporal.start_workflow(ErrandWorkflow.run, errand, id=case_id, task_queue=QUEUE)


async def test_an_effect_is_carried_out_through_the_server(temporal: Client, quick_door: Door) -> None:
    async with serving(temporal, quick_door):
        receipt = await (await start(temporal, quick_door)).result()
    assert receipt.state is EffectState.APPLIED
    assert len(quick_door.till.made) == 1


async def test_a_pursuit_that_the_server_ends_is_given_up_and_never_begun_later(
    temporal: Client, quick_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(options.EFFECT, "schedule_to_close_timeout", timedelta(seconds=0.5))
    async with serving(temporal, quick_door, connector=False):
        handle = await start(temporal, quick_door)
        receipt = await handle.result()
    assert receipt.state is EffectState.FAILED
    assert receipt.reason == "it was pursued as long as its options allow"
    order = quick_door.order(refund(), case_id=handle.id)
    assert (await quick_door.attempt(order)).state is EffectState.FAILED
    assert quick_door.till.calls == []


async def test_attempts_that_run_out_leave_the_effect_unknown_and_tell_the_workflow(
    temporal: Client, quick_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = RetryPolicy(initial_interval=timedelta(milliseconds=10), maximum_attempts=2)
    monkeypatch.setitem(options.EFFECT, "retry_policy", patient)
    quick_door.till.next.extend(["cut-after", "look-up fails"])
    async with serving(temporal, quick_door):
        receipt = await (await start(temporal, quick_door)).result()
    assert receipt.state is EffectState.UNKNOWN
    assert receipt.reason == "look-up: status 503"


async def test_a_permit_that_policy_outran_fails_the_case_in_words(
    temporal: Client, quick_door: Door
) -> None:
    async with serving(temporal, quick_door):
        handle = await start(temporal, quick_door)
        quick_door.policy_version = "policy-2"
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == "EffectRefused"
    assert caught.value.cause.details[0] == "policy-version"


async def test_a_permit_that_policy_outran_is_asked_for_again(temporal: Client, quick_door: Door) -> None:
    async with serving(temporal, quick_door):
        receipt = await (await start(temporal, quick_door, fresh=True)).result()
    assert receipt.state is EffectState.APPLIED
    assert len(quick_door.till.made) == 1


async def test_an_effect_that_has_begun_is_brought_to_its_end_before_a_cancellation_takes_hold(
    temporal: Client, stalling: Door
) -> None:
    till = stalling.till
    assert isinstance(till, StallingTill)
    async with serving(temporal, stalling):
        handle = await start(temporal, stalling)
        await till.reached.wait()
        await handle.cancel()
        till.let_go.set()
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
    assert isinstance(caught.value.cause, CancelledError)
    entry = stalling.ledger.of_case(handle.id)[0]
    assert entry.receipt.state is EffectState.APPLIED
