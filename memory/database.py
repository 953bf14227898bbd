"""The SQL database: how it is opened, how a transaction begins, how its schema is brought up."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import JSON, Engine, Pool, String, Table, bindparam, cast, event, func, inspect, text
from sqlalchemy.dialects import sqlite
from sqlmodel import Session, SQLModel, create_engine

MIGRATIONS = Path(__file__).parent / "migrations"
_STEP = re.compile(r'^(revision|down_revision) = "(\w+)"', re.MULTILINE)
"""What a migration's file says of its place. Read as text: importing the files takes longer than a list."""
BUSY_TIMEOUT_MS = 30_000
_TURNS: WeakKeyDictionary[Pool, AbstractContextManager[object]] = WeakKeyDictionary()


class SchemaTooNew(Exception):
    """The database was written by a newer Kontor; this one must not touch it."""


def open_engine(url: str) -> Engine:
    """Open a database by SQLAlchemy URL; SQLite gets WAL and waits for its lock.

    What a statement was given stays out of its errors: they stand in histories and logs.
    A write transaction on SQLite takes the lock when it begins (`BEGIN IMMEDIATE`), so that two
    writers queue instead of failing half way.
    """
    if not url.startswith("sqlite"):
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=10, max_overflow=20)
    path = url.removeprefix("sqlite:///")
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    waiting = {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    engine = create_engine(url, hide_parameters=True, connect_args=waiting)
    event.listen(engine, "connect", _sqlite_pragmas)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Any) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


IMMEDIATE = {"sqlite_begin": "IMMEDIATE"}
Kind = TypeVar("Kind", bound=Session)


def writing(engine: Engine) -> AbstractContextManager[Session]:
    """One write transaction: committed at the end, rolled back on any exception."""
    return transaction(engine, Session)


@contextmanager
def transaction(engine: Engine, kind: type[Kind]) -> Iterator[Kind]:
    """One write transaction, as `writing`, in a session of this type."""
    with _turn(engine), kind(engine, expire_on_commit=False) as session, session.begin():
        # On the connection, for an engine with options of its own costs a tenth of a transaction to make.
        session.connection(execution_options=IMMEDIATE)
        yield session


def _turn(engine: Engine) -> AbstractContextManager[object]:
    """Let this process's SQLite writers queue: the file's own lock is polled, with sleeps up to 100 ms."""
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return _TURNS.setdefault(engine.pool, RLock())


def take_turn(session: Session, name: str) -> None:
    """Let transactions that name the same thing follow one another, until they end.

    On SQLite all writers do. On PostgreSQL what an earlier one wrote is seen by every later statement.
    """
    if dialect_of(session) == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        session.execute(text("select pg_advisory_xact_lock(:number)"), {"number": number})


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One read transaction: a consistent snapshot that blocks nobody."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


def ask(engine: Engine) -> None:
    """Read one row, to see that the database answers; raises what its driver raises."""
    with engine.connect() as connection:
        connection.execute(text("select version_num from alembic_version")).all()


def migrate(engine: Engine) -> None:
    """Bring the schema to this version's head.

    Raises:
        SchemaTooNew: the database knows a revision that this code does not.
    """
    if _is_at_head(engine):
        return
    # Alembic takes a third of a short command's time to import, and a schema is brought up once.
    from alembic import command  # noqa: PLC0415 (see above)
    from alembic.config import Config  # noqa: PLC0415 (see above)
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 (see above)
    from alembic.script import ScriptDirectory  # noqa: PLC0415 (see above)

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    if unknown := set(current) - known:
        raise SchemaTooNew(f"the database is at revision {sorted(unknown)}; update Kontor before you use it")
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def _is_at_head(engine: Engine) -> bool:
    """Say whether the database is at the newest revision: the one that no other revises."""
    steps = [dict(_STEP.findall(file.read_text())) for file in (MIGRATIONS / "versions").glob("[0-9]*.py")]
    heads = {step["revision"] for step in steps} - {step.get("down_revision") for step in steps}
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return list(connection.execute(text("select version_num from alembic_version")).scalars()) == [*heads]


if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.dialects import postgresql

    Insert = sqlite.Insert | postgresql.Insert


def table_of(model: type[SQLModel]) -> Table:
    """Return the table behind a SQLModel class."""
    table: Any = model.__dict__["__table__"]
    assert isinstance(table, Table)
    return table


def dialect_of(session: Session) -> str:
    """Return which of the two engines a session talks to: `sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


def insert_into(session: Session, model: type[SQLModel]) -> "Insert":
    """Return an INSERT of the session's own dialect, so that `on_conflict_do_…` is at hand."""
    return insert_for(dialect_of(session), model)


def insert_for(dialect: str, model: type[SQLModel]) -> "Insert":
    """Return an INSERT of a dialect.

    Hot paths keep their statements (as constants, or cached by dialect) and give the values when they
    execute them: making a statement costs several times what SQLite needs to run it.
    """
    table = table_of(model)
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 (a tenth of a short command, on SQLite)

        return postgresql.insert(table)
    return sqlite.insert(table)


def each_listed(dialect: str, name: str) -> "ColumnElement[Any]":
    """Return a column of the texts that a statement is given as one JSON list, by the parameter `name`.

    However many they are, the statement stays the same, and is one.
    """
    given = bindparam(name, type_=String())
    if dialect == "postgresql":
        return func.json_array_elements_text(cast(given, JSON)).table_valued("value").c.value
    return func.json_each(given).table_valued("value").c.value
