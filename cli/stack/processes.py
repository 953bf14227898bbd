"""The processes that `kontor up` and the demo run: server, sandbox, worker, doors; watched and stopped."""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bootstrap.installation import Installation
from cli.stack.dev_server import DevServer, die_with_parent
from cli.stack.gemini_sandbox import put_key, take_key
from cli.stack.ports import PortTaken, check_free
from cli.stack.secrets_file import ensure_sandbox_secrets
from health.address_book import workers
from service.ownership import claim
from service.temporal import connect
from settings import Settings
from worker import SERVING

ROOT = Path(__file__).parent.parent.parent
NOT_INHERITED = ("PYTHONDONTWRITEBYTECODE", "NOTIFY_SOCKET")
STOP_SECONDS = 10.0
SANDBOX_START_SECONDS = 30.0
GATEWAY_SERVING = "the gateway serves"
"""The words in the gateway's log, with its process id, once it takes events (`gateway.server.SERVING`)."""
CONSOLE_SERVING = "the console serves"
"""The same of the console's (`console.server.SERVING`)."""
SOON_SECONDS = 60.0
MOST_SOON_ENDED = 3
"""What ends so often by itself, each time within so long, is not started any more."""
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
    every time, 2 ms of a core each. And systemd hears this process, none of its children.
    """
    return {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}


@dataclass
class Children:
    """The running processes by name, in the order they were started."""

    settings: Settings
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    restarts: int = 0
    gemini_sandbox: bool = False
    webhooks: bool = False
    extra: dict[str, str] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)
    soon_ended: dict[str, int] = field(default_factory=dict)

    def server(self) -> DevServer:
        """Return the dev server that these settings describe."""
        port = int(self.settings.temporal_address.rsplit(":", 1)[1])
        return DevServer(
            self.settings.state / "temporal.db",
            port,
            self.settings.temporal_ui_port,
            log=self.settings.state / "temporal.log",
        )

    def start_all(
        self, *, sandbox: bool = True, server: bool = True, gateway: bool = False, console: bool = False
    ) -> None:
        """Start the server, the sandbox, the doors and a worker, each once the one before it answers."""
        if server:
            self.start_server()
        self._claim()
        if sandbox:
            ensure_sandbox_secrets(self.settings.secrets_file)
            self.start_sandbox(webhooks=gateway)
        if gateway:
            self.start_gateway()
        if console:
            self.start_console()
        if self.gemini_sandbox:
            self.extra = put_key(self.settings)
            self.start_gemini()
        else:
            take_key(self.settings)
        self.start_worker()
        self.wait_for_worker()

    def _claim(self) -> None:
        """Let no other installation serve or fill the queues there; raises NotOurs."""
        # Who starts these processes may have a loop of its own, in which no second one may run; and
        # only this is done beside: a child dies with the thread that started it.
        with ThreadPoolExecutor(max_workers=1) as beside:
            beside.submit(asyncio.run, self._claim_server()).result()

    async def _claim_server(self) -> None:
        async with Installation(self.settings) as installation:
            await claim(await connect(self.settings), installation.identity)

    def start_server(self) -> None:
        """Start Temporal and wait until it serves.

        Raises:
            RuntimeError: a port is taken, or the server does not serve; the message says which or why.
        """
        server = self.server()
        check_free(server.port, "the Temporal server", "KONTOR_TEMPORAL_ADDRESS=127.0.0.1:PORT")
        if server.ui_port == server.port:
            raise PortTaken(
                f"port {server.port} is the Temporal server's own, and its Web UI needs another: "
                "set KONTOR_TEMPORAL_UI_PORT"
            )
        if server.ui_port:
            check_free(server.ui_port, "Temporal's Web UI", "KONTOR_TEMPORAL_UI_PORT")
        self.running["temporal"] = server.start()
        self.started["temporal"] = time.monotonic()

    def start_sandbox(self, *, webhooks: bool | None = None) -> None:
        """Start the outside world and wait until it answers.

        Args:
            webhooks: whether it sends events to our gateway; None means as before.

        Raises:
            RuntimeError: it did not answer; the message has its last words.
        """
        port = self.settings.sandbox_port
        check_free(port, "the sandbox", "KONTOR_SANDBOX_PORT")
        # Children run in the folder of the code: the state folder is that of whoever started them.
        database = self.settings.state.resolve() / "sandbox.db"
        arguments = ["-m", "sandbox", "--port", str(port), "--database", str(database), "--seed"]
        self.webhooks = self.webhooks if webhooks is None else webhooks
        if self.webhooks:
            arguments += ["--webhooks", f"http://127.0.0.1:{self.settings.gateway_port}/in"]
        self._spawn("sandbox", arguments)
        self._wait_for("sandbox", f"http://127.0.0.1:{port}/admin/health")

    def start_gateway(self) -> None:
        """Start the door for events and wait until it takes some.

        Raises:
            RuntimeError: its port is taken, or it does not serve; the message has its last words.
        """
        check_free(self.settings.gateway_port, "the gateway", "KONTOR_GATEWAY_PORT")
        self._spawn("gateway", ["-m", "starter", "gateway"])
        self._wait_for_word("gateway", GATEWAY_SERVING)

    def start_console(self) -> None:
        """Start the page where people work and wait until they can come in.

        Raises:
            RuntimeError: its port is taken, or it does not serve; the message has its last words.
        """
        check_free(self.settings.console_port, "the console", "KONTOR_CONSOLE_PORT")
        self._spawn("console", ["-m", "starter", "console"])
        self._wait_for_word("console", CONSOLE_SERVING)

    def start_gemini(self) -> None:
        """Start Gemini's sandbox and wait until it answers.

        Raises:
            RuntimeError: it did not answer; the message has its last words.
        """
        url = self.settings.gemini_base_url
        port = urlsplit(url).port or 0
        check_free(port, "Gemini's sandbox", "KONTOR_SANDBOX_PORT, which it follows")
        self._spawn("gemini", ["-m", "sandbox.gemini", "--port", str(port), "--any-key"])
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

    def start_worker(self, name: str = "worker", roles: str = "") -> None:
        """Start a worker that serves these roles, comma-separated; by default every one."""
        self._spawn(name, ["-m", "worker", *(["--roles", roles] if roles else [])])

    def wait_for_worker(self, name: str = "worker") -> None:
        """Wait until a worker has loaded its models and serves.

        Raises:
            RuntimeError: it ended; the message has its last words.
        """
        self._wait_for_word(name, SERVING)

    def _wait_for_word(self, name: str, word: str) -> None:
        """Wait until a process says in its log that it serves."""
        process, log = self.running[name], self._log(name)
        deadline = time.monotonic() + WORKER_START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            if f"{word} [{process.pid}]" in log.read_text(errors="replace"):
                return
            time.sleep(0.1)
        raise RuntimeError(f"the {name} does not serve: {self._last_words(name)}")

    def health_address(self) -> str:
        """Return where the running worker answers `/healthz`; empty while it has not said so."""
        pid = self.running["worker"].pid
        return next((each.address for each in workers(self.settings.state) if each.pid == pid), "")

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
        self.started[name] = time.monotonic()
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
            "KONTOR_GATEWAY_PORT": str(own.gateway_port),
            "KONTOR_CONSOLE_PORT": str(own.console_port),
            "KONTOR_GEMINI_BASE_URL": own.gemini_base_url,
            "HF_HUB_OFFLINE": os.environ.get("HF_HUB_OFFLINE", "1"),
            **self.extra,
        }

    def _log(self, name: str) -> Path:
        return self.settings.state / f"{name}.log"

    def _last_words(self, name: str) -> str:
        return self._log(name).read_text(errors="replace")[-600:].strip()

    def watch(self) -> list[str]:
        """Start again whatever has ended; return the names of what was.

        Raises:
            RuntimeError: one ends by itself again and again, soon after it was started.
        """
        ended = [name for name, process in self.running.items() if process.poll() is not None]
        for name in ended:
            self._count_end(name)
            {
                "temporal": self.start_server,
                "sandbox": self.start_sandbox,
                "gateway": self.start_gateway,
                "console": self.start_console,
                "gemini": self.start_gemini,
                "worker": self.start_worker,
            }[name]()
            self.restarts += 1
        return ended

    def _count_end(self, name: str) -> None:
        """Count the ends that nobody brought about: what was killed is started as often as that happens."""
        lived = time.monotonic() - self.started.get(name, 0.0)
        killed = (self.running[name].returncode or 0) < 0
        self.soon_ended[name] = 0 if killed or lived > SOON_SECONDS else self.soon_ended.get(name, 0) + 1
        if self.soon_ended[name] >= MOST_SOON_ENDED:
            raise RuntimeError(
                f"{name} ends each time soon after it is started; the last it says: {self._last_words(name)}"
            )

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
