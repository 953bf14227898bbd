"""An office with the toy desk, its worker in this process."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

import worker
from activities.memory import MemoryActivities
from activities.recall import RecallActivities
from benchmarks.hashing_embedder import HashingEmbedder
from bootstrap.installation import Installation
from cli.stack.dev_server import DevServer
from contracts.desk import Activity
from contracts.ids import MEMORY_QUEUE
from memory.authoritative.erasure import CustomerTextEraser
from memory.semantic.service import SemanticMemory
from memory.semantic.stores.qdrant_edge import QdrantEdge
from settings import Settings, settings
from tests.desks.toy.desk import DESK
from tests.desks.toy.kontor import OFFICE, Toy
from workflows.registry import kept_fields, registered


@pytest.fixture
def office(tmp_path: Path, temporal_server: DevServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE", "KONTOR_PERSON"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KONTOR_OFFICE", str(OFFICE))
    monkeypatch.setenv("KONTOR_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("KONTOR_TEMPORAL_ADDRESS", temporal_server.address)
    monkeypatch.setenv("TOY_BOARD", str(tmp_path / "board"))
    settings.cache_clear()
    with registered(DESK):
        yield settings()
    settings.cache_clear()


@pytest.fixture
async def toy(temporal: Client, office: Settings, tmp_path: Path) -> AsyncIterator[Toy]:
    async with Installation(office) as installation, AsyncExitStack() as stack:
        memory = SemanticMemory(
            installation.database,
            QdrantEdge(tmp_path / "vectors"),
            HashingEmbedder(),
            caches=[CustomerTextEraser(installation.journal, kept_fields())],
        )
        stack.callback(memory.close)
        recalling, keeping = RecallActivities(memory), MemoryActivities(memory)
        remembering: list[Activity] = [recalling.assemble, recalling.remember, keeping.forget]
        for one in (
            *worker.control(temporal, installation),
            *worker.connectors(temporal, installation),
            Worker(temporal, task_queue=MEMORY_QUEUE, activities=remembering),
        ):
            await stack.enter_async_context(one)
        yield Toy(temporal, installation, tmp_path)
