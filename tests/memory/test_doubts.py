"""What people may correct: unsure decisions, and those whose case people took another way."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Engine

from contracts.case import CaseRecord, CaseStatus
from contracts.decision import Decision, Provenance
from memory.authoritative.decisions import SqlDecisions, SqlReviewQueue
from tests.memory.audit_helpers import keep_case

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
TASK = "returns.intent"
WORDS = {"returns": ("message",)}


def decided(
    engine: Engine,
    number: int,
    outcome: Literal["answered", "unsure", "ungrounded"],
    *,
    status: CaseStatus = CaseStatus.SETTLED,
    message: str = "hello",
) -> None:
    case_id = f"returns/webshop/RMA-{number}"
    at = NOON + timedelta(minutes=number)
    keep_case(
        engine,
        CaseRecord(
            id=case_id,
            desk="returns",
            channel="webshop",
            status=status,
            summary="",
            opened_at=at,
            updated_at=at,
            request={"message": f"{message} {number}"},
        ),
    )
    provenance = Provenance(by="local", name="m", version="1", inputs_hash="-", confidence=0.4)
    decision = Decision(task=TASK, outcome=outcome, answer={"label": "return"}, provenance=provenance)
    SqlDecisions(engine).keep_all(case_id, {f"read/{TASK}": decision})


def test_unsure_decisions_and_undone_cases_are_doubtful_and_answered_ones_are_not(engine: Engine) -> None:
    decided(engine, 1, "answered")
    decided(engine, 2, "unsure")
    decided(engine, 3, "answered", status=CaseStatus.UNDONE)
    decided(engine, 4, "ungrounded")
    found = SqlReviewQueue(engine, WORDS).doubts(TASK, NOON, 10)
    assert [(doubt.text, doubt.guess, doubt.why) for doubt in found] == [
        ("hello 4", "return", "ungrounded"),
        ("hello 3", "return", "undone"),
        ("hello 2", "return", "unsure"),
    ]


def test_older_cases_and_other_tasks_are_left_out_and_the_limit_holds(engine: Engine) -> None:
    for number in range(1, 6):
        decided(engine, number, "unsure")
    doubts = SqlReviewQueue(engine, WORDS)
    assert [d.text for d in doubts.doubts(TASK, NOON + timedelta(minutes=4), 10)] == ["hello 5", "hello 4"]
    assert len(doubts.doubts(TASK, NOON, 2)) == 2
    assert doubts.doubts("returns.reason", NOON, 10) == []
