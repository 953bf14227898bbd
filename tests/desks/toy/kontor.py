"""An office with the toy desk, as tests see it."""

import asyncio
import itertools
import json
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from typer.testing import CliRunner, Result

from bootstrap.installation import Installation
from cli.app import app
from service.timeline import Timeline, timeline
from tests.desks.toy.desk import DESK
from tests.desks.toy.types import NoteRequest

OFFICE = Path(__file__).parent / "office"
_numbers = itertools.count(1)
"""The server is shared: no two tests make the same case."""


@dataclass
class Toy:
    """An office with the toy desk, its worker in this process, and a person at the command line."""

    client: Client
    installation: Installation
    folder: Path

    async def kontor(self, *words: str) -> Result:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    async def submit(self, body: str) -> str:
        """Hand a note in at the command line; returns the case's id."""
        request = {"id": f"N-{next(_numbers)}", "channel": "board", "customer": "c-1", "body": body}
        (self.folder / "notes.jsonl").write_text(json.dumps(request))
        result = await self.submit_again()
        assert result.exit_code == 0, result.output
        return DESK.case_id(NoteRequest.model_validate(request))

    async def submit_again(self) -> Result:
        """Hand the last note in once more."""
        return await self.kontor("submit", "toy", str(self.folder / "notes.jsonl"))

    async def ended(self, case_id: str) -> str:
        result: str = await self.client.get_workflow_handle(case_id, result_type=str).result()
        return result

    async def waiting(self, case_id: str) -> None:
        async with asyncio.timeout(20):
            while not self.installation.approvals.of_case(case_id):  # noqa: ASYNC110 (a worker writes it)
                await asyncio.sleep(0.02)

    def timeline(self, case_id: str) -> Timeline:
        found = timeline(self.installation, case_id)
        assert found is not None
        return found

    def on_board(self, folder: str) -> list[str]:
        return [file.read_text() for file in sorted((self.folder / "board" / folder).glob("*.txt"))]
