"""Semantic memory for a command: opened here, or asked of the worker that owns the vectors."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from temporalio.client import ActivityFailureError, Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.memory import Agreements, MemoryId
from activities.ports import MemoryKeeper
from contracts.base import Frozen
from contracts.ids import MEMORY_QUEUE
from contracts.memory import (
    Agreement,
    Document,
    Forget,
    Forgotten,
    Import,
    Imported,
    Memory,
    MemoryStats,
    Recalled,
    Recalls,
    Remember,
    Remembered,
    Search,
)
from memory.semantic.stores.base import FolderBusy
from service.ownership import NotOurs, join

if TYPE_CHECKING:
    from bootstrap.installation import Installation

WAIT_TO_START = timedelta(seconds=10)
WAIT_TO_END = timedelta(minutes=10)
SILENCE = timedelta(seconds=10)
"""A worker that says nothing for so long in a long activity is dead: it is given to another."""
BEATING = ("memory.import", "memory.forget", "memory.mend")
RETRIES = RetryPolicy(
    maximum_attempts=3, non_retryable_error_types=["UnknownMemory", "EmbedderMismatch", "LookupError"]
)
"""A person waits: three attempts, and none where another attempt would end alike."""
Answer = TypeVar("Answer", bound=Frozen)


class WorkerAway(Exception):
    """Another process owns the vectors and no worker answers on the memory queue."""


class AskedWorker:
    """Satisfies `MemoryKeeper` by running the activities themselves, without a workflow."""

    def __init__(self, client: Client) -> None:
        """Take a client."""
        self._client = client

    async def remember(self, memories: Sequence[Memory]) -> tuple[str, ...]:
        """Run `memory.remember`."""
        return (await self._run("memory.remember", Remember(memories=tuple(memories)), Remembered)).ids

    async def take_in(self, documents: Sequence[Document]) -> Imported:
        """Run `memory.import`."""
        return await self._run("memory.import", Import(documents=tuple(documents)), Imported)

    async def search(self, search: Search) -> tuple[Recalled, ...]:
        """Run `memory.search`."""
        return (await self._run("memory.search", search, Recalls)).found

    async def history(self, id_: str) -> tuple[Recalled, ...]:
        """Run `memory.history`."""
        return (await self._run("memory.history", MemoryId(id=id_), Recalls)).found

    async def stats(self) -> MemoryStats:
        """Run `memory.stats`."""
        return await self._run("memory.stats", None, MemoryStats)

    async def forget(self, customer: str) -> Forgotten:
        """Run `memory.forget`."""
        return await self._run("memory.forget", Forget(customer=customer), Forgotten)

    async def mend(self) -> tuple[Agreement, ...]:
        """Run `memory.mend`."""
        return (await self._run("memory.mend", None, Agreements)).found

    async def _run(self, activity: str, argument: Frozen | None, answer: type[Answer]) -> Answer:
        try:
            result: Answer = await self._client.execute_activity(
                activity,
                args=[argument] if argument is not None else [],
                id=f"{activity}-{uuid.uuid4()}",
                task_queue=MEMORY_QUEUE,
                result_type=answer,
                schedule_to_start_timeout=WAIT_TO_START,
                start_to_close_timeout=WAIT_TO_END,
                heartbeat_timeout=SILENCE if activity in BEATING else None,
                retry_policy=RETRIES,
            )
        except ActivityFailureError as failure:
            cause = failure.cause
            if isinstance(cause, ApplicationError):
                raise RuntimeError(f"{cause.type}: {cause.message}") from failure
            raise WorkerAway("no worker answers on the memory queue; is `kontor up` running?") from failure
        return result


@asynccontextmanager
async def keeper(installation: "Installation") -> AsyncIterator[MemoryKeeper]:
    """Open memory in this process, or, when the vectors are in use, ask the process that owns them.

    Raises:
        WorkerAway: they are in use and no Temporal server answers.
    """
    try:
        memory = await asyncio.to_thread(installation.open_memory)
    except FolderBusy as busy:
        try:
            client = await join(installation)
        except NotOurs as stranger:
            raise WorkerAway(str(stranger)) from stranger
        except (RuntimeError, RPCError) as error:
            raise WorkerAway(f"{busy}, and no Temporal server answers to ask it") from error
        yield AskedWorker(client)
        return
    try:
        yield memory
        await memory.settled()
    finally:
        memory.close()
