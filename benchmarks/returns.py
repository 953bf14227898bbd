"""The desk's automatic path against a bare workflow of the same shape, on one server, in one run."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from temporalio.client import Client

from benchmarks.bare import QUEUE, BareWorkflow
from benchmarks.ground import own_settings
from benchmarks.rows import Row
from cli.children import ROOT, Children, inherited
from cli.connection import connect
from contracts.case import CaseStatus
from contracts.ids import CONTROL_QUEUE
from contracts.returns import ReturnRequest
from workflows.desks import DESKS

ONE_BY_ONE = int(os.environ.get("KONTOR_BENCH_LATENCY_CASES", "150"))
TOGETHER = int(os.environ.get("KONTOR_BENCH_THROUGHPUT_CASES", "400"))
CONCURRENCY = 50
WARM_UP = 10


async def rows() -> list[Row]:
    """Measure both; the floor of each row is the bare workflow."""
    with tempfile.TemporaryDirectory() as folder:
        children = Children(own_settings(Path(folder)))
        bare: subprocess.Popen[bytes] | None = None
        try:
            children.start_all()
            address = children.settings.temporal_address
            bare = _start_bare(address)
            client = await connect(children.settings)
            _load_orders(children.settings.sandbox_port, WARM_UP + ONE_BY_ONE + WARM_UP + TOGETHER)
            return await _measure(client)
        finally:
            if bare is not None:
                bare.kill()
                bare.wait()
            children.stop()


def _start_bare(address: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "benchmarks.bare", address], cwd=ROOT, env=inherited())  # noqa: S603  (our own module)


async def _measure(client: Client) -> list[Row]:
    desk, floor = _Desk(client), _Bare(client)
    for run in (floor.one, desk.one):
        await _latencies(run, WARM_UP)
    bare_ms, desk_ms = await _latencies(floor.one, ONE_BY_ONE), await _latencies(desk.one, ONE_BY_ONE)
    bare_rate, desk_rate = await _rate(floor.one, TOGETHER), await _rate(desk.one, TOGETHER)
    return [
        Row("returns.latency_p50", statistics.median(desk_ms), "ms", statistics.median(bare_ms)),
        Row("returns.latency_p99", _p99(desk_ms), "ms", _p99(bare_ms)),
        Row("returns.throughput", desk_rate, "1/s", bare_rate),
    ]


class _Bare:
    """Runs bare workflows."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._count = 0

    async def one(self) -> None:
        self._count += 1
        await self._client.execute_workflow(BareWorkflow.run, id=f"bare-{self._count}", task_queue=QUEUE)


class _Desk:
    """Runs returns that nobody has to look at, each for an order of its own."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._count = 0

    async def one(self) -> None:
        self._count += 1
        number = f"B-{self._count:06}"
        request = ReturnRequest(
            id=number,
            channel=_channel(self._count),
            order=number,
            message=f"The scarf in {number} is too short for me, I want to return it for a refund please.",
        )
        desk = DESKS["returns"]
        result = await self._client.execute_workflow(
            desk.workflow.run, request, id=desk.case_id(request), task_queue=CONTROL_QUEUE
        )
        if result.status is not CaseStatus.SETTLED:
            raise RuntimeError(f"{number} ended {result.status} {result.outcome}: not the automatic path")


def _channel(number: int) -> str:
    return ("webshop", "marketplace", "store")[number % 3]


def _load_orders(port: int, count: int) -> None:
    orders = [
        {
            "id": f"B-{number:06}",
            "channel": _channel(number),
            "customer": f"bench-{number}",
            "status": "delivered",
            "placed_days_ago": 9,
            "delivered_days_ago": 4,
            "payment_method": "card",
            "lines": [{"id": "L1", "sku": "SCARF-RUST"}],
        }
        for number in range(1, count + 1)
    ]
    httpx.post(f"http://127.0.0.1:{port}/admin/load", json={"orders": orders}, timeout=60).raise_for_status()


async def _latencies(run: Callable[[], Awaitable[None]], count: int) -> list[float]:
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        await run()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


async def _rate(run: Callable[[], Awaitable[None]], count: int) -> float:
    slots = asyncio.Semaphore(CONCURRENCY)

    async def one() -> None:
        async with slots:
            await run()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return count / (time.perf_counter() - began)


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]
