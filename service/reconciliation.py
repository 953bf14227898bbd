"""A run of the reconciler, started or joined, and followed to its end."""

import asyncio
from collections.abc import Callable

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from contracts.ids import CONTROL_QUEUE
from contracts.reconciliation.messages import ReconcileRequest, ReconcileSummary
from workflows.reconciliation.reconcile import WORKFLOW_ID, ReconcileWorkflow

POLL_SECONDS = 0.5


async def reconcile(
    client: Client, request: ReconcileRequest, on_progress: Callable[[ReconcileSummary], None]
) -> ReconcileSummary:
    """Compare our records with the outside world's now; a run that is under way is joined.

    Args:
        client: Temporal.
        request: which connectors, and how long a difference may stand.
        on_progress: is told what the run did so far.

    Raises:
        WorkflowFailureError: the run failed.
    """
    handle = await client.start_workflow(
        ReconcileWorkflow.run,
        request,
        id=WORKFLOW_ID,
        task_queue=CONTROL_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="compare our books with the outside world's",
    )
    ending = asyncio.create_task(handle.result())
    while not ending.done():
        await asyncio.wait({ending}, timeout=POLL_SECONDS)
        try:
            on_progress(await handle.query(ReconcileWorkflow.progress))
        except RPCError:
            continue  # no worker answers at this moment; the run goes on when one does
    return await ending
