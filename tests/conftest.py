"""What tests share: a real SQL engine (both kinds), a real Temporal dev server, the example office."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from cli.dev_server import DevServer
from memory.database import migrate, open_engine
from tests.postgres import PostgresServer

os.environ.setdefault("HF_HUB_OFFLINE", "1")
ROOT = Path(__file__).parent.parent


def free_port() -> int:
    """A port nobody listens on."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def office() -> Path:
    """The example office that the demo runs."""
    return ROOT / "office"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, started once."""
    # Not in pytest's own folder: of several sessions at once, a later one clears that away.
    with tempfile.TemporaryDirectory(prefix="kontor-postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder), free_port())
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "kontor.db"
    _migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres: PostgresServer) -> str:
    """The name of a migrated PostgreSQL database that tests copy."""
    url = postgres.new_database()
    _migrated(url)
    return url.rpartition("/")[2]


def _migrated(url: str) -> None:
    """Migrate a database and let go of it, so that it can be copied."""
    opened = open_engine(url)
    migrate(opened)
    with opened.connect() as connection:
        if url.startswith("sqlite"):
            connection.execute(text("pragma wal_checkpoint(truncate)"))
    opened.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty, migrated database; every test that takes it runs on both engines."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "kontor.db")
        url = f"sqlite:///{tmp_path / 'kontor.db'}"
    else:
        like = request.getfixturevalue("migrated_database")
        url = request.getfixturevalue("postgres").new_database(like)
    opened = open_engine(url)
    yield opened
    opened.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One migrated database of each kind for a whole file, which empties what it writes between its tests."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("database") / "kontor.db"
        shutil.copy(request.getfixturevalue("migrated_file"), file)
        url = f"sqlite:///{file}"
    else:
        like = request.getfixturevalue("migrated_database")
        url = request.getfixturevalue("postgres").new_database(like)
    opened = open_engine(url)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite_engine(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """An empty, migrated SQLite database, for tests where the engine does not matter."""
    shutil.copy(migrated_file, tmp_path / "kontor.db")
    opened = open_engine(f"sqlite:///{tmp_path / 'kontor.db'}")
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """A real dev server with Kontor's settings and search attributes, started once."""
    server = DevServer(tmp_path_factory.mktemp("temporal") / "temporal.db", free_port())
    process = server.start()
    yield server
    stop(process)


@pytest.fixture
async def temporal(temporal_server: DevServer) -> Client:
    """A client of the session's dev server, with the pydantic converter."""
    return await Client.connect(temporal_server.address, data_converter=pydantic_data_converter)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a child process, gently first."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
