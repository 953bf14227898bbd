"""Signed events at a steady pace at one gateway that is killed again and again: is any lost, or kept twice?

The sender is a source like the sandbox's webshop: what is not answered 2xx it sends again. `gateway.lost`
counts events that were answered and are not in the books, `gateway.doubled` those that stand there twice,
`gateway.forged` those with a bad signature that were accepted, or are in the books.
The time of an answer is counted from when the event was due, or from when its last try began. Tries that
found nobody, no answer within 5 s, or were told to come again (429, 503) are counted beside it.
The sender shares the machine, and its own waiting is in that time, too: an upper bound. It keeps a fixed
number of connections, as a source does; who finds none free waits in line, and that wait counts.
`KONTOR_BENCH_GATEWAY` is the number of seconds (default 60).
"""

import asyncio
import gc
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.environment import free_port
from benchmarks.gateway_line import Broken, Line
from benchmarks.rows import Row
from bootstrap.installation import Installation
from cli.stack.processes import ROOT, inherited
from cli.stack.secrets_file import ensure_sandbox_secrets
from gateway.server import SERVING
from memory.authoritative.events import EventFilter
from sandbox.webhooks import signed, webhook_secret
from settings import Settings

SECONDS = float(os.environ.get("KONTOR_BENCH_GATEWAY", "60"))
PER_SECOND = 200
DUPLICATES, FORGED = 0.20, 0.05
KILLS = 3
AGAIN_SECONDS = (0.5, 1.5)
TIMEOUT_SECONDS = 5.0
CONNECTIONS = 64
STARTED_SECONDS = 60.0
"""A gateway that does not serve after so long is broken."""
MOST_KEPT = 1_000_000
SOURCE = "webshop"
ACCEPTED, DENIED, LATER = 202, 401, (429, 503)


@dataclass
class Storm:
    """What was sent, and what was said to it.

    Attributes:
        accepted: ids that were answered 2xx.
        forged: ids that only ever had a bad signature.
        let_in: forged ones that were answered 2xx.
        answers: seconds from being due to being answered, of each send.
        refused: tries that found nobody.
        unanswered: tries that found somebody, or no refusal, and no answer in time.
    """

    accepted: set[str] = field(default_factory=set)
    forged: set[str] = field(default_factory=set)
    let_in: set[str] = field(default_factory=set)
    answers: list[float] = field(default_factory=list)
    refused: int = 0
    unanswered: int = 0
    told_later: int = 0


@dataclass(frozen=True)
class Measured:
    """What came of a storm.

    Attributes:
        kept: events in the books.
        accept_p99_ms: of the answers.
    """

    sent: int
    kept: int
    lost: int
    doubled: int
    forged: int
    refused: int
    unanswered: int
    told_later: int
    accept_p99_ms: float


async def rows() -> list[Row]:
    """Measure; the bars are issue 13's."""
    found = await measured(SECONDS, PER_SECOND, KILLS)
    return [
        Row("gateway.lost", found.lost, "count", 0),
        Row("gateway.doubled", found.doubled, "count", 0),
        Row("gateway.forged", found.forged, "count", 0),
        Row("gateway.accept_p99_ms", found.accept_p99_ms, "ms", 50.0),
        Row("gateway.sent", found.sent, "count"),
        Row("gateway.kept", found.kept, "count"),
        Row("gateway.found_nobody", found.refused, "count"),
        Row("gateway.unanswered", found.unanswered, "count"),
        Row("gateway.told_to_come_again", found.told_later, "count"),
    ]


async def measured(seconds: float, per_second: int, kills: int, seed: int = 13) -> Measured:
    """Send a storm at a gateway of its own, which is killed so often, and look into the books.

    Args:
        seconds: how long it goes on.
        per_second: events, duplicates and forged ones among them.
        kills: by `kill -9`, evenly over the time.
        seed: which ones are sent twice, and which are forged.
    """
    with tempfile.TemporaryDirectory() as folder:
        ensure_sandbox_secrets(Path(folder) / "secrets.toml")
        gateway = GatewayProcess(Path(folder), free_port())
        storm = Storm()
        try:
            await gateway.start()
            killing = asyncio.create_task(gateway.killed(kills, seconds))
            sent = await _send_all(storm, gateway.port, seconds, per_second, seed)
            await killing
        finally:
            gateway.stop()
        return _looked_up(storm, Path(folder), sent)


class GatewayProcess:
    """`kontor gateway` on the example office, without any Temporal server: what is kept, waits."""

    def __init__(self, state: Path, port: int) -> None:
        """Take the state folder, and the port that it keeps over its kills."""
        self.port = port
        self._state = state
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it, and wait until it serves."""
        log = self._state / f"gateway-{time.monotonic_ns()}.log"
        self._process = process = self._spawn(log)
        async with asyncio.timeout(STARTED_SECONDS):
            while not re.search(SERVING, log.read_text()):
                if process.poll() is not None:
                    raise RuntimeError(log.read_text())
                await asyncio.sleep(0.02)

    def _spawn(self, log: Path) -> subprocess.Popen[bytes]:
        own = {
            "KONTOR_OFFICE": str(ROOT / "office"),
            "KONTOR_STATE": str(self._state),
            "KONTOR_GATEWAY_PORT": str(self.port),
            "KONTOR_TEMPORAL_ADDRESS": "127.0.0.1:1",
        }
        command = [sys.executable, "-m", "starter", "gateway"]
        with log.open("wb") as out:
            own = {**inherited(), **own}
            return subprocess.Popen(command, cwd=ROOT, env=own, stderr=out)  # noqa: S603 (our own command)

    async def killed(self, times: int, seconds: float) -> None:
        """Kill it so often in that time, and start it again each time."""
        for _ in range(times):
            await asyncio.sleep(seconds / (times + 1))
            self.stop()
            await self.start()

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


async def _send_all(storm: Storm, port: int, seconds: float, per_second: int, seed: int) -> int:
    """Send in open loop: an event is due at its moment, whatever became of those before."""
    choice = random.Random(seed)
    count, begun = int(seconds * per_second), time.perf_counter()
    ids: list[str] = []
    gc.freeze()  # the sender's own pauses are no answers' time
    with Line(port, CONNECTIONS) as line:
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                due = begun + number / per_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                draw, forged = choice.random(), False
                if draw < DUPLICATES and ids:
                    event_id = choice.choice(ids)
                else:
                    event_id, forged = f"evt_{number}", draw > 1 - FORGED
                    (storm.forged.add if forged else ids.append)(event_id)
                group.create_task(_send(storm, line, event_id, due, forged=forged))
    return count


async def _send(storm: Storm, line: Line, event_id: str, due: float, *, forged: bool) -> None:
    """Send one event until it is answered."""
    body = (
        f'{{"specversion":"1.0","id":"{event_id}","source":"/bench","type":"order.paid",'
        f'"data":{{"order":"W-{event_id}"}}}}'
    ).encode()
    secret = webhook_secret("marketplace" if forged else SOURCE)
    while True:
        headers = list(signed(secret, event_id, body, datetime.now(UTC)).items())
        try:
            answer = await line.post(f"/in/{SOURCE}", headers, body, TIMEOUT_SECONDS)
        except TimeoutError:
            storm.unanswered += 1
            answer = None
        except Broken:
            storm.refused += 1
            answer = None
        if answer is None or answer.status in LATER:
            storm.told_later += answer is not None
            await asyncio.sleep(random.uniform(*AGAIN_SECONDS))
            due = time.perf_counter()
            continue
        if answer.status == ACCEPTED:
            (storm.let_in if forged else storm.accepted).add(event_id)
        elif not (forged and answer.status == DENIED):
            raise RuntimeError(f"{event_id} was answered {answer.status}: {answer.body[:200]!r}")
        storm.answers.append(time.perf_counter() - due)
        return


def _looked_up(storm: Storm, state: Path, sent: int) -> Measured:
    with Installation(Settings(office=ROOT / "office", state=state)) as kontor:
        kept = [event.id for event in kontor.events.newest(EventFilter(limit=MOST_KEPT))]
    answers = sorted(storm.answers)
    return Measured(
        sent=sent,
        kept=len(kept),
        lost=len(storm.accepted - set(kept)),
        doubled=len(kept) - len(set(kept)),
        forged=len(storm.let_in) + len(storm.forged & set(kept)),
        refused=storm.refused,
        unanswered=storm.unanswered,
        told_later=storm.told_later,
        accept_p99_ms=answers[int(len(answers) * 0.99)] * 1000,
    )
