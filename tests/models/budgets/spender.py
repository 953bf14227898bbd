"""A process of its own that spends: `python -m tests.models.budgets.spender URL COUNT MODE`.

It prints what it spent.

`die` is killed between reserve and settle, as by the system; `pay` settles each call at its full price,
and after its first twenty calls waits for a line, so that money is left for those that die meanwhile.
"""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from contracts.budget import Limits
from memory.authoritative.budgets import SqlBudgets
from memory.database import open_engine

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
PRICE = 1_000
FOR_FIFTY = Limits(day=50 * PRICE, case=1_000 * PRICE)
FIRST = 20

if __name__ == "__main__":
    url, count, mode = sys.argv[1:]
    engine = open_engine(url)
    budgets = SqlBudgets(engine, FOR_FIFTY)

    def call(number: int) -> int:
        held = budgets.reserve("returns", f"case-{number}", PRICE, NOON)
        if held is None:
            return 0
        if mode == "die":
            sys.stdout.write(f"reserved {held}\n")
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        budgets.settle(held, PRICE, NOON)
        return PRICE

    with ThreadPoolExecutor(20) as pool:
        spent = sum(pool.map(call, range(min(FIRST, int(count)))))
        sys.stdin.readline()
        spent += sum(pool.map(call, range(FIRST, int(count))))
    sys.stdout.write(f"{spent}\n")
    engine.dispose()
