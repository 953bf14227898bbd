"""Semantic memory: text in SQL, vectors beside it, one way in and one way out."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal, Protocol

from sqlalchemy import Engine

from contracts.embedding import Embedder
from contracts.evidence import Evidence
from contracts.memory import (
    Agreement,
    CollectionStanding,
    Context,
    ContextRequest,
    Document,
    Forgotten,
    Imported,
    Memory,
    MemoryStats,
    Recalled,
    Search,
)
from memory.redaction import Redactor
from memory.semantic.collections import Collection, Collections, Embedders
from memory.semantic.context import assemble
from memory.semantic.follow_up import FollowUp
from memory.semantic.indexer import Indexer
from memory.semantic.outbox import Outbox
from memory.semantic.ranking import fuse
from memory.semantic.rows import Memories, Written
from memory.semantic.stores.base import Filter, Found, Hit, VectorStore
from memory.semantic.stores.lexicon import Lexicon
from memory.tables.semantic import MemoryRow

LOGGER = logging.getLogger(__name__)
CANDIDATES = 100
"""How deep each ranking goes before the two are fused."""
PASSAGES = 30
"""How many passages the context assembler chooses from."""
FOLLOW_SECONDS = 5.0
"""How long a vector that need not be there at once waits for others: together they cost a fraction."""
FOLLOW_TOGETHER = 64
"""With so many, one run of the embedder is full and none waits longer."""
Mode = Literal["fused", "dense", "lexical"]


class Cache(Protocol):
    """A store of answers that may hold a customer's words."""

    def forget(self, customer: str, case_ids: Sequence[str]) -> int:
        """Delete what was kept for a customer or these cases; return how much it was.

        Args:
            customer: their reference, or their mail address, as whoever asked for it has it.
            case_ids: cases whose memories went.
        """


def opaque(customer: str) -> str:
    """Return a customer's reference as it is; an e-mail address only as its hash."""
    if "@" not in customer:
        return customer
    return "customer-" + hashlib.sha256(customer.strip().lower().encode()).hexdigest()[:24]


class SemanticMemory:
    """Memory by meaning. SQL is written first, then vectors; SQL alone is true."""

    def __init__(
        self,
        engine: Engine,
        vectors: VectorStore,
        embedder: Embedder,
        *,
        load_embedder: Callable[[str], Embedder] | None = None,
        redactor: Redactor | None = None,
        lexicon: Lexicon | None = None,
        caches: Sequence[Cache] = (),
        standing: Sequence[Document] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Wire the parts; nothing is opened before `start` or first use.

        Args:
            engine: the authoritative database.
            vectors: any store that satisfies the Protocol.
            embedder: this process's own.
            load_embedder: loads another by name, for a collection that needs it.
            redactor: takes secrets and personal data out on the way in.
            lexicon: the one the vector store uses.
            caches: what else must forget a customer.
            standing: documents taken in at every start, the office's own policies for instance.
            clock: tells the moment.
        """
        self.memories = Memories(engine)
        self.marks = Outbox(engine)
        self.aliases = Collections(engine)
        self.embedders = Embedders(embedder, load_embedder)
        self.indexer = Indexer(self.memories, self.marks, self.aliases, vectors, self.embedders)
        self.vectors = vectors
        self.clock = clock
        self._redactor = redactor or Redactor()
        self._lexicon = lexicon or Lexicon()
        self._caches = tuple(caches)
        self._standing = tuple(standing)
        self._started = False
        self._closed = False
        self._optimizing = False
        self._background: asyncio.Task[None] | None = None
        self._following = FollowUp(self._settle, seconds=FOLLOW_SECONDS, at_most=FOLLOW_TOGETHER)
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Open the current collection and put right what a crash left; at most once.

        Raises:
            EmbedderMismatch: the collection belongs to an embedder that this process does not have.
        """
        async with self._starting:
            if self._started:
                return
            current = await asyncio.to_thread(
                lambda: self.aliases.open(self.embedders.own.identity, self.clock())
            )
            await asyncio.to_thread(self.embedders.of, current)
            await self._open_all()
            await asyncio.to_thread(self._replace, self._standing)
            await self._mend()
            self._started = True

    async def _open_all(self) -> None:
        for collection in await asyncio.to_thread(self.aliases.all):
            await asyncio.to_thread(self.vectors.create, collection.name, collection.identity)

    async def mend(self) -> tuple[Agreement, ...]:
        """Find where SQL and the vectors do not agree, mark it, and work the marks off."""
        await self.start()
        return await self._mend()

    async def _mend(self) -> tuple[Agreement, ...]:
        found = []
        for collection in await asyncio.to_thread(self.aliases.all):
            if collection.state == "building":
                continue  # its marks are its work list; the rebuild goes on with them
            found.append(await self.indexer.mend(collection))
        await self._settle()
        return tuple(found)

    async def agreement(self) -> tuple[Agreement, ...]:
        """Say where SQL and the vectors do not agree, and change nothing."""
        await self.start()
        return tuple(
            [await self.indexer.agreement(each) for each in await asyncio.to_thread(self.aliases.all)]
        )

    async def remember(self, memories: Sequence[Memory], *, at_once: bool = True) -> tuple[str, ...]:
        """Write memories, SQL first, then vectors; return their ids.

        Unless `at_once`, the vectors follow in the background, many memories' together and at the
        latest when somebody searches; a process that dies before has left their marks, and the next
        start works them off.

        The same source and text again is the same memory. Secrets and personal data are taken out
        before anything is written.

        Raises:
            UnknownMemory: a memory is said to supersede one that does not exist.
        """
        await self.start()
        written = await asyncio.to_thread(
            lambda: self.memories.write([self._clean(memory) for memory in memories], self.clock())
        )
        if at_once:
            await self._settle()
        else:
            self._following.request(len(written.fresh) + len(written.retired))
        return written.ids

    async def take_in(self, documents: Sequence[Document]) -> Imported:
        """Make each document's passages the whole of what is known from its source."""
        await self.start()
        written = await asyncio.to_thread(self._replace, documents)
        await self._settle()
        return Imported(
            passages=sum(len(each.ids) for each in written),
            fresh=sum(len(each.fresh) for each in written),
            retired=sum(len(each.retired) for each in written),
        )

    def _replace(self, documents: Sequence[Document]) -> list[Written]:
        return [
            self.memories.replace(
                self._redactor(document.source),
                [self._clean(passage) for passage in document.passages],
                self.clock(),
            )
            for document in documents
        ]

    def _clean(self, memory: Memory) -> Memory:
        return memory.model_copy(
            update={
                "text": self._redactor(memory.text),
                "source": self._redactor(memory.source),
                "customer": opaque(memory.customer) if memory.customer else None,
            }
        )

    async def _settle(self) -> None:
        """Bring the current collection up to date; in others only remove what is gone.

        While the index is being built, nothing waits for it: what is marked is settled after it.
        """
        if self._optimizing:
            return
        current = await asyncio.to_thread(self.aliases.current)
        for collection in await asyncio.to_thread(self.aliases.all):
            if current and collection.name == current.name:
                await self.indexer.settle(collection)
            else:
                await self.indexer.settle_gone(collection)
        lags = current is not None and await asyncio.to_thread(self.vectors.lags, current.name)
        if current and lags and not self._optimizing:
            self._optimizing = True
            self._background = asyncio.create_task(self._optimize(current.name))

    async def _optimize(self, collection: str) -> None:
        """Build the index, then settle what was written meanwhile."""
        try:
            await asyncio.to_thread(self.vectors.optimize, collection)
        except Exception:  # recall works without; the next write tries again
            if not self._closed:
                LOGGER.exception("the index of %s could not be built", collection)
        self._optimizing = False
        if not self._closed:
            await self._settle()

    async def settled(self) -> None:
        """Wait until nothing runs in the background; before `close`, so that nothing is left undone."""
        await self._following.finish()
        while self._background and not self._background.done():
            await asyncio.wait([self._background])

    async def search(self, search: Search) -> tuple[Recalled, ...]:
        """Return the memories that answer best, best first; whatever was remembered can be found."""
        await self._following.finish()
        now = self.clock()
        narrow = Filter(
            kinds=search.kinds,
            case_id=search.case_id,
            customers=(opaque(search.customer),) if search.customer else (),
            since=search.since,
            until=search.until,
            valid_at=now,
        )
        return await self.find(search.question, narrow, search.limit, search.mode)

    async def find(
        self, question: str, narrow: Filter, limit: int, mode: Mode = "fused"
    ) -> tuple[Recalled, ...]:
        """Search the current collection; SQL has the last word on what is still live."""
        await self.start()
        current = await asyncio.to_thread(self.aliases.current)
        assert current is not None  # start() opened it
        return await self.find_in(current, question, narrow, limit, mode)

    async def version(self, kinds: Sequence[str]) -> str:
        """Return what changes whenever what is known of these kinds does."""
        await self.start()
        return await asyncio.to_thread(self.memories.version, kinds)

    async def find_in(
        self, collection: Collection, question: str, narrow: Filter, limit: int, mode: Mode = "fused"
    ) -> tuple[Recalled, ...]:
        """Search one collection."""
        vector = None
        if mode != "lexical":
            vector = (await self.embedders.of(collection).embed([question]))[0]
        words = question if mode != "dense" else None
        return await asyncio.to_thread(self._look_up, collection.name, vector, words, narrow, limit)

    def _look_up(
        self, collection: str, vector: list[float] | None, words: str | None, narrow: Filter, limit: int
    ) -> tuple[Recalled, ...]:
        found = self.vectors.search(collection, vector, words, narrow, max(CANDIDATES, limit))
        hits = self._rank(found, vector, words)
        # Twice as many as asked: some may have been retired since their vectors were written.
        rows = self.memories.load([hit.id for hit in hits[: 2 * limit]])
        live = [
            recalled(row, hit.score)
            for hit in hits
            if (row := rows.get(hit.id)) is not None and row.retired_at is None
        ]
        return tuple(live[:limit])

    def _rank(self, found: Found, vector: list[float] | None, words: str | None) -> Sequence[Hit]:
        terms = len(self._lexicon.question(words).indices) if words is not None else 0
        weight = 1.0 if words is None else 0.0 if vector is None else None
        return fuse(found, terms) if weight is None else fuse(found, terms, weight)

    async def assemble(self, request: ContextRequest) -> Context:
        """Return the facts, turns and passages that fit the token budget, most useful first.

        With a customer, memories of other customers are left out; those of nobody stay in.
        """
        narrow = Filter(
            kinds=request.kinds,
            customers=(opaque(request.customer), "") if request.customer else (),
            since=request.since,
            valid_at=self.clock(),
        )
        found = await self.find(request.question, narrow, PASSAGES, request.mode)
        passages = [
            Evidence(source=each.source, text=each.text, kind="passage", score=each.score) for each in found
        ]
        count = self.embedders.own.count_tokens
        return await asyncio.to_thread(assemble, request, passages, count)

    async def history(self, id_: str) -> tuple[Recalled, ...]:
        """Return a memory with what it corrected and what corrected it, oldest first."""
        return tuple(recalled(row) for row in await asyncio.to_thread(self.memories.history, id_))

    async def forget(self, customer: str) -> Forgotten:
        """Delete all memories of a customer from SQL, from every collection and from the caches."""
        await self.start()
        gone, cases = await asyncio.to_thread(self.memories.forget, opaque(customer))
        cached = sum([await asyncio.to_thread(cache.forget, customer, cases) for cache in self._caches])
        vectors = 0
        for collection in await asyncio.to_thread(self.aliases.all):
            vectors += await self.indexer.settle_gone(collection)
        return Forgotten(memories=len(gone), vectors=vectors, cached=cached)

    async def stats(self) -> MemoryStats:
        """Count memories, vectors and marks."""
        await self.start()
        return await asyncio.to_thread(self._stats)

    def _stats(self) -> MemoryStats:
        current = self.aliases.current()
        kinds = self.memories.by_kind()
        return MemoryStats(
            live=sum(live for live, _ in kinds.values()),
            retired=sum(retired for _, retired in kinds.values()),
            kinds=kinds,
            collections=tuple(
                CollectionStanding(
                    name=each.name,
                    embedder=each.identity.name,
                    state=each.state,
                    current=bool(current and current.name == each.name),
                    vectors=self.vectors.count(each.name),
                    marked=self.marks.count(each.name),
                )
                for each in self.aliases.all()
            ),
        )

    def close(self) -> None:
        """Give the vector store up."""
        self._closed = True
        self._following.stop()
        self.vectors.close()


def recalled(row: MemoryRow, score: float | None = None) -> Recalled:
    """Return a row as the rest of the house sees it."""
    return Recalled(
        id=row.id,
        text=row.text,
        kind=row.kind,
        source=row.source,
        case_id=row.case_id,
        customer=row.customer,
        at=row.at,
        valid_until=row.valid_until,
        supersedes=row.supersedes,
        superseded_by=row.superseded_by,
        retired_at=row.retired_at,
        score=round(score, 4) if score is not None else None,
    )
