"""What the doctor says of workers, task queues and parts, asked of a real server, and what to do about it."""

import asyncio
import re
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from temporalio import activity
from temporalio.api.enums.v1 import WorkerStatus
from temporalio.api.worker.v1 import WorkerHeartbeat, WorkerHostInfo
from temporalio.api.workflowservice.v1 import RecordWorkerHeartbeatRequest, RegisterNamespaceRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.worker import Worker

from benchmarks.environment import free_port
from bootstrap.installation import Installation
from cli.doctor.command import examine
from cli.doctor.finding import Finding
from cli.stack.dev_server import DevServer
from contracts.ids import MODELS_QUEUE, connector_queue
from health.address_book import registered
from health.pulse import HELD_UP_SECONDS, Pulse
from health.server import listening
from health.standing import Phase, Standing
from settings import Settings
from tests.conftest import ROOT
from workflows.reconciliation.reconcile import WORKFLOW_ID

POSSIBLE_QUEUES = 10


@pytest.fixture
async def client(temporal_server: DevServer) -> Client:
    """A client in a namespace of its own, whose queues no other test has used."""
    namespace = f"doctor-{uuid.uuid4()}"
    found = await Client.connect(temporal_server.address, namespace=namespace)
    kept = timedelta(days=1)
    asked = RegisterNamespaceRequest(namespace=namespace)
    asked.workflow_execution_retention_period.FromTimedelta(kept)
    await found.workflow_service.register_namespace(asked)
    return found


@pytest.fixture
async def kontor(client: Client, temporal_server: DevServer, tmp_path: Path) -> AsyncIterator[Installation]:
    found = Settings(
        office=ROOT / "office",
        state=tmp_path / "state",
        temporal_address=temporal_server.address,
        temporal_namespace=client.namespace,
    )
    async with Installation(found) as opened:
        yield opened


async def examined(kontor: Installation) -> list[Finding]:
    found = await asyncio.to_thread(examine, kontor)
    for finding in found:
        assert finding.state == "ok" or finding.advice, f"{finding} names no next step"
    return found


def about(part: str, findings: list[Finding]) -> Finding:
    [found] = [each for each in findings if each.part == part]
    return found


@activity.defn(name="waits")
async def waits() -> None:
    """Wait for a worker."""


async def put(client: Client, queue: str) -> None:
    """Put one task on a queue; a namespace is known a moment after it was made."""
    async with asyncio.timeout(30):
        while True:
            try:
                await client.start_activity(
                    waits, id=str(uuid.uuid4()), task_queue=queue, start_to_close_timeout=timedelta(seconds=5)
                )
            except RPCError:
                await asyncio.sleep(0.1)
            else:
                return


async def started(client: Client, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """Start a run of the reconciler that no worker takes; a namespace is known a moment after it was made."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await client.start_workflow("ReconcileWorkflow", id=workflow_id, task_queue="nobody")
            except RPCError:
                await asyncio.sleep(0.1)


async def test_where_nothing_runs_and_nothing_waits_it_is_off_and_not_broken(kontor: Installation) -> None:
    findings = await examined(kontor)

    assert about("workers", findings).state == "off"
    queues = [each for each in findings if each.part.startswith("queue ")]
    assert len(queues) >= POSSIBLE_QUEUES
    assert {each.state for each in queues} == {"off"}


async def test_when_the_cases_at_the_server_were_last_looked_up_is_told(
    kontor: Installation, client: Client
) -> None:
    assert about("case watch", await examined(kontor)).where.startswith("it has not looked yet")
    run = await started(client, WORKFLOW_ID)

    looked = about("case watch", await examined(kontor))
    await run.terminate()
    broken = about("case watch", await examined(kontor))

    assert (looked.state, broken.state) == ("ok", "off")
    assert re.fullmatch(
        r"open cases were looked up at the server \ds ago, it does every 15 min", looked.where
    )
    assert "its run has ended: terminated" in broken.where


async def test_a_look_at_the_cases_that_is_two_intervals_ago_is_told(
    kontor: Installation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await started(client, WORKFLOW_ID)
    monkeypatch.setattr("cli.doctor.server.TOO_LATE", 0)

    late = about("case watch", await examined(kontor))

    assert (late.state, "it should every 15 min" in late.where) == ("off", True)


async def test_a_queue_that_nobody_polls_while_tasks_wait_is_broken_and_names_the_role(
    kontor: Installation, client: Client
) -> None:
    await put(client, MODELS_QUEUE)
    part = f"queue {MODELS_QUEUE} (activity)"
    async with asyncio.timeout(30):
        while "1 task waits" not in about(part, await examined(kontor)).where:  # noqa: ASYNC110 (the server counts)
            await asyncio.sleep(0.1)

    found = about(part, await examined(kontor))
    assert found.state == "bad"
    assert found.where.startswith("0 processes poll, 1 task waits, the oldest for ")
    assert "--roles models" in found.advice


async def test_beside_a_queue_that_is_polled_one_that_is_not_is_broken(
    kontor: Installation, client: Client
) -> None:
    queue = connector_queue("webshop")
    async with Worker(client, task_queue=queue, activities=[waits]):
        await put(client, queue)
        findings = await examined(kontor)

    assert about(f"queue {queue} (activity)", findings).state == "ok"
    assert about(f"queue {MODELS_QUEUE} (activity)", findings).state == "bad"


async def beat(client: Client, host: str, queue: str, seconds_ago: float) -> None:
    """Tell the server of a worker of another machine, as the SDK of that machine would."""
    told = WorkerHeartbeat(
        worker_instance_key=str(uuid.uuid4()),
        worker_identity=f"77@{host}",
        host_info=WorkerHostInfo(host_name=host, process_id="77"),
        task_queue=queue,
        status=WorkerStatus.WORKER_STATUS_RUNNING,
    )
    told.heartbeat_time.FromDatetime(datetime.now(UTC) - timedelta(seconds=seconds_ago))
    asked = RecordWorkerHeartbeatRequest(namespace=client.namespace, worker_heartbeat=[told])
    await client.workflow_service.record_worker_heartbeat(asked)


async def test_a_worker_of_another_machine_that_went_silent_is_dead_and_broken_only_if_none_takes_its_queue(
    kontor: Installation, client: Client
) -> None:
    await put(client, "any")
    await beat(client, "near", "replaced", 4)
    await beat(client, "far", "replaced", 60)
    await beat(client, "gone", "alone", 60)

    told = {
        host: each
        for each in await examined(kontor)
        for host in ("near", "far", "gone")
        if each.part == "worker" and f"on {host}" in each.where
    }
    assert told["near"].state == "ok"
    assert told["far"].state == "off"
    assert "is dead" in told["far"].where
    assert told["gone"].state == "bad"
    assert "nobody else serves alone" in told["gone"].advice


async def test_a_worker_that_was_killed_is_dead_until_it_is_started_again(kontor: Installation) -> None:
    code = (
        "import os, signal, pathlib, sys; from health.address_book import registered\n"
        "with registered(pathlib.Path(sys.argv[1]), '127.0.0.1:1', ['control']): os.kill(os.getpid(), 9)"
    )
    state = kontor.settings.state
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code, str(state)], cwd=ROOT, check=False)

    dead = about("worker", await examined(kontor))
    assert dead.state == "bad"
    assert "control: process" in dead.where
    assert "is dead" in dead.where
    assert "python -m worker --roles control" in dead.advice

    with registered(state, f"127.0.0.1:{free_port()}", ["control"]):
        silent = about("worker", await examined(kontor))
    assert silent.state == "bad"
    assert "does not answer" in silent.where


async def test_a_worker_is_shown_as_it_says_of_itself(kontor: Installation) -> None:
    now = 0.0
    standing = Standing(Pulse(lambda: now), ["control"], phase=Phase.SERVING, polls=lambda: True)
    with (
        listening("127.0.0.1", 0, standing, CollectorRegistry()) as address,
        registered(kontor.settings.state, address, ["control"]),
    ):
        ready = about("worker", await examined(kontor))
        standing.phase = Phase.DRAINING
        draining = about("worker", await examined(kontor))
        now = HELD_UP_SECONDS
        held_up = about("worker", await examined(kontor))

    assert (ready.state, draining.state, held_up.state) == ("ok", "off", "bad")
    assert f"at http://{address} is ready" in ready.where
    assert "is held up: the event loop has not moved for 5 s; it stands in " in held_up.where
    assert "kill -9" in held_up.advice


async def test_a_database_that_is_away_is_one_finding_and_what_stands_in_it_is_not_looked_at(
    kontor: Installation,
) -> None:
    url = f"postgresql+psycopg://kontor:geheim@127.0.0.1:{free_port()}/kontor"
    with Installation(kontor.settings.model_copy(update={"database_url": url})) as away:
        findings = await examined(away)

    found = about("database", findings)
    assert found.state == "bad"
    assert "KONTOR_DATABASE_URL" in found.advice
    assert [each.part for each in findings if "not looked at" in each.where] == [
        "stuck cases",
        "effects",
        "events",
        "subscriptions",
        "vectors",
        "office",
    ]
    assert "geheim" not in str(findings)


async def test_a_vector_store_that_is_away_is_named_with_the_setting_that_says_where_it_is(
    kontor: Installation,
) -> None:
    own = {"vector_store": "server", "qdrant_url": f"http://127.0.0.1:{free_port()}"}
    with Installation(kontor.settings.model_copy(update=own)) as away:
        found = about("vectors", await examined(away))

    assert found.state == "bad"
    assert "KONTOR_QDRANT_URL" in found.advice
