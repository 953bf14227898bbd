"""What people and scripts do with semantic memory, by way of the process that owns the vectors."""

from typing import TYPE_CHECKING

from temporalio import activity

from activities.ports import MemoryKeeper
from activities.retries import heartbeats
from contracts.base import Frozen
from contracts.memory import (
    Agreement,
    Forget,
    Forgotten,
    Import,
    Imported,
    MemoryStats,
    RecallComparison,
    Recalls,
    Search,
)

if TYPE_CHECKING:
    from memory.semantic.rebuild import CollectionRebuild


class MemoryId(Frozen):
    """Which memory."""

    id: str


class Agreements(Frozen):
    """What was found and mended, a collection each."""

    found: tuple[Agreement, ...]


class MemoryActivities:
    """On the queue `contracts.ids.MEMORY_QUEUE`; the command line calls them without a workflow."""

    def __init__(self, keeper: MemoryKeeper) -> None:
        self._keeper = keeper

    @activity.defn(name="memory.search")
    async def search(self, search: Search) -> Recalls:
        """Return the memories that answer best."""
        return Recalls(found=await self._keeper.search(search))

    @activity.defn(name="memory.history")
    async def history(self, memory: MemoryId) -> Recalls:
        """Return a memory with its predecessors and successors."""
        return Recalls(found=await self._keeper.history(memory.id))

    @activity.defn(name="memory.import")
    async def take_in(self, request: Import) -> Imported:
        """Take documents in; the same again changes nothing."""
        async with heartbeats():
            return await self._keeper.take_in(request.documents)

    @activity.defn(name="memory.forget")
    async def forget(self, request: Forget) -> Forgotten:
        """Delete a customer's memories; repeated after a crash, it finishes."""
        async with heartbeats():
            return await self._keeper.forget(request.customer)

    @activity.defn(name="memory.stats")
    async def stats(self) -> MemoryStats:
        """Count."""
        return await self._keeper.stats()

    @activity.defn(name="memory.mend")
    async def mend(self) -> Agreements:
        """Compare SQL with the vectors and put right what differs."""
        async with heartbeats():
            return Agreements(found=await self._keeper.mend())


class RebuildStart(Frozen):
    """Which embedder the new collection is for, by the name it is loaded by."""

    embedder: str


class RebuildBegun(Frozen):
    """The collection that is being built, and how many memories it still lacks."""

    collection: str
    left: int


class CollectionName(Frozen):
    """Which collection; empty for none."""

    name: str = ""


class CompareOrder(Frozen):
    """Which collection to compare with the current one, on how many memories."""

    collection: str
    sample: int


class RebuildActivities:
    """The steps of `workflows/memory_rebuild.py`; each is safe to repeat from the start."""

    def __init__(self, rebuilder: "CollectionRebuild") -> None:
        self._rebuilder = rebuilder

    @activity.defn(name="memory.rebuild_begin")
    async def begin(self, start: RebuildStart) -> RebuildBegun:
        """Start the collection, or find the one that was begun."""
        async with heartbeats():
            collection, left = await self._rebuilder.begin(start.embedder)
            return RebuildBegun(collection=collection, left=left)

    @activity.defn(name="memory.rebuild_copy")
    async def copy(self, collection: CollectionName) -> int:
        """Write some of what is missing; return how many are left."""
        async with heartbeats():
            return await self._rebuilder.copy(collection.name)

    @activity.defn(name="memory.rebuild_compare")
    async def compare(self, order: CompareOrder) -> RecallComparison:
        """Ask both collections the same questions."""
        async with heartbeats():
            return await self._rebuilder.compare(order.collection, order.sample)

    @activity.defn(name="memory.rebuild_switch")
    async def switch(self, collection: CollectionName) -> CollectionName:
        """Let recall read it; return the one before."""
        async with heartbeats():
            return CollectionName(name=await self._rebuilder.switch(collection.name) or "")

    @activity.defn(name="memory.rebuild_previous")
    async def previous(self) -> CollectionName:
        """Return the collection before the last switch."""
        return CollectionName(name=await self._rebuilder.previous() or "")
