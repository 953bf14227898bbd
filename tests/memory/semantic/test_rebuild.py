"""Another embedder beside the first: recall goes on, the switch is one step, and there is a way back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio.client import Client, WorkflowFailureError
from temporalio.worker import Worker

from activities.memory import MemoryActivities, RebuildActivities
from activities.recall import RecallActivities
from benchmarks.hashing_embedder import HashingEmbedder
from contracts.ids import CONTROL_QUEUE, MEMORY_QUEUE
from contracts.memory import Document, Memory, Rebuild, Search
from memory.semantic.collections import Collection, NothingToSwitchTo
from memory.semantic.rebuild import CollectionRebuild
from memory.semantic.service import SemanticMemory
from memory.semantic.stores.qdrant_edge import QdrantEdge
from models.local.embedder import SentenceEmbedder
from service.memory_access import AskedWorker
from workflows.kernel.memory_rebuild import WORKFLOW_ID, MemoryRebuildWorkflow

COUNT = 700


class Shortened:
    """The real embedder with only the first so many numbers of each vector, as a second real one."""

    def __init__(self, whole: SentenceEmbedder, dimension: int) -> None:
        self._whole = whole
        self.identity = whole.identity.model_copy(
            update={"name": f"shortened-{dimension}", "dimension": dimension}
        )
        self.count_tokens = whole.count_tokens

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors = await self._whole.embed(texts)
        return [self._shorten(vector) for vector in vectors]

    def _shorten(self, vector: list[float]) -> list[float]:
        kept = vector[: self.identity.dimension]
        length = sum(value * value for value in kept) ** 0.5
        return [value / length for value in kept]


def load(name: str) -> HashingEmbedder:
    if not name.startswith("hashing-"):
        raise LookupError(f"no embedder {name}")
    return HashingEmbedder(int(name.removeprefix("hashing-")), name=name)


def memories(count: int = COUNT) -> list[Memory]:
    return [
        Memory(
            text=f"note {number}: parcel {number * 7919 % 10007} in shelf {number}", kind="note", source="s"
        )
        for number in range(count)
    ]


async def find(memory: SemanticMemory, number: int) -> str:
    (found,) = await memory.search(Search(question=f"note {number} shelf {number}", limit=1))
    return found.text


@asynccontextmanager
async def serving(client: Client, memory: SemanticMemory) -> AsyncIterator[None]:
    rebuilding = RebuildActivities(CollectionRebuild(memory))
    keeping = MemoryActivities(memory)
    recalling = RecallActivities(memory)
    activities: list[Callable[..., object]] = [
        *(rebuilding.begin, rebuilding.copy, rebuilding.compare, rebuilding.switch, rebuilding.previous),
        *(keeping.search, keeping.history, keeping.take_in, keeping.forget, keeping.stats, keeping.mend),
        *(recalling.assemble, recalling.remember),
    ]
    async with (
        Worker(client, task_queue=MEMORY_QUEUE, activities=activities),
        Worker(client, task_queue=CONTROL_QUEUE, workflows=[MemoryRebuildWorkflow]),
    ):
        yield


async def test_a_rebuild_switches_and_can_switch_back_with_what_was_written_since(
    temporal: Client, engine: Engine, edge: QdrantEdge
) -> None:
    memory = SemanticMemory(engine, edge, HashingEmbedder(64, name="hashing-64"), load_embedder=load)
    await memory.remember(memories())
    async with serving(temporal, memory):
        built = await temporal.execute_workflow(
            MemoryRebuildWorkflow.run,
            Rebuild(embedder="hashing-128", sample=20, least=0.0),
            id=WORKFLOW_ID,
            task_queue=CONTROL_QUEUE,
        )
        assert built.switched
        assert built.comparison is not None
        assert (built.vectors, built.comparison.asked) == (COUNT, 20)
        (late,) = await memory.remember(
            [Memory(text="note 9001: parcel 1 in shelf 9001", kind="note", source="s")]
        )
        assert await find(memory, 9001) == "note 9001: parcel 1 in shelf 9001"
        back = await temporal.execute_workflow(
            MemoryRebuildWorkflow.run, Rebuild(back=True), id=WORKFLOW_ID, task_queue=CONTROL_QUEUE
        )
    assert (back.collection, back.previous) == (built.previous, built.collection)
    assert await find(memory, 9001) == "note 9001: parcel 1 in shelf 9001"
    assert late in set(edge.ids(back.collection))
    assert [each.disagreements for each in await memory.agreement()] == [0, 0]
    # Another process, whose own embedder is the first, finds the collection's own again.
    stats = await SemanticMemory(engine, edge, HashingEmbedder(64, name="hashing-64")).stats()
    assert [each.current for each in stats.collections] == [True, False]


async def test_recall_goes_on_while_the_second_collection_is_built_and_sees_no_half_of_it(
    sqlite_engine: Engine, edge: QdrantEdge
) -> None:
    memory = SemanticMemory(sqlite_engine, edge, HashingEmbedder(64, name="hashing-64"), load_embedder=load)
    await memory.remember(memories())
    steps = CollectionRebuild(memory)
    collection, left = await steps.begin("hashing-128")
    assert left == COUNT
    with pytest.raises(NothingToSwitchTo, match=f"{COUNT} vectors"):
        memory.aliases.switch(collection, memory.clock())
    searches = 0

    async def search() -> None:
        nonlocal searches
        while memory.marks.count(collection):
            assert await find(memory, 123) == "note 123: parcel 3358 in shelf 123"
            searches += 1

    async def build() -> None:
        while await steps.copy(collection):
            pass

    await asyncio.gather(search(), build())
    assert searches > 0
    previous = await steps.switch(collection)
    assert previous != collection
    assert await find(memory, 123) == "note 123: parcel 3358 in shelf 123"


async def test_a_rebuild_that_was_cut_short_goes_on_where_it_stood(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    first = QdrantEdge(tmp_path / "v")
    memory = SemanticMemory(sqlite_engine, first, HashingEmbedder(64, name="hashing-64"), load_embedder=load)
    await memory.remember(memories())
    collection, _ = await CollectionRebuild(memory).begin("hashing-128")
    await memory.indexer.settle((await _find(memory, collection)), batches=1)
    memory.close()
    second = QdrantEdge(tmp_path / "v")
    again = SemanticMemory(sqlite_engine, second, HashingEmbedder(64, name="hashing-64"), load_embedder=load)
    found, left = await CollectionRebuild(again).begin("hashing-128")
    assert found == collection
    assert 0 < left < COUNT
    again.close()


async def _find(memory: SemanticMemory, name: str) -> Collection:
    found = memory.aliases.find(name)
    assert found is not None
    return found


async def test_a_worse_embedder_is_not_switched_to(
    temporal: Client, sqlite_engine: Engine, edge: QdrantEdge, embedder: SentenceEmbedder
) -> None:
    poor = Shortened(embedder, 2)
    memory = SemanticMemory(sqlite_engine, edge, embedder, load_embedder=lambda _name: poor)
    await memory.remember(
        [
            Memory(text=f"{thing} {rule}", kind="policy", source="p")
            for thing in ("Boots", "Lamps", "Books", "Chairs", "Phones", "Bicycles")
            for rule in ("may be returned within 30 days.", "are repaired for free.", "are sent by parcel.")
        ]
    )
    async with serving(temporal, memory):
        built = await temporal.execute_workflow(
            MemoryRebuildWorkflow.run,
            Rebuild(embedder="poor", sample=18),
            id=WORKFLOW_ID,
            task_queue=CONTROL_QUEUE,
        )
    assert built.comparison is not None
    assert not built.switched
    assert built.comparison.at5 < 0.9 * built.comparison.old_at5
    current = memory.aliases.current()
    assert current is not None
    assert current.identity == embedder.identity


async def test_an_embedder_that_cannot_be_loaded_ends_the_rebuild_at_once(
    temporal: Client, sqlite_engine: Engine, edge: QdrantEdge
) -> None:
    memory = SemanticMemory(sqlite_engine, edge, HashingEmbedder(), load_embedder=load)
    async with serving(temporal, memory):
        with pytest.raises(WorkflowFailureError) as failed:
            await temporal.execute_workflow(
                MemoryRebuildWorkflow.run,
                Rebuild(embedder="none"),
                id=WORKFLOW_ID,
                task_queue=CONTROL_QUEUE,
            )
    assert "no embedder none" in str(failed.value.cause.__cause__)
    assert [each.state for each in memory.aliases.all()] == ["ready"]


async def test_forgetting_reaches_the_collection_that_is_kept_for_going_back(
    sqlite_engine: Engine, edge: QdrantEdge
) -> None:
    memory = SemanticMemory(sqlite_engine, edge, HashingEmbedder(64, name="hashing-64"), load_embedder=load)
    await memory.remember(
        [Memory(text="Wanted boots.", kind="case", source="c", customer="c-1"), *memories(5)]
    )
    steps = CollectionRebuild(memory)
    collection, _ = await steps.begin("hashing-128")
    await steps.switch(collection)
    gone = await memory.forget("c-1")
    assert (gone.memories, gone.vectors) == (1, 2)
    assert [edge.count(each.name) for each in memory.aliases.all()] == [5, 5]


async def test_a_command_asks_the_worker_that_owns_the_vectors(
    temporal: Client, sqlite_engine: Engine, edge: QdrantEdge
) -> None:
    memory = SemanticMemory(sqlite_engine, edge, HashingEmbedder())
    asking = AskedWorker(temporal)
    async with serving(temporal, memory):
        (id_,) = await asking.remember(
            [Memory(text="Boots for c-1.", kind="note", source="s", customer="c-1")]
        )
        document = Document(source="d", passages=(Memory(text="Lamps.", kind="post", source="d"),))
        assert (await asking.take_in([document])).fresh == 1
        assert [each.id for each in await asking.search(Search(question="boots", limit=1))] == [id_]
        assert [each.id for each in await asking.history(id_)] == [id_]
        assert (await asking.stats()).live == 2
        assert [each.disagreements for each in await asking.mend()] == [0]
        assert (await asking.forget("c-1")).memories == 1
        with pytest.raises(RuntimeError, match="UnknownMemory"):
            await asking.remember([Memory(text="B", kind="note", source="s", supersedes=id_)])
