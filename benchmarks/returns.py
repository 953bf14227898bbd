"""The desk's automatic path against barer workflows, case by case in turn, on one server, in one run.

Compared are returns whose goods are at hand when somebody asks: they do what the barer workflows do. One that
goes its way (`docs/decisions/0031`) is two returns' work, and has rows of its own, `returns.way_*`.

`KONTOR_BENCH_PEERS` may name a folder with `on_temporal.py`: the same return as Temporal's own samples
write it, a worker on the queue `peer`. It is then measured in the same run.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from temporalio.client import Client

from benchmarks.cpu import cpu_ms
from benchmarks.environment import own_settings
from benchmarks.floor import QUEUE, BareWorkflow, FloorWorkflow
from benchmarks.rows import Row
from cli.stack.processes import ROOT, Children, inherited
from contracts.case import CaseStatus
from memory.authoritative.admissions import SqlAdmissions
from memory.database import open_engine
from service.intake import start
from service.temporal import connect
from workflows.registry import DESKS
from workflows.returns.types import ReturnRequest

ONE_BY_ONE = int(os.environ.get("KONTOR_BENCH_LATENCY_CASES", "150"))
TOGETHER = int(os.environ.get("KONTOR_BENCH_THROUGHPUT_CASES", "400"))
PEERS = os.environ.get("KONTOR_BENCH_PEERS", "")
CONCURRENCY = 50
BLOCK = 80
"""Cases at 50 at once before another side has its turn: the machine's mood changes within a run."""
WARM_UP = 10
START_SECONDS = 90.0


@dataclass
class Side:
    """One way to do a case, and what doing it took.

    Attributes:
        one: does one case.
        worker: the process that works for it.
        alone_ms: latencies, one case at a time.
        seconds: time that blocks of cases took, 50 at once.
        cpu: milliseconds of the processor by place and process: `alone/server`, `crowd/worker`, …
    """

    name: str
    one: Callable[[], Awaitable[None]]
    worker: int
    alone_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0
    crowd: int = 0
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Cases a second, 50 at once."""
        return self.crowd / self.seconds

    @property
    def p50(self) -> float:
        """The median latency of one case alone."""
        return statistics.median(self.alone_ms)

    @property
    def p99(self) -> float:
        """The latency that one case alone of a hundred exceeds."""
        return statistics.quantiles(self.alone_ms, n=100)[98]

    def cpu_per_case(self, place: str) -> float:
        """Return milliseconds a case of a place, for instance `alone/server`."""
        return self.cpu[place] / (len(self.alone_ms) if place.startswith("alone") else self.crowd)


async def rows() -> list[Row]:
    """Measure all sides; the floors are the barer workflows of the same run."""
    with tempfile.TemporaryDirectory() as folder:
        children = Children(own_settings(Path(folder)))
        others: list[subprocess.Popen[bytes]] = []
        try:
            children.start_all()
            found = children.settings
            others.append(_start([sys.executable, "-m", "benchmarks.floor", found.temporal_address], {}))
            if PEERS:
                others.append(_start_peer(children, Path(folder)))
            client = await connect(found)
            door = SqlAdmissions(open_engine(found.sql_url))
            _load_orders(found.sandbox_port, 2 * (WARM_UP + ONE_BY_ONE + TOGETHER))
            bare, *peer = (process.pid for process in others)
            sides = [
                Side("bare", _Bare(client, BareWorkflow).one, bare),
                Side("desk", _Desk(client, door, _case).one, children.running["worker"].pid),
                Side("way", _Desk(client, door, _on_its_way).one, children.running["worker"].pid),
                Side("floor", _Bare(client, FloorWorkflow).one, bare),
                *(Side("textbook", _Textbook(client).one, pid) for pid in peer),
            ]
            await _measure(sides, children.running["temporal"].pid)
            return _rows({side.name: side for side in sides})
        finally:
            for process in others:
                process.kill()
                process.wait()
            children.stop()


def _start(
    command: Sequence[str], more: dict[str, str], log: Path | None = None
) -> "subprocess.Popen[bytes]":
    with (log or Path(os.devnull)).open("ab") as output:
        return subprocess.Popen(  # noqa: S603  (our own interpreter; the peers' file is the caller's)
            command, cwd=ROOT, env={**inherited(), **more}, stdout=output if log else None
        )


def _start_peer(children: Children, folder: Path) -> "subprocess.Popen[bytes]":
    """Start the textbook version's worker, with the sandbox's secrets and books of its own."""
    found, log = children.settings, folder / "peer.log"
    more = {
        "PYTHONPATH": f"{ROOT}:{PEERS}",
        "PEER_BOOKS": str(folder / "peer.db"),
        "KONTOR_STATE": str(folder / "peer"),
        "KONTOR_SECRETS_FILE": str(found.secrets_file),
        "KONTOR_OFFICE": str(found.office),
        "KONTOR_TEMPORAL_ADDRESS": found.temporal_address,
        "KONTOR_SANDBOX_PORT": str(found.sandbox_port),
    }
    (folder / "peer").mkdir()
    process = _start([sys.executable, str(Path(PEERS) / "on_temporal.py")], more, log)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if "serving" in log.read_text():
            return process
        time.sleep(0.1)
    raise RuntimeError("the textbook version does not serve")


async def _measure(sides: list[Side], server: int) -> None:
    for side in sides:
        for _ in range(WARM_UP):
            await side.one()
    for _ in range(ONE_BY_ONE):
        for side in sides:
            began, before = time.perf_counter(), (cpu_ms(server), cpu_ms(side.worker))
            await side.one()
            side.alone_ms.append((time.perf_counter() - began) * 1000)
            _spend(side, "alone", before, server)
    for done in range(0, TOGETHER, BLOCK):
        count = min(BLOCK, TOGETHER - done)
        for side in sides:
            before = (cpu_ms(server), cpu_ms(side.worker))
            side.seconds += await _together(side.one, count)
            side.crowd += count
            _spend(side, "crowd", before, server)


def _spend(side: Side, place: str, before: tuple[float, float], server: int) -> None:
    for process, pid, then in (("server", server, before[0]), ("worker", side.worker, before[1])):
        name = f"{place}/{process}"
        side.cpu[name] = side.cpu.get(name, 0.0) + cpu_ms(pid) - then


async def _together(run: Callable[[], Awaitable[None]], count: int) -> float:
    slots = asyncio.Semaphore(CONCURRENCY)

    async def one() -> None:
        async with slots:
            await run()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return time.perf_counter() - began


def _rows(sides: dict[str, Side]) -> list[Row]:
    """Return the desk's values, each beside the same of a barer side."""
    desk, bare, way = sides["desk"], sides["bare"], sides["way"]
    found = [
        Row("returns.latency_p99", desk.p99, "ms", bare.p99),
        Row("returns.way_latency_p50", way.p50, "ms"),
        Row("returns.way_throughput", way.per_second, "1/s"),
    ]
    for prefix, other in (("", bare), ("floor_", sides["floor"]), ("textbook_", sides.get("textbook"))):
        if other is not None:
            found.append(Row(f"returns.{prefix}latency_p50", desk.p50, "ms", other.p50))
            found.append(Row(f"returns.{prefix}throughput", desk.per_second, "1/s", other.per_second))
    for place in ("alone/server", "alone/worker", "crowd/server", "crowd/worker"):
        name = f"returns.cpu_{place.replace('/', '_')}"
        found.append(Row(name, desk.cpu_per_case(place), "ms", bare.cpu_per_case(place)))
    return found


class _Bare:
    """Runs workflows that do nothing."""

    def __init__(self, client: Client, workflow: type[BareWorkflow] | type[FloorWorkflow]) -> None:
        self._client = client
        self._workflow = workflow
        self._count = 0

    async def one(self) -> None:
        self._count += 1
        name = f"{self._workflow.__name__}-{self._count}"
        await self._client.execute_workflow(self._workflow.run, id=name, task_queue=QUEUE)


class _Desk:
    """Runs returns that nobody has to look at, each for an order of its own."""

    def __init__(
        self, client: Client, admissions: SqlAdmissions, case: Callable[[int], dict[str, str]]
    ) -> None:
        self._client = client
        self._admissions = admissions
        self._case = case
        self._count = 0

    async def one(self) -> None:
        self._count += 2
        case, desk = self._case(self._count), DESKS["returns"]
        request = ReturnRequest.model_validate(case)
        await start(self._client, self._admissions, desk, request)
        handle = self._client.get_workflow_handle_for(desk.workflow().run, desk.case_id(request))
        result = await handle.result()
        if result.status is not CaseStatus.SETTLED:
            raise RuntimeError(f"{request.id} ended {result.status} {result.outcome}: not the automatic path")


class _Textbook:
    """Runs the same returns as Temporal's samples write them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._count = -1

    async def one(self) -> None:
        self._count += 2
        case = _case(self._count)
        await self._client.execute_workflow("Returns", case, id=case["id"], task_queue="peer")


def _case(number: int) -> dict[str, str]:
    """Return a request whose goods are at hand: a till gives no return a number and a label."""
    return _request(f"B-{number:06}", "store")


def _on_its_way(number: int) -> dict[str, str]:
    """Return a request whose goods are sent back; they come at once."""
    return _request(f"W-{number:06}", ("webshop", "marketplace")[number // 2 % 2])


def _request(order: str, channel: str) -> dict[str, str]:
    message = f"The scarf in {order} is too short for me, I want to return it for a refund please."
    return {"id": order, "channel": channel, "order": order, "message": message}


def _load_orders(port: int, count: int) -> None:
    cases = [make(number) for number in range(count + 2) for make in (_case, _on_its_way)]
    orders = [
        {
            "id": case["order"],
            "channel": case["channel"],
            "customer": f"bench-{case['order']}",
            "status": "delivered",
            "currency": "EUR",
            "placed_days_ago": 9,
            "delivered_days_ago": 4,
            "payment_method": "card",
            "lines": [{"id": "L1", "sku": "SCARF-RUST"}],
        }
        for case in cases
    ]
    httpx.post(f"http://127.0.0.1:{port}/admin/load", json={"orders": orders}, timeout=60).raise_for_status()
