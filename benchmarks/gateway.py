"""The gateway under load: signed events, many of them twice, some forged, and it is killed meanwhile."""

import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.environment import own_settings
from benchmarks.rows import Row
from bootstrap.installation import Installation
from cli.stack.processes import ROOT, Children, inherited
from cli.stack.secrets_file import ensure_sandbox_secrets
from contracts.event import EventStanding
from gateway.server import SERVING
from memory.authoritative.events import EventFilter
from sandbox.webhooks import signed, webhook_secret
from settings import Settings

SECONDS = int(os.environ.get("KONTOR_BENCH_GATEWAY_SECONDS", "60"))
A_SECOND = 200
TWICE, FORGED = 0.20, 0.05
KILLS = 3
LINES = 24
"""Connections of the sender."""
AGAIN_SECONDS = 0.5
DRAIN_SECONDS = 120.0
P99_BAR_MS = 50.0
FINAL = (401, 404, 413, 415, 422)
FORGER = "whsec_" + "A" * 44


@dataclass(frozen=True)
class Told:
    """One delivery: an event's id, its bytes, and what they are signed with."""

    id: str
    body: bytes
    secret: str


@dataclass
class Sent:
    """What a sender knows at the end."""

    accepted: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    let_in: list[str] = field(default_factory=list)


async def rows() -> list[Row]:
    """Measure; needs a Temporal server and a worker of its own, which it starts."""
    with tempfile.TemporaryDirectory(prefix="kontor-gateway-") as folder:
        found = own_settings(Path(folder))
        ensure_sandbox_secrets(found.secrets_file)
        children = Children(found)
        try:
            await asyncio.to_thread(children.start_server)
            await asyncio.to_thread(children.start_worker, "worker", "control")
            await asyncio.to_thread(children.wait_for_worker)
            sent, late = await _storm(found)
            return await _judged(found, sent, late)
        finally:
            children.stop()


async def _storm(found: Settings) -> tuple[Sent, float]:
    """Send for a while, and kill the gateway meanwhile; returns how far behind its plan the sender was."""
    gateway, sender = Gateway(found), Sender(f"http://127.0.0.1:{found.gateway_port}/in/webshop")
    events = list(_events(random.Random(1311)))
    late = 0.0
    with gateway.running():
        async with asyncio.TaskGroup() as group:
            began = time.monotonic()
            killing = group.create_task(gateway.killed(SECONDS))
            lines = [group.create_task(sender.line()) for _ in range(LINES)]
            for number, told in enumerate(events):
                pause = began + number / A_SECOND - time.monotonic()
                late = max(late, -pause)
                await asyncio.sleep(max(0.0, pause))
                sender.queue.put_nowait(told)
            await killing
            while sender.ended < len(events):  # noqa: ASYNC110 (several lines end them)
                await asyncio.sleep(0.1)
            for line in lines:
                line.cancel()
    return sender.sent, late


def _events(rng: random.Random) -> Iterator[Told]:
    """Yield what is sent, in order."""
    genuine, known = webhook_secret("webshop"), list[Told]()
    for number in range(SECONDS * A_SECOND):
        dice = rng.random()
        if known and dice < TWICE:
            yield rng.choice(known[-1000:])
            continue
        data = {"order": f"W-{rng.randrange(500)}", "number": number}
        event = {
            "specversion": "1.0",
            "id": f"evt-{number}",
            "type": "order.seen",
            "source": "/",
            "data": data,
        }
        body = json.dumps(event).encode()
        if dice < TWICE + FORGED:
            yield Told(f"evt-{number}", body, FORGER)
        else:
            known.append(Told(f"evt-{number}", body, genuine))
            yield known[-1]


class Sender:
    """Sends over several connections, each delivery until it is accepted or refused for good."""

    def __init__(self, url: str) -> None:
        self.queue: asyncio.Queue[Told] = asyncio.Queue()
        self.sent = Sent()
        self.ended = 0
        self._url = url

    async def line(self) -> None:
        """Send over one connection what stands in the queue, until it is cancelled."""
        async with httpx.AsyncClient(timeout=10.0, verify=False) as client:  # noqa: S501 (loopback, no TLS)
            while True:
                told = await self.queue.get()
                if await self._try(client, told):
                    self.ended += 1
                else:
                    asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.queue.put_nowait, told)

    async def _try(self, client: httpx.AsyncClient, told: Told) -> bool:
        headers = signed(told.secret, told.id, told.body, datetime.now(UTC))
        began, sent = time.perf_counter(), self.sent
        try:
            answer = await client.post(self._url, content=told.body, headers=headers)
        except httpx.HTTPError:
            sent.answers[0] += 1
            return False
        sent.answers[answer.status_code] += 1
        if answer.is_success:
            sent.latencies_ms.append((time.perf_counter() - began) * 1000)
            sent.accepted[told.id] += 1
            if told.secret == FORGER:
                sent.let_in.append(told.id)
        return answer.is_success or answer.status_code in FINAL


class Gateway:
    """A gateway process that is killed and started again."""

    def __init__(self, found: Settings) -> None:
        self._log = found.state / "gateway.log"
        self._environment = {
            **inherited(),
            "KONTOR_OFFICE": str(found.office),
            "KONTOR_STATE": str(found.state),
            "KONTOR_SECRETS_FILE": str(found.secrets_file),
            "KONTOR_TEMPORAL_ADDRESS": found.temporal_address,
            "KONTOR_GATEWAY_PORT": str(found.gateway_port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run until the block ends."""
        self._start()
        try:
            yield
        finally:
            self._kill()

    async def killed(self, seconds: float) -> None:
        """Kill it some times, evenly, and start it again at once."""
        for _ in range(KILLS):
            await asyncio.sleep(seconds / (KILLS + 1))
            await asyncio.to_thread(self._kill)
            await asyncio.to_thread(self._start)

    def _start(self) -> None:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "starter", "gateway"]
            self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stderr=log)  # noqa: S603 (ours)
        while f"{SERVING} [{self._process.pid}]" not in self._log.read_text(errors="replace"):
            if self._process.poll() is not None:
                raise RuntimeError(self._log.read_text(errors="replace")[-600:])
            time.sleep(0.05)

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            self._process.wait()


async def _judged(found: Settings, sent: Sent, late: float) -> list[Row]:
    """Hold what senders were told against the books, once nothing waits any more."""
    with Installation(found) as kontor:
        deadline = time.monotonic() + DRAIN_SECONDS
        while kontor.events.sources_that_wait() and time.monotonic() < deadline:  # noqa: ASYNC110 (a worker's)
            await asyncio.sleep(0.5)
        kept = kontor.events.newest(EventFilter(limit=10**6))
    known = Counter(event.id for event in kept)
    lost = [event_id for event_id in sent.accepted if known[event_id] == 0]
    waiting = [event for event in kept if event.standing is EventStanding.WAITING]
    again = sum(count - 1 for count in sent.accepted.values())
    answered = sum(sent.answers.values())
    return [
        Row("gateway.lost", len(lost) + len(waiting), "count", 0.0),
        Row("gateway.doubled", sum(count - 1 for count in known.values()), "count", 0.0),
        Row("gateway.forged_let_in", len(sent.let_in), "count", 0.0),
        Row("gateway.accept_p50_ms", statistics.median(sent.latencies_ms), "ms"),
        Row("gateway.accept_p99_ms", statistics.quantiles(sent.latencies_ms, n=100)[98], "ms", P99_BAR_MS),
        Row("gateway.events", len(kept), "count"),
        Row("gateway.accepted_again", again, "count"),
        Row("gateway.unanswered", sent.answers[0], "count"),
        Row("gateway.refused_401", sent.answers[401], "count"),
        Row("gateway.answers", answered, "count"),
        Row("gateway.sender_late_ms", late * 1000, "ms"),
    ]
