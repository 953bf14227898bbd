"""The gate's data plane on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.workflows.kernel.approvals.data_plane import Clock, DataPlane


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(engine: Engine, tmp_path: Path, clock: Clock) -> DataPlane:
    return DataPlane(engine, tmp_path, clock)


@pytest.fixture
def sqlite_house(sqlite_engine: Engine, tmp_path: Path, clock: Clock) -> DataPlane:
    return DataPlane(sqlite_engine, tmp_path, clock)
