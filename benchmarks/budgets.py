"""Do budgets hold when everybody asks at once, and what does reserving cost?

200 callers in four processes share a budget for 50 calls; the bar is that not one millionth of a dollar
more than that is spent. Sizes: `KONTOR_BENCH_CALLERS` (default 200).
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.rows import Row
from contracts.budget import Limits
from memory.authoritative.budgets import SqlBudgets
from memory.database import migrate, open_engine

ROOT = Path(__file__).parent.parent
PROCESSES = 4
NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
PRICE = 1_000
LIMITS = Limits(day=50 * PRICE, case=1_000 * PRICE)
PLENTY = Limits(day=10**12, case=10**12)

_CALLER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from benchmarks.budgets import LIMITS, NOON, PRICE
from memory.authoritative.budgets import SqlBudgets
from memory.database import open_engine
budgets = SqlBudgets(open_engine(sys.argv[1]), LIMITS)
def call(number):
    held = budgets.reserve("returns", f"case-{number}", PRICE, NOON)
    if held is None:
        return 0
    budgets.settle(held, PRICE, NOON)
    return PRICE
with ThreadPoolExecutor(20) as pool:
    print(sum(pool.map(call, range(int(sys.argv[2])))))
"""


def spent_by_processes(url: str, callers: int) -> int:
    """Let processes spend at once; return what they spent together, in millionths of a dollar."""
    command = [sys.executable, "-c", _CALLER, url, str(callers // PROCESSES)]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603  (our own code)
        for _ in range(PROCESSES)
    ]
    return sum(int(process.communicate()[0]) for process in running)


def pair_ms(budgets: SqlBudgets, count: int) -> float:
    """Return the median milliseconds of one reserve and settle."""
    taken = []
    for number in range(count):
        began = time.perf_counter()
        held = budgets.reserve("returns", f"pair-{number}", 1, NOON)
        assert held is not None
        budgets.settle(held, 1, NOON)
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


async def rows() -> list[Row]:
    """Measure on SQLite, the embedded default."""
    callers = int(os.environ.get("KONTOR_BENCH_CALLERS", "200"))
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/budgets.db"
        engine = open_engine(url)
        migrate(engine)
        spent = await asyncio.to_thread(spent_by_processes, url, callers)
        took = await asyncio.to_thread(pair_ms, SqlBudgets(engine, PLENTY), 200)
        engine.dispose()
    return [
        Row("budget.overspend", max(0, spent - LIMITS.day), "microusd"),
        Row("budget.spent", spent, "microusd", LIMITS.day),
        Row("budget.reserve_and_settle", took, "ms"),
    ]
