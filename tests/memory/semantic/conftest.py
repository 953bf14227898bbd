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
from memory.semantic.service import SemanticMemory
from memory.semantic.stores.base import VectorStore
from memory.semantic.stores.pgvector import PgVector
from memory.semantic.stores.qdrant_edge import QdrantEdge
from memory.semantic.stores.qdrant_server import QdrantServer
from models.local.embedder import SentenceEmbedder
from tests.postgres import PostgresServer

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
        postgres: PostgresServer = request.getfixturevalue("postgres")
        url = postgres.new_database()
        engine = open_engine(url)
        yield PgVector(engine)
        engine.dispose()
        postgres.drop(url)


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


@pytest.fixture
def understanding(sqlite_engine: Engine, edge: QdrantEdge, embedder: SentenceEmbedder) -> SemanticMemory:
    """Semantic memory that understands: the real embedder."""
    return SemanticMemory(sqlite_engine, edge, embedder, clock=lambda: NOON)
