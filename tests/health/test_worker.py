"""A real worker on a real server, watched the way that a monitor and Prometheus watch it."""

import asyncio
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text
from prometheus_client.samples import Sample

from cli.stack.dev_server import DevServer
from health.address_book import workers
from settings import Settings
from worker import Role, serve

ROLES = [Role.CONTROL, Role.CONNECTORS]


@dataclass
class Watched:
    """A worker in this process, and where it answers."""

    settings: Settings
    serving: "asyncio.Task[bool]"
    systemd: socket.socket

    async def told(self) -> str:
        """The next thing that systemd is told."""
        async with asyncio.timeout(10):
            return (await asyncio.get_running_loop().sock_recv(self.systemd, 100)).decode()

    async def get(self, path: str, accept: str = "*/*") -> httpx.Response:
        [entry] = workers(self.settings.state)
        url = f"http://{entry.address}{path}"
        return await asyncio.to_thread(httpx.get, url, headers={"Accept": accept}, timeout=10)


@pytest.fixture
async def watched(
    lent_server: DevServer, office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Watched]:
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.setblocking(False)
    place = f"kontor-{uuid.uuid4()}"
    systemd.bind(f"\0{place}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{place}")
    settings = Settings(
        office=office,
        state=tmp_path / "state",
        temporal_address=lent_server.address,
        reconcile_every_minutes=0,
    )
    serving = asyncio.create_task(serve(settings, ROLES))
    watched = Watched(settings, serving, systemd)
    async with asyncio.timeout(60):
        while not workers(settings.state) or not (await watched.get("/readyz")).is_success:
            assert not serving.done(), serving.exception()
            await asyncio.sleep(0.05)
    yield watched
    if not serving.done():
        os.kill(os.getpid(), signal.SIGTERM)
    await serving
    systemd.close()


def samples(told: str) -> dict[str, list[Sample]]:
    parse = openmetrics if told.endswith("# EOF\n") else text
    found: dict[str, list[Sample]] = {}
    for family in parse(told):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


async def test_a_worker_tells_its_health_its_work_and_what_the_sdk_counts_and_then_leaves_the_book(
    watched: Watched,
) -> None:
    assert await watched.told() == "READY=1\nWATCHDOG=1"
    alive = (await watched.get("/healthz")).json()
    assert (alive["state"], alive["pid"]) == ("serving", os.getpid())

    for accept in ("text/plain", "application/openmetrics-text; version=1.0.0"):
        told = await watched.get("/metrics", accept)
        assert told.headers["content-type"].startswith(accept.partition(";")[0])
        found = samples(told.text)
        assert [sample.value for sample in found["kontor_worker_ready"]] == [1.0]
        assert [sample.value for sample in found["kontor_work_counted"]] == [1.0]
        pollers = {
            (each.labels["queue"], each.labels["kind"]): each.value
            for each in found["kontor_task_queue_pollers"]
        }
        assert pollers["kontor-control", "workflow"] >= 1
        assert pollers["kontor-connector-webshop", "activity"] >= 1
        assert {"kontor_task_queue_backlog", "kontor_stuck_cases", "process_resident_memory_bytes"} <= set(
            found
        )
        effects = {each.labels["state"]: each.value for each in found["kontor_effects"]}
        assert effects["unknown"] == 0.0  # said, so that a graph begins before the first one
        served = {sample.labels["task_queue"] for sample in found["temporal_num_pollers"]}
        assert {"kontor-control", "kontor-connector-webshop"} <= served

    os.kill(os.getpid(), signal.SIGTERM)
    await watched.serving
    while (said := await watched.told()) != "STOPPING=1":
        assert said == "READY=1\nWATCHDOG=1"
    assert workers(watched.settings.state) == []
