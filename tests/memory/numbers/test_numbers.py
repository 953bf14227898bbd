"""Every number of the office is what a count by hand finds, on both engines; so are its cases."""

import math
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from benchmarks.year import BEGIN, END, TABLES, TASKS, Generator
from benchmarks.year_reckoning import ITEMS, Reckoning
from memory.authoritative.numbers import intervals
from memory.authoritative.numbers.catalogue import NUMBERS
from memory.authoritative.numbers.number import Reading, Scope
from memory.authoritative.numbers.reader import SqlNumbers
from memory.database import table_of, writing

YEAR = Scope(since=BEGIN, until=END, now=END, latency_budgets_ms=TASKS, case_budget_usd=0.01)


@pytest.fixture
def books(database: Engine) -> Engine:
    """Books without a row."""
    clear(database)
    return database


def clear(engine: Engine) -> None:
    with writing(engine) as session:
        for table in (*reversed(TABLES),):
            rows = table_of(table)
            if "compensates" in rows.c:
                session.execute(delete(rows).where(rows.c.compensates.is_not(None)))
            session.execute(delete(rows))


def test_every_number_is_reckoned_anew_in_the_test() -> None:
    assert {number.name for number in NUMBERS} == set(ITEMS)


@given(
    seed=st.integers(0, 2**32),
    cases=st.integers(1, 120),
    days=st.tuples(st.integers(0, 200), st.integers(201, 365)),
    undo_days=st.integers(1, 60),
)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_number_equals_a_count_by_hand(
    database: Engine, seed: int, cases: int, days: tuple[int, int], undo_days: int
) -> None:
    clear(database)
    year = Generator(seed).year(cases)
    year.write(database)
    since, until = (BEGIN + timedelta(days=day) for day in days)
    scope = Scope(since, until, END, timedelta(days=undo_days), TASKS, 0.01)
    readings = SqlNumbers(database).read(scope)
    agrees(readings, Reckoning(year, scope))


def agrees(readings: list[Reading], reckoning: Reckoning) -> None:
    for number in NUMBERS:
        for statistic in number.statistics or ("",):
            found = {
                tuple(each.labels.values()): each
                for each in readings
                if (each.name, each.statistic) == (number.name, statistic)
            }
            wanted = reckoning.of(number.name, statistic)
            assert set(found) == set(wanted), number.name
            for labels, (value, n, open_) in wanted.items():
                each = found[labels]
                assert (each.n, each.open) == (n, open_), (number.name, labels)
                assert each.value == (value if value is None else pytest.approx(value, abs=1e-5)), labels


def test_the_cases_behind_a_number_are_those_that_it_counts(books: Engine) -> None:
    Generator(7).year(300).write(books)
    numbers = SqlNumbers(books)
    for reading in numbers.read(YEAR):
        [number] = [each for each in NUMBERS if each.name == reading.name]
        behind = numbers.cases(number, YEAR, reading.labels, limit=10_000)
        counted = [case.value for case in behind if case.value is not None]
        assert len(counted) == reading.n
        assert len(behind) - len(counted) == reading.open
        if reading.hits is not None:
            assert sum(counted) == reading.hits
        firsts = sorted(counted, reverse=number.first == "high")
        assert counted == firsts


def test_a_case_that_may_still_be_undone_counts_neither_as_right_nor_as_wrong(books: Engine) -> None:
    Generator(3).year(300).write(books)
    [accuracy] = [number for number in NUMBERS if number.name == "kontor_automation_accuracy_ratio"]
    young = Scope(since=BEGIN, until=END, now=END, undo_within=timedelta(days=400))
    for reading in SqlNumbers(books).read(young, [accuracy]):
        assert reading.hits == 0
        assert reading.open > 0


def test_an_empty_office_has_no_numbers(books: Engine) -> None:
    assert SqlNumbers(books).read(YEAR) == []


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 7), (81, 100), (10, 10)])
def test_the_interval_of_a_share_is_wilsons(hits: int, n: int) -> None:
    z, share = 1.959963984540054, hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    assert intervals.of_share(hits, n) == pytest.approx((middle - half, middle + half), abs=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.95])
@pytest.mark.parametrize("n", [1, 5, 40, 300])
def test_the_interval_of_a_quantile_holds_it_in_at_least_95_of_100_samples(share: float, n: int) -> None:
    at, low, high = intervals.ranks(share, n)
    assert at == math.ceil(share * n)
    # The true quantile lies between two ranks if so many observations are below it.
    below = range(low, (high or n + 1))
    held = sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in below)
    assert held >= intervals.SURE - 1e-9


def test_the_interval_of_a_mean_is_students() -> None:
    low, high = intervals.of_mean(5, 15.0, 55.0)  # 1, 2, 3, 4, 5
    assert (low or 0, high or 0) == pytest.approx((1.036757, 4.963243), abs=1e-6)
    assert intervals.of_mean(1, 3.0, 9.0) == (None, None)
    rare = intervals.of_mean(50, 60.0, 3600.0)  # one look of a minute over fifty cases
    assert rare.low == 0.0, "no time is below zero"
