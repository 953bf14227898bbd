from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlmodel import SQLModel

import memory.tables.every  # noqa: F401  (registers every table with the metadata)

OURS = ("effects", "effect_attempts", "permits")


def test_the_ledgers_migration_makes_the_tables_that_the_models_declare(engine: Engine) -> None:
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    assert [difference for difference in differences if any(name in str(difference) for name in OURS)] == []
