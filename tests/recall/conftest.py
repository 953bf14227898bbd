"""The three vector stores, and semantic memory on them."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from qdrant_client import QdrantClient
from sqlalchemy import Engine

from benchmarks.hashing_embedder import HashingEmbedder
from memory.database import open_engine
from memory.pgvector import PgVector
from memory.qdrant_edge import QdrantEdge
from memory.qdrant_server import QdrantServer
from memory.semantic import SemanticMemory
from memory.vectors import VectorStore
from models.embedder import SentenceEmbedder

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(params=["edge", "server", "pgvector"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:
    """An empty vector store; every test that takes it runs on all three."""
    if request.param == "edge":
        edge = QdrantEdge(tmp_path / "vectors")
        yield edge
        edge.close()
    elif request.param == "server":
        # A real server when one is named; else the client's own implementation of it.
        url = os.environ.get("QDRANT_URL")
        server = QdrantServer(QdrantClient(url=url) if url else QdrantClient(":memory:"))
        for left in ("notes", "notes-2"):
            server.drop(left)
        yield server
        server.close()
    else:
        engine = open_engine(request.getfixturevalue("postgres").new_database())
        yield PgVector(engine)
        engine.dispose()


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[QdrantEdge]:
    """The embedded store, empty."""
    opened = QdrantEdge(tmp_path / "vectors")
    yield opened
    opened.close()


@pytest.fixture
def hashing() -> HashingEmbedder:
    """An embedder for tests where what a vector means is no matter."""
    return HashingEmbedder()


@pytest.fixture
def remembering(engine: Engine, edge: QdrantEdge, hashing: HashingEmbedder) -> SemanticMemory:
    """Semantic memory on both SQL engines, with the embedded vectors and a clock that stands still."""
    return SemanticMemory(engine, edge, hashing, clock=lambda: NOON)


@pytest.fixture(scope="session")
def minilm() -> Iterator[SentenceEmbedder]:
    """The real embedder, loaded once."""
    embedder = SentenceEmbedder()
    yield embedder
    embedder.close()


@pytest.fixture
def understanding(sqlite_engine: Engine, edge: QdrantEdge, minilm: SentenceEmbedder) -> SemanticMemory:
    """Semantic memory that understands: the real embedder."""
    return SemanticMemory(sqlite_engine, edge, minilm, clock=lambda: NOON)
