"""All numbers of a generated year: each equal to a count by hand, and how long they take to read.

`console.board_ms` is what the board's queries for its last seven days take, without the page around them.

`KONTOR_YEAR_CASES` makes the year smaller; `KONTOR_BENCH_DATABASE` names a database that may be written
into instead of an SQLite file of its own.
"""

import os
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks.rows import Row
from benchmarks.year import BEGIN, END, TASKS, Generator, Year
from benchmarks.year_reckoning import Reckoned, Reckoning
from memory.authoritative.numbers.catalogue import NUMBERS
from memory.authoritative.numbers.number import Reading, Scope
from memory.authoritative.numbers.reader import SqlNumbers
from memory.database import migrate, open_engine

CASES = int(os.environ.get("KONTOR_YEAR_CASES", "100000"))
SCOPE = Scope(since=BEGIN, until=END, now=END, latency_budgets_ms=TASKS, case_budget_usd=0.01)
WEEK = timedelta(days=7)
READS = 5
ALIKE = 1e-5
"""So far apart are sums of many fractions that were added in another order."""


async def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="kontor-year-") as folder:
        engine = open_engine(os.environ.get("KONTOR_BENCH_DATABASE") or f"sqlite:///{Path(folder)}/kontor.db")
        migrate(engine)
        year = Generator(1).year(CASES)
        year.write(engine)
        numbers, slowest, all_ = SqlNumbers(engine), 0.0, 0.0
        readings: list[Reading] = []
        for number in NUMBERS:
            began = time.perf_counter()
            readings += numbers.read(SCOPE, [number])
            took = time.perf_counter() - began
            slowest, all_ = max(slowest, took), all_ + took
        weeks = [_read_ms(numbers, replace(SCOPE, since=END - WEEK)) for _ in range(READS)]
        engine.dispose()
        began = time.perf_counter()
        compared, different = compare(year, readings)
        by_hand = time.perf_counter() - began
    return [
        Row("numbers.readings", compared, "count"),
        Row("numbers.different_from_by_hand", different, "count"),
        Row("numbers.read_all_s", all_, "s", by_hand),
        Row("numbers.read_slowest_s", slowest, "s"),
        Row("console.board_ms", median(weeks), "ms", 300.0),
    ]


def _read_ms(numbers: SqlNumbers, scope: Scope) -> float:
    """Return how long it takes to read all numbers that a board shows."""
    began = time.perf_counter()
    numbers.read(scope)
    return (time.perf_counter() - began) * 1000


def compare(year: Year, readings: list[Reading]) -> tuple[int, int]:
    """Return how many readings there are, and how many are not what a count by hand finds."""
    reckoning = Reckoning(year, SCOPE)
    found = {(each.name, each.statistic, tuple(each.labels.values())): each for each in readings}
    wanted: dict[tuple[str, str, tuple[str, ...]], Reckoned] = {
        (number.name, statistic, labels): reckoned
        for number in NUMBERS
        for statistic in number.statistics or ("",)
        for labels, reckoned in reckoning.of(number.name, statistic).items()
    }
    different = len(found.keys() ^ wanted.keys())
    for key in found.keys() & wanted.keys():
        reading, (value, n, open_) = found[key], wanted[key]
        same = (reading.n, reading.open) == (n, open_) and (
            reading.value == value
            or (reading.value is not None and value is not None and abs(reading.value - value) < ALIKE)
        )
        different += not same
        if not same:
            print(f"different: {key}: {reading} is not {wanted[key]}")  # noqa: T201 (this is a command line)
    return len(wanted), different
