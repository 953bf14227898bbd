"""Semantic memory as activities: what a case is told, and what it leaves behind."""

from typing import TYPE_CHECKING

from temporalio import activity

from contracts.memory import Context, ContextRequest, Remember, Remembered

if TYPE_CHECKING:
    from memory.semantic.service import SemanticMemory


class RecallActivities:
    """On the queue `contracts.ids.MEMORY_QUEUE`, served by the process that owns the vectors."""

    def __init__(self, recall: "SemanticMemory") -> None:
        self._recall = recall

    @activity.defn(name="memory.assemble")
    async def assemble(self, request: ContextRequest) -> Context:
        """Return the facts, turns and passages that fit the request's token budget."""
        return await self._recall.assemble(request)

    @activity.defn(name="memory.remember")
    async def remember(self, request: Remember) -> Remembered:
        """Write memories; the same source and text again changes nothing, so a retry is harmless."""
        return Remembered(ids=await self._recall.remember(request.memories, at_once=request.at_once))
