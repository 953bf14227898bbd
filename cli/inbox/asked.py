"""The conversations that wait for people, as the books and their cases say now."""

import asyncio
import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from bootstrap.installation import Installation
from contracts.approvals.queue import ApprovalEntry, ApprovalFilter
from workflows.inbox.types import DESK
from workflows.inbox.words import STANDING, Standing

PATIENCE = timedelta(seconds=5)
AT_ONCE = 20


@dataclass(frozen=True)
class Asked:
    """A conversation that waits for people; `standing` is None where no worker said who has it."""

    entry: ApprovalEntry
    standing: Standing | None

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        said = self.standing.model_dump(mode="json") if self.standing else None
        return {
            "case": self.entry.case_id,
            "what": self.entry.what,
            "request": self.entry.id,
            "deadline": self.entry.deadline.isoformat(),
            "waiting_for": self.entry.waiting_for,
            "standing": said,
        }


async def standing_of(client: Client, case_id: str) -> Standing | None:
    """Ask a case who has it, and at which version; None if it does not say."""
    try:
        standing: Standing = await client.get_workflow_handle(case_id).query(
            STANDING, result_type=Standing, rpc_timeout=PATIENCE
        )
    except RPCError:
        return None
    return standing


async def asked(kontor: Installation, client: Client, limit: int) -> list[Asked]:
    """Return what waits, the oldest first."""
    pages = kontor.approval_queue.pages(ApprovalFilter(desk=DESK))
    entries = list(itertools.islice(itertools.chain.from_iterable(pages), limit))
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(entry: ApprovalEntry) -> Asked:
        async with slots:
            return Asked(entry, await standing_of(client, entry.case_id))

    return await asyncio.gather(*(one(entry) for entry in entries))
