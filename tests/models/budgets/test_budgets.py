"""Budgets hold: under concurrency, over processes, and when whoever reserved dies before settling."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from contracts.budget import Limits
from memory.authoritative.budgets import LIFETIME, SqlBudgets
from memory.database import reading
from memory.tables.budgets import BudgetRow, ReservationRow
from tests.conftest import ROOT
from tests.models.budgets.spender import FOR_FIFTY, NOON, PRICE


def day_of(engine: Engine) -> BudgetRow:
    with reading(engine) as session:
        return session.exec(select(BudgetRow).where(BudgetRow.account == "day/2026-11-05")).one()


def test_two_hundred_at_once_spend_no_more_than_fifty_could(engine: Engine) -> None:
    budgets = SqlBudgets(engine, FOR_FIFTY)

    def call(number: int) -> bool:
        held = budgets.reserve("returns", f"case-{number}", PRICE, NOON)
        if held is not None:
            budgets.settle(held, PRICE, NOON)
        return held is not None

    with ThreadPoolExecutor(40) as pool:
        made = sum(pool.map(call, range(200)))
    assert made == 50
    day = day_of(engine)
    assert (day.spent_microusd, day.reserved_microusd) == (50 * PRICE, 0)
    assert budgets.left_microusd("returns", "case-1", NOON) == 0


def test_what_was_set_aside_and_not_needed_is_there_for_others(engine: Engine) -> None:
    budgets = SqlBudgets(engine, Limits(day=10, case=10))
    held = budgets.reserve("returns", "one", 10, NOON)
    assert held is not None
    assert budgets.reserve("returns", "two", 1, NOON) is None
    budgets.settle(held, 4, NOON)
    budgets.settle(held, 9, NOON)
    assert budgets.left_microusd("returns", "two", NOON) == 6
    assert budgets.reserve("returns", "two", 6, NOON) is not None


@pytest.mark.parametrize(
    ("limits", "desk", "case"),
    [
        (Limits(day=5, case=100), "content", "two"),
        (Limits(day=100, case=100, desks={"returns": 5}), "returns", "two"),
        (Limits(day=100, case=5), "content", "one"),
    ],
    ids=["day", "desk", "case"],
)
def test_each_of_day_desk_and_case_is_enough_to_say_no(
    engine: Engine, limits: Limits, desk: str, case: str
) -> None:
    budgets = SqlBudgets(engine, limits)
    assert budgets.reserve("returns", "one", 5, NOON) is not None
    assert budgets.reserve(desk, case, 1, NOON) is None
    # Nothing of the refused one stays behind in the accounts in which it did fit.
    with reading(engine) as session:
        assert {row.reserved_microusd for row in session.exec(select(BudgetRow))} <= {0, 5}


def test_another_day_has_its_own_money_and_a_case_has_not(engine: Engine) -> None:
    budgets = SqlBudgets(engine, Limits(day=5, case=7))
    assert budgets.reserve("returns", "one", 5, NOON) is not None
    tomorrow = NOON + timedelta(days=1)
    assert budgets.left_microusd("returns", "two", tomorrow) == 5
    assert budgets.left_microusd("returns", "one", tomorrow) == 2


def test_what_is_never_settled_counts_in_full_once_its_time_is_up_and_not_before(engine: Engine) -> None:
    budgets = SqlBudgets(engine, Limits(day=10, case=10))
    held = budgets.reserve("returns", "one", 10, NOON)
    assert held is not None
    assert budgets.expire(NOON + LIFETIME - timedelta(seconds=1)) == 0
    assert budgets.expire(NOON + LIFETIME) == 1
    assert budgets.expire(NOON + LIFETIME) == 0
    day = day_of(engine)
    assert (day.spent_microusd, day.reserved_microusd) == (10, 0)


def test_a_settlement_that_comes_after_the_expiry_replaces_the_guess(engine: Engine) -> None:
    budgets = SqlBudgets(engine, Limits(day=10, case=10))
    held = budgets.reserve("returns", "one", 10, NOON)
    assert held is not None
    budgets.expire(NOON + LIFETIME)
    budgets.settle(held, 3, NOON + LIFETIME)
    day = day_of(engine)
    assert (day.spent_microusd, day.reserved_microusd) == (3, 0)


def test_processes_killed_between_reserve_and_settle_do_not_break_the_budget(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)

    def start(count: int, mode: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.models.budgets.spender", url, str(count), mode],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    # Until both have died, forty calls pay and ten may die: there is money for each of them.
    dying, paying = [start(5, "die"), start(5, "die")], [start(100, "pay"), start(100, "pay")]
    last_words = [process.communicate(timeout=60)[0] for process in dying]
    assert [process.returncode for process in dying] == [-9, -9]
    assert all("reserved" in words for words in last_words)
    for process in paying:
        assert process.stdin
        process.stdin.write("go on\n")
        process.stdin.flush()
    paid = sum(int(process.communicate(timeout=60)[0]) for process in paying)
    budgets = SqlBudgets(engine, FOR_FIFTY)
    with reading(engine) as session:
        lost = session.exec(select(ReservationRow).where(ReservationRow.state == "open")).all()
    assert lost
    day = day_of(engine)
    # Whatever the killed ones did, all money is accounted for, and no more than the limit is.
    assert day.spent_microusd == paid
    assert day.reserved_microusd == len(lost) * PRICE
    assert paid + day.reserved_microusd == 50 * PRICE
    assert budgets.expire(NOON + LIFETIME) == len(lost)
    day = day_of(engine)
    assert (day.spent_microusd, day.reserved_microusd) == (50 * PRICE, 0)
