"""Critical answers are given by two workers on two queues and must agree; a single vote never stands."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

import pytest
from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.worker import Worker

from activities.decisions import DecisionActivities
from contracts.decision import Decision, Inquiry, Provenance, Question
from memory.authoritative.decisions import SqlDecisions
from tests.models.gemini.voting import Voting, VotingWorkflow
from tests.workflows.kernel.approvals.serving import workflow_runner

Outcome = Literal["answered", "unsure", "blocked"]


class Zone:
    """A router that always says the same; it satisfies `activities.ports.Router`."""

    def __init__(self, label: str, outcome: Outcome = "answered", *, critical: bool = True) -> None:
        self.label, self.outcome, self.critical = label, outcome, critical
        self.asked: list[str] = []

    async def decide(self, question: Question, waited_seconds: float = 0.0) -> Decision:
        self.asked.append(question.task)
        return Decision(
            task=question.task,
            outcome=self.outcome,
            answer={"label": self.label},
            provenance=Provenance(by="local", name="zone", version="1", inputs_hash="0", cost_microusd=3),
            critical=self.critical,
        )


class Voters:
    """Two zones of a test, each with a worker of its own, or none."""

    def __init__(self, client: Client, books: Engine) -> None:
        self.client, self.books = client, books
        self.name = uuid.uuid4().hex[:8]

    @asynccontextmanager
    async def serving(self, zones: Mapping[str, Zone]) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            control = Worker(
                self.client,
                task_queue=self.name,
                workflows=[VotingWorkflow],
                workflow_runner=workflow_runner(),
            )
            await stack.enter_async_context(control)
            for zone, says in zones.items():
                serving = DecisionActivities(says, SqlDecisions(self.books))
                worker = Worker(self.client, task_queue=f"{self.name}-{zone}", activities=[serving.decide])
                await stack.enter_async_context(worker)
            yield

    async def vote(self) -> Decision:
        question = Question(task="returns.intent", text="send it back", case_id=self.name, desk="returns")
        voting = Voting(
            inquiry=Inquiry(case_id=self.name, step="read", questions=(question,)),
            first=f"{self.name}-a",
            second=f"{self.name}-b",
        )
        async with asyncio.timeout(30):
            [decision] = await self.client.execute_workflow(
                VotingWorkflow.run, voting, id=self.name, task_queue=self.name
            )
        return decision


@pytest.fixture
def voters(temporal: Client, books: Engine) -> Voters:
    return Voters(temporal, books)


async def test_two_zones_that_agree_answer_and_both_votes_are_on_record(voters: Voters) -> None:
    async with voters.serving({"a": Zone("return"), "b": Zone("return")}):
        decision = await voters.vote()
    assert (decision.outcome, decision.answer) == ("answered", {"label": "return"})
    assert decision.provenance.route[-1].why == "it says the same"
    assert decision.provenance.cost_microusd == 6
    kept = SqlDecisions(voters.books).of_case(voters.name)
    assert set(kept) == {"read/returns.intent", f"read@{voters.name}-b/returns.intent"}


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (Zone("cancel"), "it says something else"),
        (Zone("return", "unsure"), "it is unsure"),
        (Zone("return", "blocked"), "it is blocked"),
    ],
    ids=["another mind", "unsure", "blocked"],
)
async def test_two_zones_that_do_not_agree_leave_it_to_a_person(
    voters: Voters, second: Zone, why: str
) -> None:
    async with voters.serving({"a": Zone("return"), "b": second}):
        decision = await voters.vote()
    assert (decision.outcome, decision.answer) == ("unsure", {"label": "return"})
    assert decision.provenance.route[-1].why == why


async def test_a_second_zone_that_is_down_leaves_it_to_a_person(voters: Voters) -> None:
    async with voters.serving({"a": Zone("return")}):
        decision = await voters.vote()
    assert decision.outcome == "unsure"
    assert decision.provenance.route[-1].why == "it did not answer in time"


async def test_a_first_zone_that_is_down_leaves_it_to_a_person_and_not_to_the_second(
    voters: Voters,
) -> None:
    second = Zone("return")
    async with voters.serving({"b": second}):
        decision = await voters.vote()
    assert (decision.outcome, decision.answer, second.asked) == ("unsure", None, [])


async def test_what_is_not_critical_or_not_answered_is_not_asked_twice(voters: Voters) -> None:
    second = Zone("return")
    async with voters.serving({"a": Zone("return", critical=False), "b": second}):
        assert (await voters.vote()).outcome == "answered"
    assert second.asked == []
