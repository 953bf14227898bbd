import pytest
from sqlalchemy import Engine, delete

from memory.database import writing
from memory.tables.divergences import DivergenceRow, ListingCursorRow, OutsideEntryRow
from memory.tables.ledger import EffectCallRow, EffectRow, PermitRow

EMPTIED = (DivergenceRow, ListingCursorRow, OutsideEntryRow, EffectCallRow, EffectRow, PermitRow)


@pytest.fixture
def engine(database: Engine) -> Engine:
    """A database whose ledger and divergences are empty; its log cannot be emptied, by design."""
    with writing(database) as session:
        for table in EMPTIED:
            session.execute(delete(table))
    return database
