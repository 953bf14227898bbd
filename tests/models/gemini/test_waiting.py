"""A provider that asks to be asked later is, through Temporal, as long as the task can wait."""

import asyncio
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from sqlalchemy import Engine
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from activities.decisions import DecisionActivities
    from contracts.decision import Decision, Inquiry
    from contracts.failure import AskLater
    from memory.authoritative.decisions import SqlDecisions
    from models.routing.candidate import Asked, CandidateReply, Readiness
    from models.routing.catalogue import Catalogue, TaskSpec
    from models.routing.router import ModelRouter
    from sandbox.gemini.server import RunningGemini
    from tests.models.gemini.conftest import Asking
    from workflows.kernel import options

Strike = Callable[..., None]


def router(asking: Asking, **task: object) -> ModelRouter:
    """A router that can ask only Gemini."""
    changed = asking.task.model_copy(update={"candidates": ("gemini-flash",), **task})
    catalogue = Catalogue(models=asking.catalogue.models, tasks={"returns.intent": changed})
    return ModelRouter(catalogue, {"gemini-flash": asking.candidate}, budgets=asking.budgets)


class Sure:
    """A local model that is always sure; it satisfies `models.candidate.Candidate`."""

    by: Literal["local"] = "local"

    async def prepare(self, name: str, task: TaskSpec) -> Readiness:
        return Readiness()

    async def answer(self, asked: Asked) -> CandidateReply:
        return CandidateReply(outcome="answered", answer={"label": "return"}, why="always", version="1")


@workflow.defn
class AskWorkflow:
    @workflow.run
    async def run(self, inquiry: Inquiry) -> tuple[Decision, ...]:
        return await workflow.execute_activity_method(DecisionActivities.decide, inquiry, **options.MODEL)


async def test_a_limit_within_what_the_task_can_wait_is_waited_out(asking: Asking, strike: Strike) -> None:
    strike("rate_limited", seconds=2)
    asked = router(asking, wait_seconds=5)
    with pytest.raises(AskLater) as later:
        await asked.decide(asking.question)
    assert later.value.seconds == 2
    # In between it is left alone, and says for how long.
    with pytest.raises(AskLater) as again:
        await asked.decide(asking.question, 1.0)
    assert 0 < again.value.seconds <= 2


@pytest.mark.parametrize(("wait", "waited"), [(0.0, 0.0), (5.0, 4.0)])
async def test_a_limit_beyond_it_is_a_persons(
    asking: Asking, strike: Strike, wait: float, waited: float
) -> None:
    strike("rate_limited", seconds=2)
    decision = await router(asking, wait_seconds=wait).decide(asking.question, waited)
    assert decision.outcome == "unsure"
    assert "asked too often" in decision.provenance.route[-1].why


async def test_a_task_that_can_be_left_for_later_says_so_and_only_where_somebody_will_answer(
    asking: Asking, strike: Strike
) -> None:
    strike("unavailable", times=2)
    asked = router(asking, otherwise="later")
    assert (await asked.decide(asking.question)).outcome == "deferred"
    asking.secrets.values.clear()
    assert (await asked.decide(asking.question)).outcome == "unsure"


async def test_out_of_budget_is_on_the_route_and_pauses_nothing(
    asking: Asking, gemini: RunningGemini
) -> None:
    asked = router(asking, cost_ceiling_microusd=10)
    decision = await asked.decide(asking.question)
    assert decision.outcome == "unsure"
    assert "the ceiling is $0.00001" in decision.provenance.route[0].why
    assert gemini.state.done["calls"] == 0


async def test_out_of_money_the_next_candidate_answers_and_after_the_last_a_person(
    asking: Asking, gemini: RunningGemini
) -> None:
    assert asking.budgets.reserve("returns", "others", 9_999_999, datetime.now(UTC)) is not None
    task = asking.task.model_copy(update={"candidates": ("gemini-flash", "head")})
    catalogue = Catalogue(models=asking.catalogue.models, tasks={"returns.intent": task})
    both = ModelRouter(catalogue, {"gemini-flash": asking.candidate, "head": Sure()}, budgets=asking.budgets)
    decision = await both.decide(asking.question)
    assert (decision.outcome, decision.provenance.by) == ("answered", "local")
    assert "the budget has" in decision.provenance.route[0].why
    assert (await router(asking).decide(asking.question)).outcome == "unsure"
    assert gemini.state.done["calls"] == 0


async def test_temporal_waits_as_long_as_the_provider_asks_and_asks_again(
    asking: Asking, gemini: RunningGemini, strike: Strike, temporal: Client, books: Engine
) -> None:
    strike("rate_limited", seconds=1.5)
    serving = DecisionActivities(router(asking, wait_seconds=10), SqlDecisions(books))
    queue = f"ask-{uuid.uuid4().hex}"
    inquiry = Inquiry(case_id=asking.question.case_id, step="read", questions=(asking.question,))
    began = time.monotonic()
    async with Worker(temporal, task_queue=queue, workflows=[AskWorkflow], activities=[serving.decide]):
        async with asyncio.timeout(30):
            [decision] = await temporal.execute_workflow(
                AskWorkflow.run, inquiry, id=queue, task_queue=queue, task_timeout=timedelta(seconds=5)
            )
    assert (decision.outcome, decision.answer) == ("answered", {"label": "return"})
    assert time.monotonic() - began >= 1.5
    assert gemini.state.done["calls"] == 2
