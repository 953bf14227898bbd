"""Requests whose case is gone: a terminated workflow cannot take its question back."""

import asyncio
from datetime import UTC, datetime

from temporalio.client import Client

from activities.executions import execution
from contracts.approvals.messages import CASE_IS_GONE, ApprovalClosing
from contracts.approvals.queue import ApprovalFilter
from contracts.approvals.request import ApprovalOutcome
from memory.authoritative.approvals.approvals import SqlApprovals
from memory.authoritative.approvals.queue import SqlApprovalQueue


async def sweep_queue(client: Client, queue: SqlApprovalQueue, approvals: SqlApprovals) -> list[str]:
    """Withdraw what waits for a case that runs no more; returns the request ids.

    Raises:
        RPCError: the server cannot be asked; nothing is concluded from that.
    """
    swept = []
    for page in queue.pages(ApprovalFilter(limit=200)):
        for entry in page:
            if (await execution(client, entry.case_id)).runs:
                continue
            ending = ApprovalClosing(request_id=entry.id, outcome=ApprovalOutcome.WITHDRAWN, why=CASE_IS_GONE)
            await asyncio.to_thread(approvals.end, ending, datetime.now(UTC))
            swept.append(entry.id)
    return swept
