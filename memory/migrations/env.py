"""Alembic's entry: runs the revisions on the engine that `memory.database.migrate` opened."""

from alembic import context
from sqlmodel import SQLModel

import memory.tables.every  # noqa: F401  (registers every table with the metadata)

MIGRATION_LOCK = 0x6B6F6E746F72
"""PostgreSQL's advisory lock for the schema ("kontor"): processes that start together migrate in a row."""

engine = context.config.attributes["engine"]
# Begun here, or Alembic commits after each revision on SQLite and lets another process in between.
with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
