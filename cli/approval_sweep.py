"""Requests whose case is gone: a terminated workflow cannot take its question back."""

import asyncio
from datetime import UTC, datetime

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from contracts.approval import ApprovalOutcome
from contracts.approval_queue import ApprovalFilter
from contracts.asking import Ending
from memory.approval_queue import SqlApprovalQueue
from memory.approvals import SqlApprovals

ALIVE = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)


async def sweep_queue(client: Client, queue: SqlApprovalQueue, approvals: SqlApprovals) -> list[str]:
    """Withdraw what waits for a case that runs no more; returns the request ids.

    Raises:
        RPCError: the server cannot be asked; nothing is concluded from that.
    """
    swept = []
    for page in queue.pages(ApprovalFilter(limit=200)):
        for entry in page:
            if await _runs(client, entry.case_id):
                continue
            ending = Ending(
                request_id=entry.id, outcome=ApprovalOutcome.WITHDRAWN, why="its case runs no more"
            )
            await asyncio.to_thread(approvals.end, ending, datetime.now(UTC))
            swept.append(entry.id)
    return swept


async def _runs(client: Client, case_id: str) -> bool:
    try:
        return (await client.get_workflow_handle(case_id).describe()).status in ALIVE
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return False
        raise
