"""The SQL database: how it is opened, how a transaction begins, how its schema is brought up."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import RLock
from typing import Any
from weakref import WeakKeyDictionary

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, Pool, event
from sqlmodel import Session, create_engine

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 30_000
_TURNS: WeakKeyDictionary[Pool, AbstractContextManager[object]] = WeakKeyDictionary()


class SchemaTooNew(Exception):
    """The database was written by a newer Kontor; this one must not touch it."""


def open_engine(url: str) -> Engine:
    """Open a database by SQLAlchemy URL; SQLite gets WAL and waits for its lock.

    A write transaction on SQLite takes the lock when it begins (`BEGIN IMMEDIATE`), so that two
    writers queue instead of failing half way.
    """
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
    path = url.removeprefix("sqlite:///")
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})
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


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One write transaction: committed at the end, rolled back on any exception."""
    locking = engine.execution_options(sqlite_begin="IMMEDIATE")
    with _turn(engine), Session(locking, expire_on_commit=False) as session, session.begin():
        yield session


def _turn(engine: Engine) -> AbstractContextManager[object]:
    """Let this process's SQLite writers queue: the file's own lock is polled, with sleeps up to 100 ms."""
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return _TURNS.setdefault(engine.pool, RLock())


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """One read transaction: a consistent snapshot that blocks nobody."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


def migrate(engine: Engine) -> None:
    """Bring the schema to this version's head.

    Raises:
        SchemaTooNew: the database knows a revision that this code does not.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    if unknown := set(current) - known:
        raise SchemaTooNew(f"the database is at revision {sorted(unknown)}; update Kontor before you use it")
    config.attributes["engine"] = engine
    command.upgrade(config, "head")
