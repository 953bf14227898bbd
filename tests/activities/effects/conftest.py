from collections.abc import Callable

import pytest
from sqlalchemy import Engine, delete

from memory.database import writing
from memory.tables.ledger import EffectCallRow, EffectRow, PermitRow
from tests.activities.effects.fake_channel import Clock, FakeChannel, Kind, manifest
from tests.activities.effects.ledger_helpers import Door


@pytest.fixture
def engine(database: Engine) -> Engine:
    """A database whose ledger is empty."""
    with writing(database) as session:
        for table in (EffectCallRow, EffectRow, PermitRow):
            session.execute(delete(table))
    return database


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(engine: Engine, clock: Clock) -> Door:
    """A till that forgets keys and references: what it did is found by listing."""
    return Door(engine, FakeChannel(clock, manifest("lookup")), clock)


@pytest.fixture
def door_of(engine: Engine, clock: Clock) -> Callable[..., Door]:
    """A door to a till of any kind."""

    def make(kind: Kind, **options: float) -> Door:
        return Door(engine, FakeChannel(clock, manifest(kind, **options)), clock)  # type: ignore[arg-type] # only floats are given

    return make
