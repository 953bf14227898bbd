"""A whole Kontor with its outside world, run as a user runs it: server, sandbox and worker processes."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
from temporalio.client import Client, WorkflowHandle

import bootstrap
from cli.children import Children
from cli.intake import Started, start
from cli.reckoning import Reckoning, channel_payments, ledger_payments, reckon
from cli.timeline import Timeline, timeline
from contracts.returns import ReturnRequest, ReturnResult
from memory.ledger_view import EffectFilter
from sandbox.faults import FaultPlan
from settings import Settings
from workflows.desks import DESKS

DESK = DESKS["returns"]
LONGEST_SECONDS = 60


@dataclass
class Shop:
    """What a test sees of it."""

    settings: Settings
    children: Children
    client: Client

    @property
    def admin(self) -> str:
        return f"http://127.0.0.1:{self.settings.sandbox_port}/admin"

    async def submit(self, request: ReturnRequest) -> Started:
        return await start(self.client, DESK, request)

    def handle(self, request: ReturnRequest) -> WorkflowHandle[Any, ReturnResult]:
        return self.client.get_workflow_handle_for(DESK.workflow.run, DESK.case_id(request))

    async def run(self, request: ReturnRequest) -> ReturnResult:
        await self.submit(request)
        async with asyncio.timeout(LONGEST_SECONDS):
            return await self.handle(request).result()

    def timeline(self, request: ReturnRequest) -> Timeline:
        found = timeline(self.settings, DESK.case_id(request))
        assert found is not None
        return found

    def entries(self, channel: str, kind: str, order: str) -> list[dict[str, Any]]:
        """What the channel's own database holds of one kind for one order."""
        books = httpx.get(f"{self.admin}/books", params={"channel": channel, "kind": kind}).json()
        return [entry for entry in books[channel].get(kind, []) if entry["order"] == order]

    def load(self, **what: Any) -> None:
        httpx.post(f"{self.admin}/load", json=what).raise_for_status()

    def strike(
        self, channel: str, operation: str, fault: str, times: int = 1, order: str | None = None
    ) -> None:
        body = {"channel": channel, "operation": operation, "fault": fault, "times": times, "order": order}
        httpx.post(f"{self.admin}/script", json=body).raise_for_status()

    def faults(self, plan: FaultPlan) -> None:
        httpx.put(f"{self.admin}/faults", content=plan.model_dump_json()).raise_for_status()

    def reckon(self) -> Reckoning:
        entries = bootstrap.ledger(self.settings).newest(EffectFilter(limit=100_000))
        return reckon(channel_payments(self.admin.removesuffix("/admin")), ledger_payments(entries))
