"""The gateway of an office with the toy desk."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client
from temporalio.service import RPCError

import worker
from bootstrap.installation import Installation
from cli.stack.dev_server import DevServer
from gateway.application import application
from memory.database import ask
from service.reception import Reception
from settings import Settings, settings
from tests.desks.toy.desk import DESK
from tests.desks.toy.kontor import OFFICE
from tests.gateway.door import SECRETS, Door, write_sources
from tests.gateway.working import Office
from workflows.registry import registered


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of an office with sources."""
    shutil.copytree(OFFICE, tmp_path / "office")
    write_sources(tmp_path / "office")
    monkeypatch.setenv("TOY_BOARD", str(tmp_path / "board"))
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with registered(DESK):
        yield Settings(office=tmp_path / "office", state=tmp_path / "state", secrets="environment")


@pytest.fixture
async def door(own: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """A gateway whose books can be looked into."""
    monkeypatch.setenv("KONTOR_SECRET_AUDIT_KEY", "ab" * 32)
    async with Installation(own) as kontor:
        reception = Reception(kontor.event_sources, kontor.secrets, kontor.events)
        engine = kontor.database
        app = application(reception, lambda: ask(engine))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield Door(client, kontor, reception)


@pytest.fixture
async def office(
    door: Door, temporal: Client, temporal_server: DevServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """The same with a worker, which takes up what is kept, and a command line."""
    own = door.kontor.settings
    monkeypatch.setenv("KONTOR_OFFICE", str(own.office))
    monkeypatch.setenv("KONTOR_STATE", str(own.state))
    monkeypatch.setenv("KONTOR_SECRETS", "environment")
    monkeypatch.setenv("KONTOR_TEMPORAL_ADDRESS", temporal_server.address)
    settings.cache_clear()
    async with AsyncExitStack() as stack:
        for one in (*worker.control(temporal, door.kontor), *worker.connectors(temporal, door.kontor)):
            await stack.enter_async_context(one)
        yield Office(door, temporal)
        await end_cases(door, temporal)
    settings.cache_clear()


async def end_cases(door: Door, temporal: Client) -> None:
    """End what goes on at the server that tests share: a later test's worker would take it up."""
    for case_id in {event.case_id for event in door.kept() if event.case_id}:
        with suppress(RPCError):
            await temporal.get_workflow_handle(case_id).terminate("end of a test")
