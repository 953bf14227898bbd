"""A batch job is handed in once, asked for at growing intervals, and survives whoever handed it in."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.model_batches import ModelBatchActivities
from contracts.decision import Decision, Inquiry, Question
from contracts.ids import MODELS_QUEUE
from contracts.model_batch import BatchJob
from memory.authoritative.decisions import SqlDecisions
from models.gemini.batch import GeminiBatches
from models.gemini.client import GeminiDoor
from models.gemini.prompts import load_prompts
from sandbox.gemini.server import RunningGemini
from tests.models.gemini.conftest import Asking
from tests.workflows.kernel.approvals.serving import workflow_runner
from workflows.kernel.model_batch import ModelBatchWorkflow

Strike = Callable[..., None]
Handle = WorkflowHandle[ModelBatchWorkflow, tuple[Decision, ...]]
TEXTS = ("I want to send it back, please.", "Where is my parcel?", "Cancel it or send it back.")


class Jobs:
    """Batch jobs over the socket, with workers that can be stopped and started."""

    def __init__(self, client: Client, asking: Asking, office: Path, books: Engine) -> None:
        self.client, self.asking, self.books = client, asking, books
        self.case = f"returns/test/{uuid.uuid4().hex[:8]}"
        door = GeminiDoor(asking.url)
        self.batches = GeminiBatches(
            asking.catalogue,
            load_prompts(office, asking.catalogue),
            door,
            asking.secrets,
            budgets=asking.budgets,
            meter=asking.counts.meter,
        )
        self.close = door.close

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        work = ModelBatchActivities(self.batches, SqlDecisions(self.books))
        # The queue is the product's own: only batch activities are on it in these tests.
        async with Worker(
            self.client,
            task_queue=MODELS_QUEUE,
            workflows=[ModelBatchWorkflow],
            workflow_runner=workflow_runner(),
            activities=[work.submit, work.poll, work.cancel, work.collect],
        ):
            yield

    async def start(self, texts: tuple[str, ...] = TEXTS, **patience: float) -> Handle:
        questions = tuple(
            Question(task="returns.intent", text=text, case_id=self.case, desk="returns") for text in texts
        )
        inquiry = Inquiry(case_id=self.case, step="later", questions=questions)
        given = {"first_poll_seconds": 0.2, "longest_poll_seconds": 1.0, **patience}
        return await self.client.start_workflow(
            ModelBatchWorkflow.run,
            BatchJob.model_validate({"inquiry": inquiry, **given}),
            id=self.case,
            task_queue=MODELS_QUEUE,
        )

    def money(self) -> tuple[int, int]:
        [line] = [
            line
            for line in self.asking.budgets.lines("returns", self.case, datetime.now(UTC))
            if line.account.startswith("case/")
        ]
        return line.spent, line.reserved


@pytest.fixture
async def jobs(temporal: Client, asking: Asking, office: Path, books: Engine) -> AsyncIterator[Jobs]:
    found = Jobs(temporal, asking, office, books)
    yield found
    await found.close()


async def result(handle: Handle) -> tuple[Decision, ...]:
    async with asyncio.timeout(40):
        return tuple(await handle.result())


async def polled(gemini: RunningGemini) -> None:
    """Wait until somebody has asked how a job stands."""
    deadline = asyncio.get_running_loop().time() + 20
    while asyncio.get_running_loop().time() < deadline:
        if gemini.state.done["polls"]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nobody asked how the job stands")


async def test_answers_come_back_in_order_at_the_batch_price(jobs: Jobs, gemini: RunningGemini) -> None:
    async with jobs.worker():
        decisions = await result(await jobs.start())
    assert [each.outcome for each in decisions] == ["answered", "answered", "unsure"]
    assert [each.answer for each in decisions[:2]] == [{"label": "return"}, {"label": "where_is_it"}]
    cost = sum(each.provenance.cost_microusd for each in decisions)
    assert jobs.money() == (cost, 0)
    whole = await jobs.asking.ask(text=TEXTS[0])
    assert decisions[0].provenance.cost_microusd <= whole.cost_microusd / 2 + 1
    assert set(SqlDecisions(jobs.books).of_case(jobs.case)) == {
        "later/returns.intent@batch",
        "later/returns.intent#2@batch",
        "later/returns.intent#3@batch",
    }
    assert gemini.state.done["batches"] == 1


async def test_a_job_that_was_taken_though_we_were_told_otherwise_is_found_and_not_handed_in_again(
    jobs: Jobs, gemini: RunningGemini, strike: Strike
) -> None:
    strike("unavailable")
    async with jobs.worker():
        decisions = await result(await jobs.start(TEXTS[:1]))
    assert decisions[0].outcome == "answered"
    assert len(gemini.state.batches) == 1
    assert jobs.money() == (decisions[0].provenance.cost_microusd, 0)


async def test_a_job_goes_on_while_nobody_watches_and_its_answers_are_fetched_by_the_next_worker(
    jobs: Jobs, gemini: RunningGemini
) -> None:
    gemini.state.batch_seconds = 2.0
    try:
        async with jobs.worker():
            handle = await jobs.start(TEXTS[:1])
            await polled(gemini)
        async with jobs.worker():
            [decision] = await result(handle)
    finally:
        gemini.state.batch_seconds = 0.3
    assert decision.outcome == "answered"
    assert len(gemini.state.batches) == 1


async def test_a_job_that_fails_goes_to_people_and_costs_nothing(jobs: Jobs, strike: Strike) -> None:
    strike("batch_failed")
    async with jobs.worker():
        decisions = await result(await jobs.start())
    assert {each.outcome for each in decisions} == {"unsure"}
    assert "the batch job ended as JOB_STATE_FAILED" in decisions[0].provenance.route[0].why
    assert jobs.money() == (0, 0)


async def test_a_job_that_takes_too_long_is_cancelled_and_its_money_stays_set_aside(
    jobs: Jobs, gemini: RunningGemini
) -> None:
    gemini.state.batch_seconds = 60.0
    try:
        async with jobs.worker():
            [decision] = await result(await jobs.start(TEXTS[:1], give_up_seconds=1.0))
    finally:
        gemini.state.batch_seconds = 0.3
    assert decision.outcome == "unsure"
    assert [batch.state for batch in gemini.state.batches.values()] == ["BATCH_STATE_CANCELLED"]
    assert jobs.money()[1] > 0


async def test_without_money_nothing_is_handed_in(jobs: Jobs, gemini: RunningGemini) -> None:
    assert jobs.asking.budgets.reserve("returns", "other", 9_999_999, datetime.now(UTC)) is not None
    async with jobs.worker():
        decisions = await result(await jobs.start())
    assert {each.outcome for each in decisions} == {"unsure"}
    assert "budget" in decisions[0].provenance.route[0].why
    assert not gemini.state.batches
