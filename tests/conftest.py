"""What tests share: a real SQL engine (both kinds), a real Temporal dev server, the example office."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

from benchmarks.environment import free_port
from cli.stack.dev_server import DevServer
from memory.database import migrate, open_engine
from models.local.embedder import SentenceEmbedder
from tests.postgres import PostgresServer, quick_folder
from workflows.kernel.ownership import WORKFLOW_ID

os.environ.setdefault("HF_HUB_OFFLINE", "1")
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def office() -> Path:
    """The example office that the demo runs."""
    return ROOT / "office"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, started once."""
    # Not in pytest's own folder: of several sessions at once, a later one clears that away.
    with tempfile.TemporaryDirectory(
        prefix="kontor-postgres-", dir=quick_folder(), ignore_cleanup_errors=True
    ) as folder:
        server = PostgresServer(Path(folder), free_port(), durable=False)
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
    with _copied(request, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One migrated database of each kind for a whole file, which empties what it writes between its tests."""
    with _copied(request, tmp_path_factory.mktemp("database")) as opened:
        yield opened


@contextlib.contextmanager
def _copied(request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    """Open a copy of the migrated database of the kind that is asked for."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), folder / "kontor.db")
        opened = open_engine(f"sqlite:///{folder / 'kontor.db'}")
        yield opened
        opened.dispose()
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    url = postgres.new_database(request.getfixturevalue("migrated_database"))
    opened = open_engine(url)
    yield opened
    opened.dispose()
    postgres.drop(url)


@pytest.fixture
def sqlite_engine(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """An empty, migrated SQLite database, for tests where the engine does not matter."""
    shutil.copy(migrated_file, tmp_path / "kontor.db")
    opened = open_engine(f"sqlite:///{tmp_path / 'kontor.db'}")
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def embedder() -> Iterator[SentenceEmbedder]:
    """The real embedder, loaded once."""
    embedder = SentenceEmbedder()
    yield embedder
    embedder.close()


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


@pytest.fixture
async def lent_server(temporal_server: DevServer, temporal: Client) -> AsyncIterator[DevServer]:
    """The server, for a test that serves it; afterwards its namespace is nobody's again."""
    yield temporal_server
    with contextlib.suppress(RPCError):  # nobody claimed it, or the claim has ended
        await temporal.get_workflow_handle(WORKFLOW_ID).terminate("end of a test")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a child process, gently first."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
