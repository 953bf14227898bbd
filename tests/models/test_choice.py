"""The choice is a pure function: same facts, same route, and every refusal has its words."""

from datetime import date

import pytest

from models.routing.candidate import AcceptRule, Readiness
from models.routing.catalogue import ModelSpec, TaskSpec
from models.routing.choice import CandidateState, choose, dollars
from models.routing.health import Health, HealthRecord

TASK = TaskSpec(
    contract="label",
    labels={"a": "", "b": ""},
    latency_ms=2000,
    cost_ceiling_microusd=5000,
    target_error=0.05,
    sensitivity="personal",
    candidates=("head", "gemini"),
)
HEAD = ModelSpec(kind="head", typical_latency_ms=10)
GEMINI = ModelSpec(
    kind="gemini",
    id="flash",
    secret="key",
    priced_on=date(2026, 1, 1),
    may_see="personal",
    typical_latency_ms=1200,
    longest_characters=4000,
    input_usd_per_million=1.0,
    output_usd_per_million=2.0,
    prompt_tokens=500,
    most_output_tokens=100,
)
NOTHING_ACCEPTED = AcceptRule(
    threshold=None,
    coverage=0,
    error=0,
    error_bound=1,
    target_error=0.05,
    target_confidence=0.9,
    held_out=100,
)


def standing(**facts: object) -> CandidateState:
    values: dict[str, object] = {"name": "gemini", "model": GEMINI, "readiness": Readiness()}
    return CandidateState.model_validate(values | facts)


def test_everything_in_order_may_be_asked_in_the_tasks_order() -> None:
    head = CandidateState(name="head", model=HEAD, readiness=Readiness())
    steps = choose(TASK, 100, [head, standing(budget_left_microusd=10_000)])
    assert [(step.candidate, step.taken) for step in steps] == [("head", True), ("gemini", True)]
    assert steps[0].why == "may be asked: free, about 10 ms"
    assert steps[1].why == "may be asked: at most $0.0008, about 1200 ms"


@pytest.mark.parametrize(
    ("facts", "characters", "why"),
    [
        ({"readiness": Readiness(unavailable="no key")}, 100, "no key"),
        (
            {"model": GEMINI.model_copy(update={"may_see": "internal"})},
            100,
            "personal text may not go to it, only internal",
        ),
        ({}, 4001, "the text has 4001 characters, it takes 4000"),
        ({"readiness": Readiness(accept=NOTHING_ACCEPTED)}, 100, "no threshold keeps its errors under 5%"),
        ({"health": Health(paused_seconds=12.4)}, 100, "it failed lately and is left alone for 12 s"),
        ({"health": Health(latency_ms=2500)}, 100, "it takes 2500 ms, 2000 ms are left"),
        (
            {"model": GEMINI.model_copy(update={"output_usd_per_million": 100})},
            100,
            "it may cost $0.0106, the ceiling is $0.005",
        ),
        ({"budget_left_microusd": 799}, 100, "it may cost $0.0008, the budget has $0.000799 left"),
    ],
)
def test_each_reason_against_a_candidate_is_said(facts: dict[str, object], characters: int, why: str) -> None:
    [step] = choose(TASK, characters, [standing(**facts)])
    assert (step.taken, step.why) == (False, why)


def test_latency_that_an_earlier_candidate_may_use_up_is_not_there_for_a_later_one() -> None:
    slow = CandidateState(
        name="head",
        model=HEAD.model_copy(update={"typical_latency_ms": 900}),
        readiness=Readiness(),
    )
    steps = choose(TASK, 100, [slow, standing()])
    assert steps[1].why == "it takes 1200 ms, 1100 ms are left"


def test_measured_latency_replaces_the_typical_one() -> None:
    [step] = choose(TASK, 100, [standing(health=Health(latency_ms=300))])
    assert step.taken
    assert step.why.endswith("about 300 ms")


def test_three_failures_in_a_row_pause_a_model_and_time_heals_it() -> None:
    record = HealthRecord()
    record.failed(100.0)
    record.answered(40.0)
    record.failed(101.0)
    record.failed(102.0)
    assert record.at(102.0).paused_seconds == 0
    record.failed(103.0)
    assert record.at(104.0).paused_seconds == pytest.approx(29.0)
    assert record.at(134.0).paused_seconds == 0
    assert record.at(134.0).latency_ms == 40.0


def test_a_providers_wish_to_wait_is_respected_at_once() -> None:
    record = HealthRecord()
    record.failed(10.0, retry_after_seconds=7)
    assert record.at(12.0).paused_seconds == pytest.approx(5.0)


def test_small_money_is_readable() -> None:
    assert [dollars(cost) for cost in (0, 1, 1500, 2_000_000)] == ["$0", "$0.000001", "$0.0015", "$2"]
