"""What the returns desk and a restart need of memory, through Temporal."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.worker import Worker

from activities.recall import RecallActivities
from benchmarks.hashing_embedder import HashingEmbedder
from contracts.ids import MEMORY_QUEUE
from contracts.memory import Context, ContextRequest, Memory, Remember, Remembered
from memory.semantic.service import SemanticMemory
from memory.semantic.stores.qdrant_edge import QdrantEdge
from service.memory_access import RETRIES


async def test_a_case_remembers_and_the_next_recalls_it_from_the_worker_that_took_over(
    temporal: Client, sqlite_engine: Engine, tmp_path: Path
) -> None:
    wait = timedelta(seconds=20)
    for number in range(2):
        edge = QdrantEdge(tmp_path / "vectors")
        serving = RecallActivities(SemanticMemory(sqlite_engine, edge, HashingEmbedder()))
        async with Worker(temporal, task_queue=MEMORY_QUEUE, activities=[serving.assemble, serving.remember]):
            if number == 0:
                memory = Memory(text="Boots came back too small: exchanged.", kind="case", source="case:1")
                done = await temporal.execute_activity(
                    "memory.remember",
                    Remember(memories=(memory, memory)),
                    id="remember-test",
                    task_queue=MEMORY_QUEUE,
                    result_type=Remembered,
                    start_to_close_timeout=wait,
                    retry_policy=RETRIES,
                )
                assert len(set(done.ids)) == 1
            else:
                context = await temporal.execute_activity(
                    "memory.assemble",
                    ContextRequest(case_id="2", question="boots too small", kinds=("case",)),
                    id="assemble-test",
                    task_queue=MEMORY_QUEUE,
                    result_type=Context,
                    start_to_close_timeout=wait,
                    retry_policy=RETRIES,
                )
                assert [piece.source for piece in context.evidence] == ["case:1"]
        edge.close()
