"""The router asks in order, stops at the first that stands by its answer, and else says unsure."""

import asyncio
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import pytest

from contracts.decision import Decision, Question
from models.routing.candidate import Asked, CandidateFailed, CandidateReply, Readiness
from models.routing.catalogue import Catalogue, ModelSpec, TaskSpec
from models.routing.router import ModelRouter

PAID = {"id": "flash", "secret": "key", "priced_on": date(2026, 1, 1), "input_usd_per_million": 1.0}
CATALOGUE = Catalogue(
    models={
        "head": ModelSpec(kind="head"),
        "gemini": ModelSpec.model_validate({"kind": "gemini", "typical_latency_ms": 50} | PAID),
    },
    tasks={
        "t": TaskSpec(
            contract="label",
            labels={"a": "", "b": ""},
            latency_ms=300,
            cost_ceiling_microusd=10_000,
            target_error=0.05,
            candidates=("head", "gemini"),
        )
    },
)


@dataclass
class Scripted:
    """A candidate that says what it is told to."""

    says: list[CandidateReply | Exception | float]
    by: Literal["local", "gemini", "rule"] = "local"
    readiness: Readiness = field(default_factory=Readiness)
    asked: int = 0

    async def prepare(self, name: str, task: TaskSpec) -> Readiness:
        return self.readiness

    async def answer(self, asked: Asked) -> CandidateReply:
        self.asked += 1
        said = self.says[min(self.asked, len(self.says)) - 1]
        if isinstance(said, float):
            await asyncio.sleep(said)
            return reply("answered", "a", 1.0)
        if isinstance(said, Exception):
            raise said
        return said


def reply(
    outcome: Literal["answered", "unsure", "ungrounded"], label: str, sure: float, cost: int = 0
) -> CandidateReply:
    return CandidateReply(
        outcome=outcome,
        answer={"label": label},
        why=f"confidence {sure}",
        version="v1",
        confidence=sure,
        cost_microusd=cost,
    )


async def decide(**candidates: Scripted) -> Decision:
    return await ModelRouter(CATALOGUE, candidates).decide(Question(task="t", text="hello"))


def route(decision: Decision) -> list[tuple[str, bool, str]]:
    return [(step.candidate, step.taken, step.why) for step in decision.provenance.route]


async def test_the_first_that_stands_by_its_answer_decides_and_the_next_is_not_asked() -> None:
    gemini = Scripted([reply("answered", "b", 0.9)], by="gemini")
    decision = await decide(head=Scripted([reply("answered", "a", 0.97)]), gemini=gemini)
    assert (decision.outcome, decision.answer) == ("answered", {"label": "a"})
    assert (decision.provenance.by, decision.provenance.name) == ("local", "t@head")
    assert route(decision) == [
        ("head", True, "confidence 0.97"),
        ("gemini", False, "not needed: an earlier one answered"),
    ]
    assert gemini.asked == 0


async def test_what_the_first_is_unsure_of_goes_to_the_next() -> None:
    decision = await decide(
        head=Scripted([reply("unsure", "a", 0.5)]),
        gemini=Scripted([reply("answered", "b", 0.9, cost=120)], by="gemini"),
    )
    assert (decision.answer, decision.provenance.by) == ({"label": "b"}, "gemini")
    assert decision.provenance.cost_microusd == 120
    assert [step.taken for step in decision.provenance.route] == [False, True]


async def test_what_nobody_may_answer_is_unsure_with_the_best_guess() -> None:
    decision = await decide(
        head=Scripted([reply("unsure", "a", 0.6)]),
        gemini=Scripted([], readiness=Readiness(unavailable="no key is set")),
    )
    assert (decision.outcome, decision.answer) == ("unsure", {"label": "a"})
    assert decision.provenance.confidence == 0.6
    assert route(decision)[1] == ("gemini", False, "no key is set")


async def test_a_named_failure_is_told_beside_the_best_guess() -> None:
    decision = await decide(
        head=Scripted([reply("unsure", "a", 0.6)]),
        gemini=Scripted([reply("ungrounded", "b", 0.9, cost=80)], by="gemini"),
    )
    assert (decision.outcome, decision.answer) == ("ungrounded", {"label": "a"})
    assert (decision.provenance.by, decision.provenance.cost_microusd) == ("gemini", 80)


async def test_with_nobody_to_ask_a_decision_still_says_why() -> None:
    decision = await decide()
    assert (decision.outcome, decision.answer) == ("unsure", None)
    assert [why for _, _, why in route(decision)] == ["it is not set up in this installation"] * 2


async def test_a_candidate_that_stalls_is_cut_off_by_the_tasks_latency_budget() -> None:
    decision = await decide(head=Scripted([reply("unsure", "a", 0.6)]), gemini=Scripted([5.0], by="gemini"))
    assert decision.outcome == "unsure"
    assert route(decision)[1][2].startswith("no answer within ")


async def test_a_candidate_that_fails_three_times_is_left_alone_for_a_while() -> None:
    gemini = Scripted([CandidateFailed("503 from the provider")], by="gemini")
    now = [1000.0]
    router = ModelRouter(
        CATALOGUE,
        {"head": Scripted([reply("unsure", "a", 0.6)]), "gemini": gemini},
        monotonic=lambda: now[0],
    )
    decisions = [await router.decide(Question(task="t", text="hello")) for _ in range(4)]
    assert gemini.asked == 3
    assert route(decisions[2])[1][2] == "503 from the provider"
    assert route(decisions[3])[1][2] == "it failed lately and is left alone for 30 s"
    now[0] += 31
    await router.decide(Question(task="t", text="hello"))
    assert gemini.asked == 4


async def test_two_cases_that_ask_the_same_have_the_same_inputs_hash() -> None:
    router = ModelRouter(CATALOGUE, {"head": Scripted([reply("answered", "a", 0.9)])})
    one, two, other = [
        (await router.decide(Question(task="t", text=text, case_id=case))).provenance.inputs_hash
        for text, case in (("hi", "c1"), ("hi", "c2"), ("ho", "c1"))
    ]
    assert one == two != other


async def test_a_task_that_the_office_does_not_have_is_an_error() -> None:
    with pytest.raises(KeyError, match="dance"):
        await ModelRouter(CATALOGUE, {}).decide(Question(task="dance", text="?"))
