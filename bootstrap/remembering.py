"""Semantic memory, opened once a process."""

from collections.abc import Sequence
from functools import lru_cache

from activities.memory import MemoryActivities, RebuildActivities
from activities.recall import RecallActivities
from bootstrap.activity import Activity
from bootstrap.deciding import embedder
from bootstrap.office import policy_engine
from bootstrap.stores import database
from contracts.embedding import Embedder
from contracts.memory import Document, Memory
from memory.forgetting import CustomersWords
from memory.rebuild import CollectionRebuild
from memory.semantic import SemanticMemory
from memory.vectors import VectorStore
from models.embedder import SentenceEmbedder
from settings import Settings


def vector_store(settings: Settings) -> VectorStore:
    """Open the vector store that the settings name.

    Raises:
        FolderBusy: the store is embedded and another process, as a rule the worker, owns it.
    """
    # Each engine's library takes up to a second to import; only the one in use is.
    if settings.vector_store == "edge" and not settings.qdrant_url:
        from memory.qdrant_edge import QdrantEdge  # noqa: PLC0415 (see above)

        return QdrantEdge(settings.state / "vectors")
    if settings.vector_store != "pgvector":
        from qdrant_client import QdrantClient  # noqa: PLC0415 (see above)

        from memory.qdrant_server import QdrantServer  # noqa: PLC0415 (see above)

        return QdrantServer(QdrantClient(url=settings.qdrant_url or "http://127.0.0.1:6333"))
    from memory.pgvector import PgVector  # noqa: PLC0415 (see above)

    return PgVector(database(settings))


def recall(settings: Settings, embedder: Embedder, standing: Sequence[Document] = ()) -> SemanticMemory:
    """Open semantic memory; once a process, because the embedded store is locked by its owner.

    Args:
        settings: which database and which vector store.
        embedder: this process's own.
        standing: documents taken in at every start.

    Raises:
        FolderBusy: another process owns the embedded store.
    """
    books = database(settings)
    return SemanticMemory(
        books,
        vector_store(settings),
        embedder,
        load_embedder=SentenceEmbedder,
        caches=[CustomersWords(books)],
        standing=standing,
    )


def policy_sentences(settings: Settings) -> Document:
    """Return the sentences of the office's policies, so that they can stand as evidence in a case."""
    policies = policy_engine(settings).policies.values()
    return Document(
        source="policy",
        passages=tuple(
            Memory(text=each.reason, kind="policy", source=f"policy#{each.id}") for each in policies
        ),
    )


@lru_cache(maxsize=1)
def serving_memory(settings: Settings) -> SemanticMemory:
    """Return the memory that this worker serves, with the office's policies in it."""
    return recall(settings, embedder(settings), [policy_sentences(settings)])


async def warm_memory(settings: Settings) -> None:
    """Open memory, put right what a crash left, take the policies in; before the first case asks.

    Raises:
        FolderBusy: another process owns the embedded store.
        EmbedderMismatch: the vectors there are of an embedder that this process does not have.
    """
    await serving_memory(settings).start()


def recall_activities(settings: Settings) -> list[Activity]:
    """Return the activities of semantic memory; for the memory task queue."""
    memory = serving_memory(settings)
    serving, keeping = RecallActivities(memory), MemoryActivities(memory)
    rebuilding = RebuildActivities(CollectionRebuild(memory))
    return [
        serving.assemble,
        serving.remember,
        keeping.search,
        keeping.history,
        keeping.take_in,
        keeping.forget,
        keeping.stats,
        keeping.mend,
        rebuilding.begin,
        rebuilding.copy,
        rebuilding.compare,
        rebuilding.switch,
        rebuilding.previous,
    ]
