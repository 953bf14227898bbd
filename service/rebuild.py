"""Another embedder's vectors beside the present ones, then the switch: here, or by their owner."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError

from contracts.ids import CONTROL_QUEUE
from contracts.memory import Rebuild, Rebuilt
from memory.semantic.collections import NothingToSwitchTo
from memory.semantic.rebuild import CollectionRebuild
from memory.semantic.stores.base import EmbedderMismatch, FolderBusy
from models.local.weights import WeightsRefused
from service.memory_access import WorkerAway
from service.ownership import NotOurs, join
from workflows.kernel.memory_rebuild import WORKFLOW_ID, MemoryRebuildWorkflow

if TYPE_CHECKING:
    from bootstrap.installation import Installation

POLL_SECONDS = 1.0
Tell = Callable[[str], None]
"""Takes a line about how far it is."""


class RebuildFailed(RuntimeError):
    """Why there is no new collection, in words for a person."""


async def rebuild(installation: "Installation", asked: Rebuild, tell: Tell) -> Rebuilt:
    """Rebuild here if the vectors are free to open, else as a workflow by their owner.

    Raises:
        RebuildFailed: it cannot be done; the message says why.
        WorkerAway: the vectors are in use and no Temporal server answers.
    """
    try:
        memory = installation.open_memory()
    except FolderBusy:
        return await _by_their_owner(installation, asked, tell)
    try:
        return await rebuild_here(CollectionRebuild(memory), asked, tell)
    except (LookupError, NothingToSwitchTo, WeightsRefused, EmbedderMismatch) as wrong:
        raise RebuildFailed(str(wrong)) from wrong
    finally:
        memory.close()


async def rebuild_here(steps: CollectionRebuild, asked: Rebuild, tell: Tell) -> Rebuilt:
    """Take the workflow's steps in this process."""
    if asked.back:
        before = await steps.previous()
        if before is None:
            return Rebuilt(collection="", previous=None, vectors=0, switched=False)
        return Rebuilt(collection=before, previous=await steps.switch(before), vectors=0, switched=True)
    collection, written = await steps.begin(asked.embedder)
    left = written
    while left:
        tell(f"{left} memories left to embed for {collection}")
        left = await steps.copy(collection)
    comparison = await steps.compare(collection, asked.sample)
    switched = comparison.at5 >= asked.least * comparison.old_at5
    previous = await steps.switch(collection) if switched else None
    return Rebuilt(
        collection=collection, previous=previous, vectors=written, switched=switched, comparison=comparison
    )


async def start_rebuild(client: Client, asked: Rebuild) -> WorkflowHandle[MemoryRebuildWorkflow, Rebuilt]:
    """Start the rebuild, or join the one that runs."""
    return await client.start_workflow(
        MemoryRebuildWorkflow.run,
        asked,
        id=WORKFLOW_ID,
        task_queue=CONTROL_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"memory: {'back' if asked.back else 'rebuild for ' + asked.embedder}",
    )


async def _by_their_owner(installation: "Installation", asked: Rebuild, tell: Tell) -> Rebuilt:
    try:
        client = await join(installation)
    except NotOurs as stranger:
        raise WorkerAway(str(stranger)) from stranger
    except (RuntimeError, RPCError) as error:
        raise WorkerAway(f"the vectors are in use, and no Temporal server answers: {error}") from error
    handle = await start_rebuild(client, asked)
    telling = asyncio.create_task(_tell(handle, tell))
    try:
        return await handle.result()
    except WorkflowFailureError as failure:
        raise RebuildFailed(_why(failure)) from failure
    finally:
        telling.cancel()


async def _tell(handle: WorkflowHandle[MemoryRebuildWorkflow, Rebuilt], tell: Tell) -> None:
    last = ""
    while True:
        try:
            progress = await handle.query(MemoryRebuildWorkflow.progress)
        except RPCError:
            progress = "waiting for a worker"
        if progress != last:
            tell(progress)
            last = progress
        await asyncio.sleep(POLL_SECONDS)


def _why(failure: WorkflowFailureError) -> str:
    cause: BaseException | None = failure.cause
    if isinstance(cause, ActivityError):
        cause = cause.cause
    return f"{cause.type}: {cause.message}" if isinstance(cause, ApplicationError) else str(failure)
