"""How fast memory is written and recalled, beside each other engine that runs here and a bare search.

`KONTOR_RECALL_SIZES` names the sizes (default `1k,10k,100k`),
`KONTOR_RECALL_ENGINES` the engines (default all three). Embedding is measured apart: the vectors
are computed before any clock is started.
"""

import asyncio
import contextlib
import os
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import hnswlib
import numpy as np
from qdrant_client import QdrantClient

from benchmarks.environment import free_port
from benchmarks.recall_corpus import Corpus, Known, corpus
from benchmarks.rows import Row
from contracts.memory import Memory
from memory.database import migrate, open_engine
from memory.semantic.service import CANDIDATES, SemanticMemory
from memory.semantic.stores.base import Filter, Point, VectorStore
from memory.semantic.stores.pgvector import PgVector
from memory.semantic.stores.qdrant_edge import QdrantEdge
from memory.semantic.stores.qdrant_server import QdrantServer
from models.local.embedder import SentenceEmbedder
from tests.postgres import PostgresServer

SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}
BATCH = 512
FIRST = 10
KINDS = ("policy", "case", "post", "note", "mail", "chat", "order", "page", "rule", "fact")
"""A filter on one kind leaves a tenth."""
MEANT_FOR = {"client_local": 20_000}
"""Above this qdrant-client itself says that its local mode is the wrong tool; it takes half an hour."""
PATIENCE_SECONDS, FEWEST = 30, 30


async def rows() -> list[Row]:
    """Measure embedding, then for each size the floor, memory itself, and each engine's bare store."""
    embedder = SentenceEmbedder()
    measured = await _embedding(embedder)
    for name in os.environ.get("KONTOR_RECALL_SIZES", "1k,10k,100k").split(","):
        given = await corpus(embedder, SIZES[name])
        floor = Floor(given)
        measured += await _memory(given, name, floor)
        for engine in os.environ.get("KONTOR_RECALL_ENGINES", "edge,client_local,pgvector").split(","):
            if SIZES[name] > MEANT_FOR.get(engine, SIZES[name]):
                continue
            with ENGINES[engine]() as store:
                measured += _store(engine, store, given, name, floor)
    embedder.close()
    return measured


async def _embedding(embedder: SentenceEmbedder) -> list[Row]:
    """One question alone, and passages in batches."""
    given = await corpus(embedder, 1)
    alone = [await _timed(lambda text=text: embedder.embed([text])) for text in given.questions[:50]]  # type: ignore[misc]  # a bound default
    begun = time.perf_counter()
    await embedder.embed(given.questions)
    rate = len(given.questions) / (time.perf_counter() - begun)
    return [
        Row("recall.embed_one_p50_ms", _percentile(alone, 50), "ms"),
        Row("ingest.embed_per_second", rate, "1/s", 1000 / _percentile(alone, 50)),
    ]


async def _timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    result = call()
    if asyncio.iscoroutine(result):
        await result
    return (time.perf_counter() - begun) * 1000


def _percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, share))


class Floor:
    """A bare nearest-neighbour index over the same vectors, and the exact answer by NumPy."""

    def __init__(self, given: Corpus) -> None:
        """Build it, and measure it."""
        begun = time.perf_counter()
        index = hnswlib.Index(space="ip", dim=given.vectors.shape[1])
        index.init_index(len(given.vectors), M=16, ef_construction=100)
        index.add_items(given.vectors)
        self.per_second = len(given.vectors) / (time.perf_counter() - begun)
        index.set_ef(CANDIDATES)
        self.ms = []
        for vector in given.asked:
            begun = time.perf_counter()
            index.knn_query(vector, k=min(CANDIDATES, len(given.vectors)))
            self.ms.append((time.perf_counter() - begun) * 1000)
        self.exact = [set(np.argsort(-(given.vectors @ vector))[:FIRST].tolist()) for vector in given.asked]


async def _memory(given: Corpus, name: str, floor: Floor) -> list[Row]:
    """The whole of it, but for embedding: redaction, SQL, marks, vectors; both sides, fusion, SQL."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/kontor.db")
        migrate(engine)
        memory = SemanticMemory(engine, QdrantEdge(Path(folder) / "vectors"), Known(given))
        memories = [
            Memory(text=text, kind=KINDS[number % len(KINDS)], source=f"s:{number}")
            for number, text in enumerate(given.texts)
        ]
        begun = time.perf_counter()
        for start in range(0, len(memories), BATCH):
            await memory.remember(memories[start : start + BATCH])
        await memory.settled()
        rate = len(memories) / (time.perf_counter() - begun)
        current = memory.aliases.current()
        assert current is not None
        await asyncio.to_thread(memory.vectors.optimize, current.name, force=True)
        found = [
            await _timed(lambda question=question: memory.find(question, Filter(), FIRST))  # type: ignore[misc]  # a bound default
            for question in given.questions
        ]
        memory.close()
        engine.dispose()
    return [
        Row(f"ingest.per_second_{name}", rate, "1/s", floor.per_second),
        Row(f"recall.p50_ms_{name}", _percentile(found, 50), "ms", _percentile(floor.ms, 50)),
        Row(f"recall.p99_ms_{name}", _percentile(found, 99), "ms", _percentile(floor.ms, 99)),
    ]


def _store(engine: str, store: VectorStore, given: Corpus, name: str, floor: Floor) -> list[Row]:
    """One engine's store alone: writing, the index, both sides, a filter, and how exact it is."""
    ids = [str(uuid.UUID(int=number + 1)) for number in range(len(given.texts))]
    store.create("bench", given.identity)
    begun = time.perf_counter()
    for start in range(0, len(ids), BATCH):
        store.upsert("bench", _points(given, ids, start))
    rate = len(ids) / (time.perf_counter() - begun)
    begun = time.perf_counter()
    store.optimize("bench", force=True)
    indexing = time.perf_counter() - begun
    both = _latencies(store, given, Filter())
    filtered = _latencies(store, given, Filter(kinds=(KINDS[0],)))
    near = [store.search("bench", vector, None, Filter(), FIRST).dense for vector in given.asked.tolist()]
    agreed = [
        len({uuid.UUID(hit.id).int - 1 for hit in hits} & truth) / FIRST
        for hits, truth in zip(near, floor.exact, strict=True)
    ]
    prefix = f"recall.{engine}"
    return [
        Row(f"{prefix}.ingest_per_second_{name}", rate, "1/s"),
        Row(f"{prefix}.index_seconds_{name}", indexing, "s"),
        Row(f"{prefix}.p50_ms_{name}", _percentile(both, 50), "ms"),
        Row(f"{prefix}.p99_ms_{name}", _percentile(both, 99), "ms"),
        Row(f"{prefix}.filtered_p99_ms_{name}", _percentile(filtered, 99), "ms"),
        Row(f"{prefix}.neighbours_at10_{name}", float(np.mean(agreed)), "share", 1.0),
    ]


def _points(given: Corpus, ids: Sequence[str], start: int) -> list[Point]:
    return [
        Point(
            ids[place],
            given.vectors[place].tolist(),
            given.texts[place],
            KINDS[place % len(KINDS)],
            "",
            "",
            0.0,
        )
        for place in range(start, min(start + BATCH, len(ids)))
    ]


def _latencies(store: VectorStore, given: Corpus, narrow: Filter) -> list[float]:
    """Ask the questions, at least `FEWEST`; a store that is slow is not asked the others."""
    found: list[float] = []
    until = time.monotonic() + PATIENCE_SECONDS
    for vector, question in zip(given.asked.tolist(), given.questions, strict=True):
        begun = time.perf_counter()
        store.search("bench", vector, question, narrow, CANDIDATES)
        found.append((time.perf_counter() - begun) * 1000)
        if len(found) >= FEWEST and time.monotonic() > until:
            break
    return found


@contextlib.contextmanager
def _edge() -> Iterator[VectorStore]:
    with tempfile.TemporaryDirectory() as folder:
        store = QdrantEdge(Path(folder))
        yield store
        store.close()


@contextlib.contextmanager
def _client_local() -> Iterator[VectorStore]:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says at every call that it is not meant for so much
        store = QdrantServer(QdrantClient(path=folder))
        yield store
        store.close()


@contextlib.contextmanager
def _pgvector() -> Iterator[VectorStore]:
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder), free_port())
        server.start()
        engine = open_engine(server.new_database())
        yield PgVector(engine)
        engine.dispose()
        server.stop()


ENGINES = {"edge": _edge, "client_local": _client_local, "pgvector": _pgvector}
