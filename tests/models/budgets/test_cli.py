"""`kontor budgets` shows what was spent and what is held back."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from contracts.budget import Limits
from memory.authoritative.budgets import SqlBudgets
from memory.database import migrate, open_engine
from tests.conftest import ROOT


def test_the_accounts_of_today_and_of_a_case_are_shown_with_what_is_left(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'kontor.db'}")
    migrate(engine)
    budgets, now = SqlBudgets(engine, Limits(day=10**9, case=10**9)), datetime.now(UTC)
    held = budgets.reserve("returns", "returns/webshop/RMA-1", 40, now)
    assert held is not None
    budgets.settle(held, 30, now)
    assert budgets.reserve("content", "content/blog/1", 5, now) is not None
    engine.dispose()

    said = subprocess.run(
        [sys.executable, "-m", "starter", "budgets", "--case", "returns/webshop/RMA-1", "--json"],
        cwd=ROOT,
        env={**os.environ, "KONTOR_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    shown = {line["account"]: line for line in json.loads(said.stdout)}
    today = now.date().isoformat()
    assert (shown[f"day/{today}"]["spent"], shown[f"day/{today}"]["reserved"]) == (30, 5)
    assert shown[f"desk/content/{today}"]["reserved"] == 5
    assert shown[f"desk/returns/{today}"]["left"] == 3_000_000 - 30
    assert shown["case/returns/webshop/RMA-1"]["left"] == 50_000 - 30
