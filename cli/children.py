"""The processes that `kontor up` and the demo run: server, sandbox, worker; watched, restarted, stopped."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from cli.dev_server import DevServer, die_with_parent
from cli.gemini_sandbox import put_key, take_key
from cli.secrets_file import ensure_sandbox_secrets
from settings import Settings
from worker import SERVING

ROOT = Path(__file__).parent.parent
STOP_SECONDS = 10.0
SANDBOX_START_SECONDS = 30.0
WORKER_START_SECONDS = 240.0
"""Loading the models takes seconds; training the heads of a changed office, up to a minute."""


class AlreadyRunning(Exception):
    """Another `kontor up` or demo owns this state folder."""


@contextmanager
def only_one(state: Path) -> Iterator[None]:
    """Hold the state folder for one terminal; the lock goes with the process, however it ends.

    Raises:
        AlreadyRunning: somebody holds it.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"Kontor is up already on {state}") from None
        yield


def inherited() -> dict[str, str]:
    """Return this process's environment for a child, which may keep compiled modules.

    A worker executes a workflow's file at every start of a case: without its bytecode it compiles it
    every time, 2 ms of a core each.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass
class Children:
    """The running processes by name, in the order they were started."""

    settings: Settings
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    restarts: int = 0
    gemini_sandbox: bool = False
    extra: dict[str, str] = field(default_factory=dict)

    def server(self) -> DevServer:
        """Return the dev server that these settings describe."""
        port = int(self.settings.temporal_address.rsplit(":", 1)[1])
        return DevServer(
            self.settings.state / "temporal.db",
            port,
            self.settings.temporal_ui_port,
            log=self.settings.state / "temporal.log",
        )

    def start_all(self, *, sandbox: bool = True, server: bool = True) -> None:
        """Start the server, the sandbox and a worker, each once the one before it answers."""
        if server:
            self.start_server()
        if sandbox:
            ensure_sandbox_secrets(self.settings.secrets_file)
            self.start_sandbox()
        if self.gemini_sandbox:
            self.extra = put_key(self.settings)
            self.start_gemini()
        else:
            take_key(self.settings)
        self.start_worker()
        self.wait_for_worker()

    def start_server(self) -> None:
        """Start Temporal and wait until it serves."""
        self.running["temporal"] = self.server().start()

    def start_sandbox(self) -> None:
        """Start the outside world and wait until it answers.

        Raises:
            RuntimeError: it did not answer; the message has its last words.
        """
        port = self.settings.sandbox_port
        database = self.settings.state / "sandbox.db"
        arguments = ["-m", "sandbox", "--port", str(port), "--database", str(database), "--seed"]
        self._spawn("sandbox", arguments)
        self._wait_for("sandbox", f"http://127.0.0.1:{port}/admin/health")

    def start_gemini(self) -> None:
        """Start Gemini's sandbox and wait until it answers.

        Raises:
            RuntimeError: it did not answer; the message has its last words.
        """
        url = self.settings.gemini_base_url
        port = str(urlsplit(url).port)
        self._spawn("gemini", ["-m", "sandbox.gemini", "--port", port, "--any-key"])
        self._wait_for("gemini", f"{url}/admin/health")

    def _wait_for(self, name: str, url: str) -> None:
        process = self.running[name]
        deadline = time.monotonic() + SANDBOX_START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                httpx.get(url, timeout=1.0)
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"{name} did not start: {self._last_words(name)}")

    def start_worker(self) -> None:
        """Start a worker that serves every role."""
        self._spawn("worker", ["-m", "worker"])

    def wait_for_worker(self) -> None:
        """Wait until the worker has loaded its models and serves.

        Raises:
            RuntimeError: it ended; the message has its last words.
        """
        process, log = self.running["worker"], self._log("worker")
        deadline = time.monotonic() + WORKER_START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            if f"{SERVING} [{process.pid}]" in log.read_text(errors="replace"):
                return
            time.sleep(0.1)
        raise RuntimeError(f"the worker does not serve: {self._last_words('worker')}")

    def _spawn(self, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        with self._log(name).open("ab") as log:
            # A session of its own: Ctrl-C reaches only the parent, which stops its children in order.
            process = subprocess.Popen(  # noqa: S603  (our own interpreter, our own modules)
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**inherited(), **self._environment()},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  (it only calls prctl)
            )
        self.running[name] = process
        return process

    def _environment(self) -> dict[str, str]:
        # Children stand in the project's folder, so paths are handed down absolute.
        own = self.settings
        return {
            "KONTOR_STATE": str(own.state.resolve()),
            "KONTOR_OFFICE": str(own.office.resolve()),
            "KONTOR_SECRETS_FILE": str(own.secrets_file.resolve()),
            "KONTOR_TEMPORAL_ADDRESS": own.temporal_address,
            "KONTOR_SANDBOX_PORT": str(own.sandbox_port),
            "KONTOR_GEMINI_BASE_URL": own.gemini_base_url,
            "HF_HUB_OFFLINE": os.environ.get("HF_HUB_OFFLINE", "1"),
            **self.extra,
        }

    def _log(self, name: str) -> Path:
        return self.settings.state / f"{name}.log"

    def _last_words(self, name: str) -> str:
        return self._log(name).read_text(errors="replace")[-600:].strip()

    def watch(self) -> list[str]:
        """Start again whatever has ended; return the names of what was."""
        ended = [name for name, process in self.running.items() if process.poll() is not None]
        for name in ended:
            {
                "temporal": self.start_server,
                "sandbox": self.start_sandbox,
                "gemini": self.start_gemini,
                "worker": self.start_worker,
            }[name]()
            self.restarts += 1
        return ended

    def stop(self) -> None:
        """Stop everything, last started first: the worker hands over before its server goes."""
        for process in reversed(list(self.running.values())):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.running.clear()
        if self.gemini_sandbox:
            take_key(self.settings)
