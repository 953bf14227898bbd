from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, delete

from memory.database import migrate, open_engine, writing
from memory.tables.divergences import DivergenceRow, ListingCursorRow, OutsideEntryRow
from memory.tables.ledger import EffectCallRow, EffectRow, PermitRow

EMPTIED = (DivergenceRow, ListingCursorRow, OutsideEntryRow, EffectCallRow, EffectRow, PermitRow)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One migrated database of each kind for a whole file: migrating takes longer than a test here."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('books') / 'kontor.db'}"
    else:
        url = request.getfixturevalue("postgres").new_database()
    opened = open_engine(url)
    migrate(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def engine(database: Engine) -> Engine:
    """A database whose ledger and divergences are empty; its log cannot be emptied, by design."""
    with writing(database) as session:
        for table in EMPTIED:
            session.execute(delete(table))
    return database
