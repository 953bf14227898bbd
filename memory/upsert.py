"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike and SQLAlchemy keeps apart."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

Insert = sqlite.Insert | postgresql.Insert


def table_of(model: type[SQLModel]) -> Table:
    """Return the table behind a SQLModel class."""
    table: Any = model.__dict__["__table__"]
    assert isinstance(table, Table)
    return table


def insert_into(session: Session, model: type[SQLModel]) -> Insert:
    """Return an INSERT of the session's own dialect, so that `on_conflict_do_…` is at hand."""
    table = table_of(model)
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
