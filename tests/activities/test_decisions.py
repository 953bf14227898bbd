"""Several questions in one activity: asked at once, kept once, and not asked again on a retry."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Engine
from temporalio.testing import ActivityEnvironment

from activities.decisions import DecisionActivities, steps_of
from contracts.decision import Decision, Inquiry, Provenance, Question
from memory.authoritative.decisions import SqlDecisions

CASE = "returns/webshop/RMA-1"


class Oracle:
    """Answers with the number of the question, and remembers how many were open at once."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = 0
        self.most_open = 0

    async def decide(self, question: Question, waited_seconds: float = 0.0) -> Decision:
        self.asked += 1
        number = self.asked
        if question.text == "trouble":
            raise RuntimeError("the model's process died")
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        await asyncio.sleep(0.01)
        self.open -= 1
        provenance = Provenance(by="local", name="oracle", version="1", inputs_hash="-")
        return Decision(task=question.task, outcome="answered", answer={"n": number}, provenance=provenance)


def inquiry(*texts: str) -> Inquiry:
    questions = tuple(Question(task="returns.intent", text=text) for text in texts)
    return Inquiry(case_id=CASE, step="read", questions=questions)


def attempt(number: int) -> ActivityEnvironment:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=number)
    return environment


def test_steps_are_named_by_task_and_numbered_when_a_task_is_asked_twice() -> None:
    assert steps_of(inquiry("a", "b", "c")) == [
        "read/returns.intent",
        "read/returns.intent#2",
        "read/returns.intent#3",
    ]


async def test_questions_are_asked_at_once_and_answered_in_order(engine: Engine) -> None:
    oracle, books = Oracle(), SqlDecisions(engine)
    answers = await attempt(1).run(DecisionActivities(oracle, books).decide, inquiry("a", "b", "c"))
    assert [answer.answer for answer in answers] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert oracle.most_open == 3
    assert list(books.of_case(CASE).values()) == list(answers)


async def test_a_retry_returns_what_was_kept_and_asks_nothing_again(engine: Engine) -> None:
    oracle = Oracle()
    activities = DecisionActivities(oracle, SqlDecisions(engine))
    first = await attempt(1).run(activities.decide, inquiry("a", "b"))
    again = await attempt(2).run(activities.decide, inquiry("a", "b"))
    # Beside a workflow, what is run again after a crash calls itself the first attempt.
    after_a_crash = await attempt(1).run(activities.decide, inquiry("a", "b"))
    assert again == after_a_crash == first
    assert oracle.asked == 2


async def test_what_was_answered_before_another_question_failed_is_kept(engine: Engine) -> None:
    oracle, books = Oracle(), SqlDecisions(engine)
    activities = DecisionActivities(oracle, books)
    with pytest.raises(RuntimeError, match="died"):
        await attempt(1).run(activities.decide, inquiry("a", "trouble"))
    assert [decision.answer for decision in books.of_case(CASE).values()] == [{"n": 1}]
