"""Alembic's entry: runs the revisions on the engine that `memory.database.migrate` opened."""

from alembic import context
from sqlmodel import SQLModel

import memory.tables  # noqa: F401  (registers every table with the metadata)

engine = context.config.attributes["engine"]
with engine.execution_options(sqlite_begin="IMMEDIATE").connect() as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
