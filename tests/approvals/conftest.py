"""The gate's data plane on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.approvals.house import Clock, House


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(engine: Engine, tmp_path: Path, clock: Clock) -> House:
    return House(engine, tmp_path, clock)


@pytest.fixture
def sqlite_house(sqlite_engine: Engine, tmp_path: Path, clock: Clock) -> House:
    return House(sqlite_engine, tmp_path, clock)
