"""An office whose gateway and worker both run in this process."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from temporalio.client import Client
from typer.testing import CliRunner, Result

from cli.app import app
from contracts.event import EventRecord, EventStanding
from service.dispatch import rouse
from tests.gateway.door import Door


@dataclass
class Office:
    """What people, cases and sources of it do."""

    door: Door
    client: Client

    async def settled(self, position: int) -> EventRecord:
        """Return an event once it waits no more."""
        async with asyncio.timeout(30):
            while True:
                event = self.door.kontor.events.find(position)
                assert event is not None
                if event.standing is not EventStanding.WAITING:
                    return event
                await rouse(self.client, event.source)
                await asyncio.sleep(0.02)

    async def told(self, kind: str, number: str, **data: object) -> EventRecord:
        """Send a good event and return what became of it."""
        await self.door.tell(kind, number, **data)
        kept = next(event for event in self.door.kept() if event.id == number)
        return await self.settled(kept.position)

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait until something has happened that no other word tells of."""
        async with asyncio.timeout(60):
            while not happened():  # noqa: ASYNC110 (a worker does it)
                await asyncio.sleep(0.05)

    async def waiting(self, case_id: str) -> None:
        """Wait until a case is in the books and asks somebody."""
        async with asyncio.timeout(20):
            while not self.door.kontor.approvals.of_case(case_id):  # noqa: ASYNC110 (a worker writes it)
                await asyncio.sleep(0.02)

    async def kontor(self, *words: str, given: str | None = None) -> Result:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(words), input=given)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result
