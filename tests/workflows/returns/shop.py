"""A whole Kontor with its outside world, run as a user runs it: server, sandbox and worker processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from temporalio.client import Client, WorkflowHandle

from bootstrap.installation import Installation
from cli.demo.payments import Reckoning, channel_payments, compare, ledger_payments
from cli.stack.processes import Children
from memory.authoritative.ledger.view import EffectFilter
from sandbox.faults import FaultPlan
from service.intake import Started, start
from service.temporal import connect
from service.timeline import Timeline, timeline
from settings import Settings
from workflows.registry import DESKS
from workflows.returns.types import ReturnRequest, ReturnResult

DESK = DESKS["returns"]
LONGEST_SECONDS = 60


@dataclass
class Shop:
    """What a test sees of it."""

    installation: Installation
    children: Children
    client: Client

    @property
    def settings(self) -> Settings:
        return self.installation.settings

    @property
    def admin(self) -> str:
        return f"http://127.0.0.1:{self.settings.sandbox_port}/admin"

    async def submit(self, request: ReturnRequest) -> Started:
        return await start(self.client, self.installation.admissions, DESK, request)

    def handle(self, request: ReturnRequest) -> WorkflowHandle[Any, ReturnResult]:
        return self.client.get_workflow_handle_for(DESK.workflow().run, DESK.case_id(request))

    async def run(self, request: ReturnRequest) -> ReturnResult:
        await self.submit(request)
        async with asyncio.timeout(LONGEST_SECONDS):
            return await self.handle(request).result()

    def timeline(self, request: ReturnRequest) -> Timeline:
        found = timeline(self.installation, DESK.case_id(request))
        assert found is not None
        return found

    def entries(self, channel: str, kind: str, order: str) -> list[dict[str, Any]]:
        """What the channel's own database holds of one kind for one order."""
        books = httpx.get(f"{self.admin}/books", params={"channel": channel, "kind": kind}).json()
        return [entry for entry in books[channel].get(kind, []) if entry["order"] == order]

    def undone(self, channel: str, kind: str, order: str) -> list[bool]:
        """Whether each entry of one kind was taken back, in the order of the channel's books."""
        return [bool(entry["undone_by"]) for entry in self.entries(channel, kind, order)]

    def parcels(self, channel: str, order: str, *lines: tuple[str, int, str]) -> None:
        """Let a channel say what has come back, each with how it was found or ``; without any, nothing."""
        pieces = [{"line": line, "quantity": count} for line, count, _ in lines]
        found = [
            {**piece, "condition": condition}
            for piece, (_, _, condition) in zip(pieces, lines, strict=True)
            if condition
        ]
        body = {"channel": channel, "order": order, "received": pieces, "inspected": found}
        httpx.post(f"{self.admin}/parcels", json=body).raise_for_status()

    def load(self, **what: Any) -> None:
        httpx.post(f"{self.admin}/load", json=what).raise_for_status()

    def strike(
        self, channel: str, operation: str, fault: str, times: int = 1, order: str | None = None
    ) -> None:
        body = {"channel": channel, "operation": operation, "fault": fault, "times": times, "order": order}
        httpx.post(f"{self.admin}/script", json=body).raise_for_status()

    def faults(self, plan: FaultPlan) -> None:
        httpx.put(f"{self.admin}/faults", content=plan.model_dump_json()).raise_for_status()

    def compare(self) -> Reckoning:
        entries = self.installation.ledger.newest(EffectFilter(limit=100_000))
        return compare(channel_payments(self.admin.removesuffix("/admin")), ledger_payments(entries))


@asynccontextmanager
async def opened(children: Children) -> AsyncIterator[Shop]:
    """See a running Kontor from a test's event loop."""
    async with Installation(children.settings) as installation:
        yield Shop(installation, children, await connect(children.settings))
