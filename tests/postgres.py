"""A real PostgreSQL for the tests: the server on this machine, else the one PyPI's pgserver brings."""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path

from sqlalchemy import create_engine, text

MEMORY = Path("/dev/shm")
ROOM_BYTES = 2**30


def quick_folder() -> Path:
    """Return where a server that keeps nothing is quickest: memory if there is room for it, else the disk."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return MEMORY if roomy else Path(tempfile.gettempdir())


class PostgresServer:
    """One server on a loopback port; each test gets a database of its own.

    PostgreSQL refuses to run as root, so a root's server is run as the user `nobody`.
    """

    def __init__(self, folder: Path, port: int, *, durable: bool = True) -> None:
        """Keep its data in `folder`; one that is not durable never waits for the disk."""
        self._data = folder / "data"
        self._port = port
        self._durable = durable
        self._made = 0
        self._as_nobody = os.geteuid() == 0
        self._bin = self._binaries()
        self._admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")

    def _binaries(self) -> Path:
        # pgserver first: it brings pgvector, which a distribution's server may lack.
        spec = importlib.util.find_spec("pgserver")
        if spec and spec.origin:
            return self._reachable(Path(spec.origin).parent / "pginstall") / "bin"
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not found:
            raise RuntimeError("no PostgreSQL: pip install pgserver, or install Debian's postgresql")
        return found[-1]

    def _reachable(self, install: Path) -> Path:
        """Return the installation, copied beside the data when `nobody` cannot reach it."""
        initdb = str(install / "bin" / "initdb")
        if (
            not self._as_nobody
            or not subprocess.run([*self._prefix(), "test", "-x", initdb], check=False).returncode
        ):
            return install
        copy = self._data.parent / "pginstall"
        shutil.copytree(install, copy)
        return copy

    def _run(self, *command: str) -> None:
        subprocess.run(self._prefix() + list(command), check=True, capture_output=True, cwd="/")

    def _prefix(self) -> list[str]:
        if not self._as_nobody:
            return []
        return [shutil.which("runuser") or "runuser", "-u", "nobody", "--"]

    def start(self) -> None:
        """Initialise the cluster and wait until it accepts connections."""
        self._data.mkdir(parents=True)
        if self._as_nobody:
            user = pwd.getpwnam("nobody")
            os.chown(self._data, user.pw_uid, user.pw_gid)
            for parent in self._data.parents:
                mode = parent.stat().st_mode
                if mode & stat.S_ISVTX:  # /tmp and the like
                    break
                parent.chmod(mode | 0o055)
        self._run(
            str(self._bin / "initdb"), "-D", str(self._data), "-U", "kontor", "-A", "trust", "-E", "UTF8"
        )
        self.serve()

    def serve(self) -> None:
        """Serve what the cluster holds, and wait until it accepts connections."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        options += " -c max_connections=200"
        if not self._durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        log = str(self._data / "server.log")
        self._run(str(self._bin / "pg_ctl"), "-D", str(self._data), "-o", options, "-l", log, "-w", "start")

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://kontor@127.0.0.1:{self._port}/{database}"

    def new_database(self, like: str = "template1") -> str:
        """Create a database like another one, empty unless said otherwise, and return its URL."""
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}_{time.monotonic_ns()}"
        # A copy of files: for a small database far less work than one through the write-ahead log.
        with self._admin.connect() as connection:
            connection.execute(text(f"create database {name} template {like} strategy file_copy"))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        with self._admin.connect() as connection:
            connection.execute(text(f"drop database {url.rpartition('/')[2]} with (force)"))

    def stop(self) -> None:
        """Stop the server at once: nothing in it is kept."""
        self._admin.dispose()
        self._run(str(self._bin / "pg_ctl"), "-D", str(self._data), "-m", "immediate", "-w", "stop")
