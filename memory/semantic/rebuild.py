"""A second collection beside the first: built from SQL, compared, switched to."""

import asyncio
from collections.abc import Sequence

from contracts.memory import RecallComparison, Recalled
from memory.semantic.collections import Collection, NothingToSwitchTo
from memory.semantic.service import SemanticMemory
from memory.semantic.stores.base import Filter
from memory.tables.semantic import MemoryRow

BATCHES = 8
"""Batches of one `copy` step: some 2,000 memories, seconds of embedding."""
QUESTION_WORDS = 12
AT = 5
SWITCH_ATTEMPTS = 20


class CollectionRebuild:
    """Builds a second collection of vectors in steps. What is left to do is what is marked in SQL."""

    def __init__(self, memory: SemanticMemory) -> None:
        """Take semantic memory, which goes on recalling meanwhile."""
        self._memory = memory

    async def begin(self, embedder: str) -> tuple[str, int]:
        """Start a collection with every live memory marked, or find the one that was begun.

        Raises:
            LookupError: this process cannot load that embedder.
        """
        await self._memory.start()
        found = await asyncio.to_thread(self._memory.embedders.named, embedder)
        now = self._memory.clock()
        collection = await asyncio.to_thread(self._memory.aliases.begin, found.identity, embedder, now)
        await asyncio.to_thread(self._memory.vectors.create, collection.name, collection.identity)
        return collection.name, await asyncio.to_thread(self._memory.marks.count, collection.name)

    async def copy(self, collection: str) -> int:
        """Work off some marks; return how many are left."""
        await self._memory.start()
        await self._memory.indexer.settle(await self._find(collection), batches=BATCHES)
        left = await asyncio.to_thread(self._memory.marks.count, collection)
        if not left:
            await asyncio.to_thread(self._memory.vectors.optimize, collection)
        return left

    async def compare(self, collection: str, sample: int) -> RecallComparison:
        """Ask for memories by a piece of their own text, by meaning alone, in both collections.

        The words' side is the same in both. Ids are hashes, so the first of them are a fair sample.
        """
        await self._memory.start()
        old = await asyncio.to_thread(self._memory.aliases.current)
        assert old is not None  # start() opened it
        new = await self._find(collection)
        rows = (await asyncio.to_thread(self._memory.memories.live, "", sample)) if sample else []
        pairs = [(row, await self._ask(new, row), await self._ask(old, row)) for row in rows]
        count = max(len(pairs), 1)
        return RecallComparison(
            asked=len(pairs),
            at5=sum(_place(row, found) <= AT for row, found, _ in pairs) / count,
            old_at5=sum(_place(row, found) <= AT for row, _, found in pairs) / count,
            mrr=sum(1 / _place(row, found) for row, found, _ in pairs) / count,
            old_mrr=sum(1 / _place(row, found) for row, _, found in pairs) / count,
            overlap=sum(_overlap(ours, theirs) for _, ours, theirs in pairs) / count,
        )

    async def _ask(self, collection: Collection, row: MemoryRow) -> Sequence[Recalled]:
        return await self._memory.find_in(collection, _question(row.text), Filter(), 2 * AT, "dense")

    async def switch(self, collection: str) -> str | None:
        """Finish the collection and let recall read it; of older ones keep only the last for going back.

        Raises:
            NothingToSwitchTo: new memories kept arriving faster than they could be written.
        """
        await self._memory.start()
        target = await self._find(collection)
        for attempt in range(SWITCH_ATTEMPTS):
            await self._memory.indexer.settle(target)
            try:
                await asyncio.to_thread(self._memory.aliases.switch, collection, self._memory.clock())
                break
            except NothingToSwitchTo:
                if attempt == SWITCH_ATTEMPTS - 1:
                    raise
        # A memory written while the switch was under way may have seen the old one as current.
        await self._memory.indexer.settle(target)
        await asyncio.to_thread(self._drop_older)
        return await self.previous()

    def _drop_older(self) -> None:
        aliases = self._memory.aliases
        kept = {found.name for found in (aliases.current(), aliases.previous()) if found}
        for collection in aliases.all():
            if collection.state == "ready" and collection.name not in kept:
                aliases.drop(collection.name)
                self._memory.vectors.drop(collection.name)

    async def previous(self) -> str | None:
        """Return the collection that recall read before the last switch."""
        found = await asyncio.to_thread(self._memory.aliases.previous)
        return found.name if found else None

    async def _find(self, name: str) -> Collection:
        found = await asyncio.to_thread(self._memory.aliases.find, name)
        if found is None or found.state == "dropped":
            raise NothingToSwitchTo(f"there is no collection {name}")
        return found


def _question(text: str) -> str:
    """Return words from the middle of a text, at most half of them: the beginning is often a title."""
    words = text.split()
    length = max(1, min(QUESTION_WORDS, len(words) // 2))
    start = (len(words) - length) // 2
    return " ".join(words[start : start + length])


def _place(row: MemoryRow, found: Sequence[Recalled]) -> float:
    places = [place for place, each in enumerate(found, start=1) if each.id == row.id]
    return places[0] if places else float("inf")


def _overlap(ours: Sequence[Recalled], theirs: Sequence[Recalled]) -> float:
    first = {each.id for each in theirs[:AT]}
    return len(first & {each.id for each in ours[:AT]}) / len(first) if first else 1.0
