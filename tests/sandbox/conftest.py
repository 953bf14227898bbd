"""A running sandbox, and Kontor's own connectors pointed at it by the shipped manifests."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from connectors.connectors import Connectors
from connectors.manifest import read_manifest
from connectors.secrets import EnvironmentSecrets
from contracts.connector import Manifest
from sandbox.server import Sandbox, running
from sandbox.world import CHANNELS


class Clock:
    """The sandbox's time, which a test may move."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox") / "sandbox.db", clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(started: Sandbox, clock: Clock) -> Sandbox:
    """A sandbox as if it had just been started and seeded."""
    clock.ahead = timedelta(0)
    assert httpx.post(f"{started.url}/admin/reset?seed=1").status_code == 200
    return started


@pytest.fixture
async def admin(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url + "/admin") as client:
        yield client


@pytest.fixture
def strike(admin: httpx.AsyncClient) -> Callable[..., Awaitable[None]]:
    """Script the next call of one operation to fail."""

    async def script(channel: str, operation: str, fault: str, **more: object) -> None:
        body = {"channel": channel, "operation": operation, "fault": fault, **more}
        assert (await admin.post("/script", json=body)).status_code == 200

    return script


@pytest.fixture(scope="module")
def manifests(started: Sandbox, office: Path) -> dict[str, Manifest]:
    variables = {"KONTOR_SANDBOX_PORT": str(started.port)}
    files = [office / "connectors" / f"{channel}.toml" for channel in CHANNELS]
    return {file.stem: read_manifest(file, variables).manifest for file in files}


@pytest.fixture
async def outside(sandbox: Sandbox, manifests: dict[str, Manifest]) -> AsyncIterator[Connectors]:
    secrets = {f"KONTOR_SECRET_{name.upper()}_TOKEN": sandbox.tokens[name] for name in CHANNELS}
    async with Connectors(manifests, EnvironmentSecrets(secrets)) as connectors:
        yield connectors
