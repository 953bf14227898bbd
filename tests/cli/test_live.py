"""`kontor case` of a case that is open by our books: what the server says of its workflow is said, too."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client
from typer.testing import CliRunner, Result

from benchmarks.environment import free_port
from bootstrap.installation import Installation
from cli.app import app
from cli.stack.dev_server import DevServer
from contracts.case import CaseStatus
from settings import Settings
from tests.cli.test_cases import given_case


@pytest.fixture
def found(tmp_path: Path, office: Path, temporal_server: DevServer) -> Iterator[Installation]:
    own = Settings(office=office, state=tmp_path / "state", temporal_address=temporal_server.address)
    with Installation(own) as here:
        yield here


async def kontor(found: Installation, *words: str) -> Result:
    result = await asyncio.to_thread(CliRunner().invoke, app, list(words), obj=found)
    assert result.exit_code == 0, result.output
    return result


async def test_a_case_whose_workflow_was_terminated_does_not_look_alive(
    found: Installation, temporal: Client
) -> None:
    case_id = given_case(found, "RMA-1", status=CaseStatus.WAITING)
    run = await temporal.start_workflow("ReturnWorkflow", id=case_id, task_queue="nobody")

    alive = await kontor(found, "case", "RMA-1")
    await run.terminate()
    ended = await kontor(found, "case", "RMA-1")
    for_scripts = json.loads((await kontor(found, "case", "RMA-1", "--json")).stdout)

    assert "runs no more" not in alive.output
    assert "runs no more its workflow has ended: terminated (" in ended.output
    assert "kontor books reconcile --grace-seconds 0" in ended.output
    assert for_scripts["at_server"]["runs"] is False


async def test_without_a_server_a_case_is_shown_as_our_books_have_it(tmp_path: Path, office: Path) -> None:
    own = Settings(office=office, state=tmp_path / "state", temporal_address=f"127.0.0.1:{free_port()}")
    with Installation(own) as here:
        given_case(here, "RMA-1", status=CaseStatus.RUNNING)
        shown = await kontor(here, "case", "RMA-1")

    assert "returns/webshop/RMA-1  running" in shown.output
    assert "runs no more" not in shown.output
