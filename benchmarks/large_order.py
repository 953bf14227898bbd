"""An order of thousands of lines: how long it takes to be authorized, and how long all others wait for it.

The bars: a second for the authorization, and a tenth of one for the write lock at a time; alone, and while
other cases write. Sizes: `KONTOR_BENCH_LINES` (default 3,000).
"""

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, event

from benchmarks.environment import own_settings
from benchmarks.rows import Row
from bootstrap import serving
from bootstrap.installation import Installation
from contracts.authorization import Plan
from contracts.case import CaseRecord, CaseStatus
from workflows.returns.plan import plan_for
from workflows.returns.reading import Reading, Wanted
from workflows.returns.types import Intent, Order, OrderLine, Reason

LINES = int(os.environ.get("KONTOR_BENCH_LINES", "3000"))
ORDERS = 7
WRITERS = 4
BAR_SECONDS = 1.0
BAR_LOCK_MS = 100.0
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def large_plan(number: int, lines: int) -> Plan:
    """Return the return of every line of an order."""
    order = Order(
        id=f"W-{number}",
        channel="webshop",
        status="delivered",
        customer=f"c-{number}",
        currency="EUR",
        placed_at=NOON,
        delivered_at=NOON,
        paid_cents=2 * lines,
        payment_method="card-1",
        lines=tuple(
            OrderLine(
                id=f"L{line:05}", sku=f"SKU-{line}", product=f"P-{line}", name="Screw", unit_price_cents=2
            )
            for line in range(lines)
        ),
    )
    wanted = tuple(Wanted(line=line) for line in order.lines)
    reading = Reading(intent=Intent.RETURN, reason=Reason.SIZE, wanted=wanted)
    return plan_for(f"returns/webshop/RMA-{number}", order, reading, NOON)


class Locks:
    """How long each thread's write transactions held SQLite's one lock: milliseconds, and of its own work.

    The work is what a quiet machine needs; the rest is waiting for the disk and for a core.
    """

    def __init__(self, engine: Engine) -> None:
        """Watch every transaction from its beginning until its connection is given back."""
        self.held: dict[int, list[tuple[float, float]]] = {}
        self._began = threading.local()
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "checkin", self._end)

    def _begin(self, connection: Any) -> None:
        writes = connection.get_execution_options().get("sqlite_begin") == "IMMEDIATE"
        self._began.at = (time.perf_counter(), time.thread_time()) if writes else None

    def _end(self, *_connection: Any) -> None:
        if (began := getattr(self._began, "at", None)) is not None:
            held, worked = time.perf_counter() - began[0], time.thread_time() - began[1]
            self.held.setdefault(threading.get_ident(), []).append((held * 1000, worked * 1000))
        self._began.at = None


@contextmanager
def busy(installation: Installation, writers: int) -> Iterator[set[int]]:
    """Let other cases write their rows meanwhile; gives the threads they do it in."""
    done, threads = threading.Event(), []
    idents: set[int] = set()

    def write(name: int) -> None:
        idents.add(threading.get_ident())
        record = CaseRecord(
            id=f"returns/webshop/OTHER-{name}",
            desk="returns",
            channel="webshop",
            status=CaseStatus.RUNNING,
            summary="",
            opened_at=NOON,
            updated_at=NOON,
        )
        while not done.is_set():
            installation.case_writer.record(record, ())
            time.sleep(0.005)

    for name in range(writers):
        threads.append(threading.Thread(target=write, args=(name,)))
        threads[-1].start()
    try:
        yield idents
    finally:
        done.set()
        for thread in threads:
            thread.join()


async def rows() -> list[Row]:
    """Measure on SQLite, the embedded default."""
    with tempfile.TemporaryDirectory() as folder:
        async with Installation(own_settings(Path(folder))) as installation:
            judging = serving.policy_activities(installation)
            await judging.authorize(large_plan(0, 1))
            locks = Locks(installation.database)
            alone = [await _authorized(judging, number) for number in range(1, ORDERS)]
            with busy(installation, WRITERS) as others:
                crowded = [await _authorized(judging, number) for number in range(ORDERS, 2 * ORDERS)]
            held = [each for thread, times in locks.held.items() if thread not in others for each in times]
    return [
        Row("order.large.authorize_s", median(alone), "s", BAR_SECONDS),
        Row("order.large.authorize_busy_s", max(crowded), "s", BAR_SECONDS),
        Row("order.large.lock_ms", max(wall for wall, _ in held), "ms", BAR_LOCK_MS),
        Row("order.large.lock_cpu_ms", max(work for _, work in held), "ms", BAR_LOCK_MS),
    ]


async def _authorized(judging: Any, number: int) -> float:
    plan = await asyncio.to_thread(large_plan, number, LINES)
    began = time.perf_counter()
    found = await judging.authorize(plan)
    took = time.perf_counter() - began
    assert found.outcome == "allow", found
    return took
