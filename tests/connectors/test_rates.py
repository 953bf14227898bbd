"""A connector's rate holds over all workers together: two real worker processes, a real dev server."""

import asyncio
import os
import shutil
import sys
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.worker import Worker

from contracts.ids import connector_queue
from memory.episodic.chain import new_key
from tests.conftest import ROOT
from tests.connectors.system import Received, Reply, System
from workflows.returns.activities import OrderQuery

AUDIT_KEY = new_key()
RATE_PER_SECOND = 20
CALLS = int(os.environ.get("KONTOR_TEST_RATE_CALLS", "160"))


@workflow.defn(name="many-reads", sandboxed=False)
class ManyReads:
    """Asks for many orders at once."""

    @workflow.run
    async def run(self, calls: int) -> None:
        await asyncio.gather(
            *(
                workflow.execute_activity(
                    "order.load",
                    OrderQuery(channel="webshop", order=f"W-{number}"),
                    task_queue=connector_queue("webshop"),
                    start_to_close_timeout=timedelta(seconds=30),
                )
                for number in range(calls)
            )
        )


@asynccontextmanager
async def worker_process(office: Path, state: Path, address: str, port: int) -> AsyncIterator[int]:
    """Run `python -m worker --roles connectors`, as an installation does, and give its process id."""
    environment = {
        **os.environ,
        "KONTOR_OFFICE": str(office),
        "KONTOR_STATE": str(state),
        "KONTOR_TEMPORAL_ADDRESS": address,
        "KONTOR_SANDBOX_PORT": str(port),
        "KONTOR_SECRETS": "environment",
        "KONTOR_SECRET_WEBSHOP_TOKEN": "any-token",
        "KONTOR_SECRET_AUDIT_KEY": AUDIT_KEY,
    }
    with (state / f"worker-{uuid.uuid4().hex}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "worker", "--roles", "connectors"),
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def office_with_rate(office: Path, folder: Path, rate: float) -> Path:
    """Copy the example office and change the webshop's rate."""
    copy = Path(shutil.copytree(office, folder / f"office-{rate:g}"))
    manifest = copy / "connectors" / "webshop.toml"
    text = manifest.read_text()
    assert "rate_limit_per_second = 50.0" in text
    manifest.write_text(text.replace("rate_limit_per_second = 50.0", f"rate_limit_per_second = {rate}"))
    return copy


class Calls:
    """When each call reached the outside system."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def __call__(self, _request: Received) -> Reply:
        self.at.append(time.monotonic())
        return Reply({"code": "unknown_order"}, status=404)

    def most_within(self, seconds: float) -> int:
        """Return the most calls in any window of that length."""
        return max(sum(1 for at in self.at if start <= at < start + seconds) for start in self.at)


async def started_by(temporal: Client, workflow_id: str) -> Counter[str]:
    """Return how many activities each worker process started."""
    started: Counter[str] = Counter()
    async for event in temporal.get_workflow_handle(workflow_id).fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            started[event.activity_task_started_event_attributes.identity.split("@")[0]] += 1
    return started


async def both_poll(temporal: Client, workers: list[int]) -> None:
    """Wait until every worker process asks for the webshop's work."""
    request = DescribeTaskQueueRequest(
        namespace=temporal.namespace,
        task_queue=TaskQueue(name=connector_queue("webshop")),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    async with asyncio.timeout(60):
        while True:
            described = await temporal.workflow_service.describe_task_queue(request)
            polling = {poller.identity.split("@")[0] for poller in described.pollers}
            if polling >= {str(worker) for worker in workers}:
                return
            await asyncio.sleep(0.1)


async def run_calls(
    temporal: Client, system: System, office: Path, state: Path
) -> tuple[Calls, Counter[str]]:
    """Have two worker processes make all calls; return when they came and who made them."""
    system.reply = calls = Calls()
    workflow_id = f"rates-{uuid.uuid4()}"
    address = temporal.service_client.config.target_host
    async with AsyncExitStack() as stack:
        workers = [
            await stack.enter_async_context(worker_process(office, state, address, system.port))
            for _ in range(2)
        ]
        await both_poll(temporal, workers)
        queue = f"{workflow_id}-queue"
        async with Worker(temporal, task_queue=queue, workflows=[ManyReads]):
            await temporal.execute_workflow(ManyReads.run, CALLS, id=workflow_id, task_queue=queue)
    return calls, await started_by(temporal, workflow_id)


@pytest.mark.slow
async def test_a_connectors_rate_holds_over_two_worker_processes_together(
    temporal: Client, system: System, office: Path, tmp_path: Path
) -> None:
    slow = office_with_rate(office, tmp_path, RATE_PER_SECOND)
    limited, by_process = await run_calls(temporal, system, slow, tmp_path)
    assert len(limited.at) == CALLS
    for seconds in (1, 2, 4):
        # The server lets a second's worth through at once, and after that keeps the rate; a call
        # may come half a second after the server's leave for it.
        assert limited.most_within(seconds) <= RATE_PER_SECOND * (seconds + 1.5)
    assert limited.at[-1] - limited.at[0] >= CALLS / RATE_PER_SECOND - 1.5
    assert len(by_process) == 2
    assert min(by_process.values()) > CALLS // 10

    fast = office_with_rate(office, tmp_path, RATE_PER_SECOND * 50)
    for _ in range(3):  # the server may keep the old rate for a while after its pollers have gone
        free, _ = await run_calls(temporal, system, fast, tmp_path)
        if free.most_within(1) > RATE_PER_SECOND * 2:
            return
    raise AssertionError("the limit was not what held the calls back")
