"""Many cases wait for people at once: is the list right and quick, and how fast are they answered?

`KONTOR_BENCH_WAITING` cases (default 5000: some seven minutes) wait on a dev server of its own, served
by one worker that keeps at most `CACHED` of them in memory, in a process of its own. Then every one
is answered by the signal `decide`, and the same number of bare workflows by a bare signal. While
they are answered, the list is read again and again and compared with what was answered.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.progress import Progress
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from benchmarks.environment import free_port
from benchmarks.rows import Row
from benchmarks.waiting import BenchAsking, BenchBare
from bootstrap.installation import Installation
from bootstrap.runner import workflow_runner
from bootstrap.serving import approval_activities
from cli.stack.dev_server import DevServer
from cli.stack.processes import inherited
from contracts.approvals.messages import ApprovalDraft
from contracts.approvals.queue import ApprovalEntry, ApprovalFilter
from contracts.approvals.request import Answer
from contracts.authorization import Plan
from contracts.effect import ProposedEffect
from contracts.evidence import Evidence
from memory.authoritative.approvals.queue import SqlApprovalQueue
from settings import Settings

WAITING = int(os.environ.get("KONTOR_BENCH_WAITING", "5000"))
CACHED = 200
AT_ONCE = 50
QUEUE = "bench-approvals"
PERSON = "ben"


async def rows() -> list[Row]:
    """Measure; returns the list's seconds, the answering ratio, and the worker's memory."""
    with tempfile.TemporaryDirectory() as folder:
        found = Settings(state=Path(folder), secrets_file=Path(folder) / "secrets.toml")
        server = DevServer(Path(folder) / "temporal.db", free_port())
        process = server.start()
        try:
            client = await Client.connect(server.address, data_converter=pydantic_data_converter)
            with Installation(found) as kontor:
                queue = kontor.approval_queue
                async with _worker_process(server.address, found) as worker:
                    return await _measured(client, queue, worker)
        finally:
            process.terminate()
            process.wait(10)


async def _measured(client: Client, queue: SqlApprovalQueue, worker: psutil.Process) -> list[Row]:
    ids = [f"returns/webshop/B-{number}" for number in range(WAITING)]
    await _each("asking", ids, lambda case: _start(client, "BenchAsking", case))
    await _until(lambda: queue.counts().get("waiting", 0) == WAITING)
    list_seconds = _timed_list(queue)
    bare = [f"bare-{number}" for number in range(WAITING)]
    await _each("starting bare cases", bare, lambda case: _start(client, "BenchBare", case))
    await asyncio.sleep(1.0)
    bare_seconds = await _answer_all(client, bare)
    answered: set[str] = set()
    watcher = asyncio.create_task(_watch(queue, answered))
    seconds = await _answer_all(client, ids, answered)
    watcher.cancel()
    wrong = await asyncio.gather(watcher, return_exceptions=True)
    if isinstance(wrong[0], AssertionError):
        raise wrong[0]
    if queue.counts() != {"approved": WAITING}:
        raise AssertionError(f"answered {WAITING}, the books say {queue.counts()}")
    megabytes = worker.memory_info().rss / 1e6
    return [
        Row("approvals.waiting_5000_list_seconds", list_seconds, "s", 1.0),
        Row("approvals.answer_ratio", seconds / bare_seconds, "ratio", 2.0),
        Row("approvals.waiting", WAITING, "count"),
        Row("approvals.answers_per_second", WAITING / seconds, "1/s", WAITING / bare_seconds),
        Row("approvals.worker_mb", megabytes, "MB"),
    ]


def _timed_list(queue: SqlApprovalQueue) -> float:
    """Read the whole list as `kontor approvals list` does, and return the median of five."""
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        found = _everything(queue)
        times.append(time.perf_counter() - begun)
        if len(found) != WAITING:
            raise AssertionError(f"{WAITING} wait, the list shows {len(found)}")
    return sorted(times)[2]


def _everything(queue: SqlApprovalQueue) -> list[ApprovalEntry]:
    return [entry for page in queue.pages(ApprovalFilter(limit=1000)) for entry in page]


async def _watch(queue: SqlApprovalQueue, answered: set[str]) -> None:
    """Read the list while it empties: what nobody has answered must be on it, once."""
    while True:
        untouched = {f"returns/webshop/B-{number}" for number in range(WAITING)} - answered
        shown = [entry.case_id for entry in await asyncio.to_thread(_everything, queue)]
        # What was answered while the list was read may be on it or not.
        missing = untouched - answered - set(shown)
        if missing or len(set(shown)) != len(shown):
            raise AssertionError(f"the list is wrong: {len(missing)} missing, {len(shown)} shown")
        await asyncio.sleep(0.5)


async def _answer_all(client: Client, ids: Sequence[str], answered: set[str] | None = None) -> float:
    """Signal every case and wait until each has ended; returns the seconds from first to last."""
    begun = time.perf_counter()

    async def answer(case: str) -> None:
        if answered is not None:
            answered.add(case)
        handle = client.get_workflow_handle(case, result_type=str)
        await handle.signal("decide", Answer(person=PERSON, choice="approve").model_dump(mode="json"))
        outcome = await handle.result()
        if outcome != "approved":
            raise AssertionError(f"{case} ended {outcome}")

    await _each("answering", ids, answer)
    return time.perf_counter() - begun


async def _start(client: Client, story: str, case: str) -> None:
    await client.start_workflow(
        story, _asking(case), id=case, task_queue=QUEUE, task_timeout=timedelta(seconds=5)
    )


def _asking(case: str) -> ApprovalDraft:
    refund = ProposedEffect(
        step="refund",
        connector="webshop",
        operation="refund",
        arguments={
            "order": "W-1",
            "payment_method": "visa-1",
            "amount_cents": 20_000,
            "currency": "EUR",
            "reason": "damaged",
            "lines": [{"line": "1", "sku": "S-1", "quantity": 1}],
        },
        amount_cents=20_000,
        currency="EUR",
    )
    plan = Plan(case_id=case, desk="returns", summary="return of a lamp", facts={}, effects=(refund,))
    said = Evidence(source="request", text="The lamp arrived broken, I would like my money back. " * 6)
    return ApprovalDraft(
        plan=plan,
        what=plan.summary,
        roles=("clerk", "lead", "owner"),
        evidence=(said,),
        asked_by="customer",
        office_version="bench",
    )


async def _each(what: str, ids: Sequence[str], work: Callable[[str], Awaitable[None]]) -> None:
    """Do the work for every id, at most `AT_ONCE` at a time."""
    slots = asyncio.Semaphore(AT_ONCE)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        shown = progress.add_task(what, total=len(ids))

        async def one(case: str) -> None:
            async with slots:
                await work(case)
            progress.advance(shown)

        await asyncio.gather(*(one(case) for case in ids))


async def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 600
    while not await asyncio.to_thread(done):
        if time.monotonic() > deadline:
            raise TimeoutError("the cases did not come to wait")
        await asyncio.sleep(0.2)


@asynccontextmanager
async def _worker_process(address: str, found: Settings) -> AsyncIterator[psutil.Process]:
    line = [sys.executable, "-m", "benchmarks.approvals", address, str(found.state)]
    process = subprocess.Popen(line, env=inherited())  # noqa: S603, ASYNC220  (ourselves; it starts at once)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


async def _serve(address: str, state: Path) -> None:
    found = Settings(state=state, secrets_file=state / "secrets.toml")
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    asking = approval_activities(Installation(found))
    stories: list[type[Any]] = [BenchAsking, BenchBare]
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=stories,
        activities=[asking.open, asking.answer, asking.remind, asking.end],
        workflow_runner=workflow_runner(),
        max_cached_workflows=CACHED,
        max_concurrent_activities=AT_ONCE,
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2])))
