"""The gateway as a process: `kontor gateway`, killed and started again, with the sandbox as its source."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from benchmarks.gateway import measured
from bootstrap.installation import Installation
from cli.stack.secrets_file import ensure_sandbox_secrets
from contracts.case import CaseRecord, CaseStatus
from gateway.server import SERVING
from memory.authoritative.events import EventFilter
from sandbox.server import running
from settings import Settings
from tests.conftest import ROOT

PATIENCE_SECONDS = 240.0
NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


@dataclass
class Gateway:
    """One start of the command."""

    process: subprocess.Popen[bytes]
    url: str


@contextmanager
def started(folder: Path) -> Iterator[Gateway]:
    """Run `kontor gateway` on the example office, without any Temporal server."""
    own = {
        "KONTOR_OFFICE": str(ROOT / "office"),
        "KONTOR_STATE": str(folder),
        "KONTOR_GATEWAY_PORT": "0",
        "KONTOR_TEMPORAL_ADDRESS": "127.0.0.1:1",
    }
    log = folder / "gateway.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "starter", "gateway"], cwd=ROOT, env={**os.environ, **own}, stderr=out
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(rf"{SERVING} .* at (http://[\d.:]+)/in", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield Gateway(process, found[1])
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    ensure_sandbox_secrets(tmp_path / "secrets.toml")
    return tmp_path


def test_what_the_webshop_tells_is_kept_while_temporal_is_away_and_survives_a_kill(state: Path) -> None:
    with started(state) as gateway, running(state / "sandbox.db", webhooks=f"{gateway.url}/in") as shop:
        ready = httpx.get(f"{gateway.url}/readyz").json()
        told = httpx.post(f"{shop.url}/admin/parcels", json={"channel": "webshop", "order": "W-1001"})
        assert told.is_success, told.text
        with Installation(Settings(office=ROOT / "office", state=state)) as kontor:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not kontor.events.newest(EventFilter()):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        gateway.process.send_signal(signal.SIGKILL)
        gateway.process.wait()
    assert "webshop" in ready["sources"]

    with started(state) as again:
        assert httpx.get(f"{again.url}/healthz").json() == {"state": "alive"}
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(PATIENCE_SECONDS) == 0
    with Installation(Settings(office=ROOT / "office", state=state)) as kontor:
        [event] = kontor.events.newest(EventFilter())
        assert (event.type, event.key) == ("parcel.arrived", "W-1001")


def test_a_second_gateway_on_a_taken_port_says_so(state: Path) -> None:
    with started(state) as gateway:
        taken = {
            **os.environ,
            "KONTOR_STATE": str(state),
            "KONTOR_GATEWAY_PORT": gateway.url.rpartition(":")[2],
        }
        second = subprocess.run(
            [sys.executable, "-m", "starter", "gateway"],
            cwd=ROOT,
            env=taken,
            capture_output=True,
            check=False,
        )
    assert (second.returncode, b"KONTOR_GATEWAY_PORT" in second.stderr) == (3, True), second.stderr


def test_a_parcel_of_the_webshop_concerns_the_open_returns_of_its_order(state: Path) -> None:
    with Installation(Settings(office=ROOT / "office", state=state)) as kontor:
        rule = kontor.event_sources["webshop"].rule("parcel.arrived")
        for number, status in enumerate((CaseStatus.WAITING, CaseStatus.SETTLED, CaseStatus.RUNNING)):
            order = "W-1001" if number < 2 else "W-1002"
            kontor.case_writer.record(
                CaseRecord(
                    id=f"returns/webshop/RMA-{number}", desk="returns", channel="webshop", status=status,
                    summary="", opened_at=NOW, updated_at=NOW, request={"order": order},
                ),
                (),
            )  # fmt: skip
        assert rule is not None
        found = kontor.cases.of_request(rule.desk, "webshop", {"order": "W-1001"}, limit=9)
        late = kontor.cases.of_request(rule.desk, "webshop", {"order": "W-1001"}, ended_since=NOW, limit=9)

    assert [case.id for case in found] == ["returns/webshop/RMA-0"]
    assert [case.id for case in late] == ["returns/webshop/RMA-1"]


@pytest.mark.slow
async def test_a_gateway_that_is_killed_under_load_loses_nothing_and_keeps_nothing_twice() -> None:
    found = await measured(seconds=4, per_second=30, kills=1)

    assert (found.sent, found.lost, found.doubled, found.forged) == (120, 0, 0, 0)
    assert 60 < found.kept < 120
