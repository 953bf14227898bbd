"""Brings vectors to agree with SQL: works off marks, and finds what no mark tells of."""

import asyncio
from collections.abc import Sequence

from contracts.memory import Agreement
from memory.semantic.collections import Collection, Collections, Embedders
from memory.semantic.outbox import Outbox
from memory.semantic.rows import Memories
from memory.semantic.stores.base import FOREVER, Point, VectorStore
from memory.tables.semantic import MemoryRow

BATCH = 256


class Indexer:
    """The only writer of vectors. What it does is decided by SQL alone, so any part may be repeated."""

    def __init__(
        self,
        memories: Memories,
        marks: Outbox,
        aliases: Collections,
        vectors: VectorStore,
        embedders: Embedders,
    ) -> None:
        self._memories = memories
        self._marks = marks
        self._aliases = aliases
        self._vectors = vectors
        self._embedders = embedders
        self._turn = asyncio.Lock()

    async def settle(self, collection: Collection, *, batches: int | None = None) -> int:
        """Work off a collection's marks, at most `batches` batches; return how many marks."""
        done = 0
        while batches is None or batches > 0:
            # A turn is one batch: a memory written during a long rebuild waits for one, not for all.
            async with self._turn:
                marks = await asyncio.to_thread(self._marks.next, collection.name, BATCH)
                if marks:
                    await self._work_off(collection, marks)
            if not marks:
                break
            done += len(marks)
            batches = batches - 1 if batches is not None else None
        return done

    async def settle_gone(self, collection: Collection) -> int:
        """Remove the vectors of memories that are gone; needs no embedder."""
        done = 0
        async with self._turn:
            while marks := await asyncio.to_thread(self._marks.next, collection.name, BATCH, dead_only=True):
                ids = sorted({id_ for _, id_ in marks})
                await asyncio.to_thread(self._vectors.delete, collection.name, ids)
                numbers = [number for number, _ in marks]
                await asyncio.to_thread(
                    self._marks.settle, collection.name, numbers, dict.fromkeys(ids, False)
                )
                done += len(marks)
        return done

    async def _work_off(self, collection: Collection, marks: Sequence[tuple[int, str]]) -> None:
        ids = sorted({id_ for _, id_ in marks})
        rows = await asyncio.to_thread(self._memories.load, ids)
        live = [row for id_ in ids if (row := rows.get(id_)) and row.retired_at is None]
        alive = {row.id for row in live}
        dead = [id_ for id_ in ids if id_ not in alive]
        if live:
            vectors = await self._embedders.of(collection).embed([row.text for row in live])
            points = [_point(row, vector) for row, vector in zip(live, vectors, strict=True)]
            await asyncio.to_thread(self._vectors.upsert, collection.name, points)
        if dead:
            await asyncio.to_thread(self._vectors.delete, collection.name, dead)
        numbers = [number for number, _ in marks]
        seen = {id_: id_ in alive for id_ in ids}
        await asyncio.to_thread(self._marks.settle, collection.name, numbers, seen)

    async def agreement(self, collection: Collection) -> Agreement:
        """Compare the ids on both sides, leaving out what is marked."""
        missing, surplus = await asyncio.to_thread(self._differences, collection)
        return Agreement(collection=collection.name, missing=len(missing), surplus=len(surplus))

    async def mend(self, collection: Collection) -> Agreement:
        """Mark whatever differs, so that `settle` puts it right; return what was found."""
        missing, surplus = await asyncio.to_thread(self._differences, collection)
        await asyncio.to_thread(self._marks.put, collection.name, sorted(missing | surplus))
        return Agreement(collection=collection.name, missing=len(missing), surplus=len(surplus))

    def _differences(self, collection: Collection) -> tuple[set[str], set[str]]:
        marked = self._marks.marked(collection.name)
        there = set(self._vectors.ids(collection.name))
        wanted = set(self._memories.live_ids())
        # Marked between the first look and the last: not a difference but work under way.
        marked |= self._marks.marked(collection.name)
        return wanted - there - marked, there - wanted - marked


def _point(row: MemoryRow, vector: Sequence[float]) -> Point:
    return Point(
        id=row.id,
        vector=vector,
        text=row.text,
        kind=row.kind,
        case_id=row.case_id,
        customer=row.customer,
        at=row.at.timestamp(),
        valid_until=row.valid_until.timestamp() if row.valid_until else FOREVER,
    )
