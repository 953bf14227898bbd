"""`kontor memory rebuild`: another embedder's vectors beside the present ones, then the switch."""

import asyncio
from typing import Annotated

import typer
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError

import bootstrap
from cli.connection import connect
from cli.console import ERR, EXIT_UNREACHABLE, EXIT_USAGE, OUT, emit_json, fail
from contracts.ids import CONTROL_QUEUE
from contracts.memory import Rebuild, Rebuilt
from memory.aliases import NothingToSwitchTo
from memory.rebuild import CollectionRebuild
from memory.vectors import EmbedderMismatch, FolderBusy
from models.weights import WeightsRefused
from settings import Settings, settings
from workflows.memory_rebuild import WORKFLOW_ID, MemoryRebuildWorkflow

POLL_SECONDS = 1.0


def rebuild(
    embedder: Annotated[str, typer.Option(help="As in KONTOR_EMBEDDER: minilm, a folder, a name.")] = "",
    back: Annotated[bool, typer.Option("--back", help="Switch back to the collection before.")] = False,
    sample: Annotated[int, typer.Option(min=1, help="Memories to compare recall on.")] = 200,
    least: Annotated[float, typer.Option(help="Switch if recall@5 is at least this share of today's.")] = 0.9,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Build a second collection from SQL while recall goes on, compare, and switch.

    With a worker running it is a workflow of its own (memory/rebuild in the Web UI) and survives
    anything; without one it is done here, and goes on where it stood if you call it again.

    Example: kontor memory rebuild --embedder BAAI/bge-small-en-v1.5, and if you regret it:
    kontor memory rebuild --back
    """
    if not back and not embedder:
        fail("name the --embedder, or go --back", EXIT_USAGE)
    asked = Rebuild(embedder=embedder, back=back, sample=sample, least=least)
    done = asyncio.run(_rebuild(settings(), asked))
    if as_json:
        emit_json(done.model_dump(mode="json"))
    elif done.comparison:
        found = done.comparison
        OUT.print(
            f"recall@5 {found.at5:.3f} (was {found.old_at5:.3f}), "
            f"MRR {found.mrr:.3f} (was {found.old_mrr:.3f}), "
            f"{found.overlap:.0%} of the first five the same, on {found.asked} memories"
        )
    if not done.switched:
        fail(
            f"not switched: {done.collection} recalls less than asked for"
            if done.collection
            else "there is no collection to go back to"
        )
    if not as_json:
        OUT.print(f"recall now reads {done.collection}; before it read {done.previous}")


async def _rebuild(found: Settings, asked: Rebuild) -> Rebuilt:
    """Do it here if the vectors are free to open, else as a workflow by their owner."""
    try:
        memory = bootstrap.recall(found, bootstrap.embedder(found))
    except FolderBusy:
        return await _as_workflow(found, asked)
    try:
        return await rebuild_here(CollectionRebuild(memory), asked)
    except (LookupError, NothingToSwitchTo, WeightsRefused, EmbedderMismatch) as wrong:
        fail(str(wrong))
    finally:
        memory.close()


async def rebuild_here(steps: CollectionRebuild, asked: Rebuild) -> Rebuilt:
    """Take the workflow's steps in this process."""
    if asked.back:
        before = await steps.previous()
        if before is None:
            return Rebuilt(collection="", previous=None, vectors=0, switched=False)
        return Rebuilt(collection=before, previous=await steps.switch(before), vectors=0, switched=True)
    collection, written = await steps.begin(asked.embedder)
    left = written
    while left:
        ERR.print(f"{left} memories left to embed for {collection}")
        left = await steps.copy(collection)
    comparison = await steps.compare(collection, asked.sample)
    switched = comparison.at5 >= asked.least * comparison.old_at5
    previous = await steps.switch(collection) if switched else None
    return Rebuilt(
        collection=collection, previous=previous, vectors=written, switched=switched, comparison=comparison
    )


async def _as_workflow(found: Settings, asked: Rebuild) -> Rebuilt:
    try:
        client = await connect(found)
    except (RuntimeError, RPCError) as error:
        fail(f"the vectors are in use, and no Temporal server answers: {error}", EXIT_UNREACHABLE)
    handle = await start(client, asked)
    telling = asyncio.create_task(_tell(handle))
    try:
        return await handle.result()
    except WorkflowFailureError as failure:
        fail(_why(failure))
    finally:
        telling.cancel()


async def start(client: Client, asked: Rebuild) -> WorkflowHandle[MemoryRebuildWorkflow, Rebuilt]:
    """Start the rebuild, or join the one that runs."""
    return await client.start_workflow(
        MemoryRebuildWorkflow.run,
        asked,
        id=WORKFLOW_ID,
        task_queue=CONTROL_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"memory: {'back' if asked.back else 'rebuild for ' + asked.embedder}",
    )


async def _tell(handle: WorkflowHandle[MemoryRebuildWorkflow, Rebuilt]) -> None:
    last = ""
    while True:
        try:
            progress = await handle.query(MemoryRebuildWorkflow.progress)
        except RPCError:
            progress = "waiting for a worker"
        if progress != last:
            ERR.print(progress)
            last = progress
        await asyncio.sleep(POLL_SECONDS)


def _why(failure: WorkflowFailureError) -> str:
    cause: BaseException | None = failure.cause
    if isinstance(cause, ActivityError):
        cause = cause.cause
    return f"{cause.type}: {cause.message}" if isinstance(cause, ApplicationError) else str(failure)
