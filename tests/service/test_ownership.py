"""Two installations never share work: a Temporal namespace belongs to one of them."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from typer.testing import CliRunner

import worker
from benchmarks.environment import free_port
from bootstrap.installation import Installation
from cli.app import app
from cli.stack.dev_server import DevServer
from cli.terminal import EXIT_UNREACHABLE
from service.ownership import NotOurs, claim, join, owner_of
from service.temporal import connect
from settings import Settings, settings
from tests.conftest import ROOT, stop
from workflows.kernel.ownership import WORKFLOW_ID


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """A server that may be claimed: the session's belongs to nobody."""
    found = DevServer(tmp_path_factory.mktemp("temporal") / "temporal.db", free_port())
    process = found.start()
    yield found
    stop(process)


@pytest.fixture
async def client(server: DevServer) -> AsyncIterator[Client]:
    """A client of a server that belongs to nobody yet."""
    found = await Client.connect(server.address, data_converter=pydantic_data_converter)
    yield found
    with contextlib.suppress(RPCError):
        await found.get_workflow_handle(WORKFLOW_ID).terminate("end of a test")


def of(state: Path, server: DevServer) -> Settings:
    return Settings(office=ROOT / "office", state=state, temporal_address=server.address)


@pytest.fixture
def ours(tmp_path: Path, server: DevServer) -> Iterator[Installation]:
    with Installation(of(tmp_path / "ours", server)) as found:
        yield found


@pytest.fixture
def theirs(tmp_path: Path, server: DevServer) -> Iterator[Installation]:
    with Installation(of(tmp_path / "theirs", server)) as found:
        yield found


def test_books_are_the_same_installation_whoever_opens_them(ours: Installation, theirs: Installation) -> None:
    with Installation(ours.settings) as again:
        assert again.identity == ours.identity
    assert theirs.identity != ours.identity


@pytest.mark.usefixtures("client")
async def test_a_namespace_that_is_nobodys_is_ours_once_we_claim_it_and_nobody_elses(
    ours: Installation, theirs: Installation
) -> None:
    found = await join(ours)
    assert await owner_of(found) is None
    await claim(found, ours.identity)
    await claim(found, ours.identity)
    assert await owner_of(found) == ours.identity

    with pytest.raises(NotOurs, match="belongs to another Kontor installation") as refused:
        await join(theirs)
    assert ours.identity.words() in str(refused.value)
    with pytest.raises(NotOurs):
        await claim(await connect(theirs.settings), theirs.identity)


async def test_of_two_that_claim_at_once_one_wins(
    client: Client, ours: Installation, theirs: Installation
) -> None:
    connected = await connect(ours.settings)
    claims = (claim(connected, each.identity) for each in (ours, theirs))
    refused = [each for each in await asyncio.gather(*claims, return_exceptions=True) if each is not None]
    assert [type(each) for each in refused] == [NotOurs]
    assert await owner_of(client) in (ours.identity, theirs.identity)


async def test_a_namespace_whose_installation_is_gone_for_good_can_be_taken_over(
    client: Client, ours: Installation, theirs: Installation
) -> None:
    await claim(await connect(theirs.settings), theirs.identity)
    await client.get_workflow_handle(WORKFLOW_ID).terminate("theirs is gone")

    await claim(await join(ours), ours.identity)
    assert await owner_of(client) == ours.identity


@pytest.mark.usefixtures("client")
async def test_a_worker_a_command_and_the_doctor_of_another_installation_refuse_and_change_nothing(
    ours: Installation, theirs: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = await connect(ours.settings)
    await claim(connected, ours.identity)
    with pytest.raises(NotOurs):
        await worker.serve(theirs.settings, [worker.Role.CONTROL])

    for name, value in (
        ("STATE", theirs.settings.state),
        ("OFFICE", theirs.settings.office),
        ("TEMPORAL_ADDRESS", theirs.settings.temporal_address),
    ):
        monkeypatch.setenv(f"KONTOR_{name}", str(value))
    settings.cache_clear()
    request = {"id": "X-1", "channel": "webshop", "order": "W-1", "message": "too small"}
    (tmp_path / "one.jsonl").write_text(json.dumps(request))
    runner = CliRunner()
    submitted = await asyncio.to_thread(
        runner.invoke, app, ["submit", "returns", str(tmp_path / "one.jsonl")]
    )
    doctor = await asyncio.to_thread(runner.invoke, app, ["doctor", "--json"])
    settings.cache_clear()

    assert submitted.exit_code == EXIT_UNREACHABLE
    assert "belongs to another Kontor installation" in " ".join(submitted.output.split())
    assert "belongs to another Kontor installation" in doctor.output
    with pytest.raises(RPCError):
        await connected.get_workflow_handle("returns/webshop/X-1").describe()


@pytest.mark.slow
async def test_the_server_keeps_whose_it_is_when_it_is_started_again(
    tmp_path: Path, ours: Installation
) -> None:
    server = DevServer(tmp_path / "temporal.db", free_port())
    for _ in range(2):
        process = server.start()
        found = await Client.connect(server.address, data_converter=pydantic_data_converter)
        owner = await owner_of(found)
        await claim(found, ours.identity)
        stop(process)
    assert owner == ours.identity


def test_a_port_that_is_taken_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = {
            "KONTOR_STATE": str(tmp_path / "state"),
            "KONTOR_TEMPORAL_ADDRESS": f"127.0.0.1:{port}",
        }
        settings.cache_clear()
        result = CliRunner().invoke(app, ["up"], env=environment)
        settings.cache_clear()
    assert result.exit_code == EXIT_UNREACHABLE
    assert f"port {port}, where the Temporal server is to listen, is taken" in " ".join(result.output.split())
