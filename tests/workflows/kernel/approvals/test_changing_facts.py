"""Facts that change, and go on changing, while people think: every loop has pauses and an end."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from contracts.approvals.messages import AnswerReply
from contracts.approvals.request import Answer, ApprovalOutcome, ApprovalRecord
from memory.authoritative.approvals.approvals import MAX_ROUNDS
from tests.workflows.kernel.approvals.data_plane import CASE, DataPlane, question
from tests.workflows.kernel.approvals.serving import Handle, Serving, eventually, fresh_case
from tests.workflows.kernel.approvals.test_gate import APPROVE, real_now
from workflows.kernel import approval_gate, pauses


@pytest.fixture
async def serving(temporal: Client, sqlite_engine: Engine, tmp_path: Path) -> AsyncIterator[Serving]:
    serving = Serving(temporal, DataPlane(sqlite_engine, tmp_path, clock=real_now))
    async with serving.worker():
        yield serving


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of a tenth of a second, so that a test need not wait for long ones."""
    monkeypatch.setattr(pauses, "FIRST", timedelta(milliseconds=100))


def requests(serving: Serving, handle: Handle) -> tuple[ApprovalRecord, ...]:
    return serving.house.approvals.of_case(handle.id)


async def test_a_question_asked_anew_keeps_the_deadline_of_the_first(serving: Serving, short: None) -> None:
    case_id = fresh_case()
    serving.world.facts += [question(cents, case_id=case_id) for cents in (19_000, 18_000, 17_000)]
    handle = await serving.start(question(20_000, case_id=case_id))
    for count in (1, 2, 3):
        await serving.waiting(handle, count)
        await handle.signal("facts_changed")
    await serving.waiting(handle, 4)
    await handle.execute_update("decide", APPROVE, result_type=AnswerReply)
    await handle.result()

    asked = requests(serving, handle)
    assert [record.request.amount_cents for record in asked] == [20_000, 19_000, 18_000, 17_000]
    assert len({record.request.deadline for record in asked}) == 1
    assert asked[-1].request.requested_at > asked[0].request.requested_at


async def test_a_hundred_words_of_change_are_a_handful_of_looks(serving: Serving) -> None:
    handle = await serving.start(question(case_id=fresh_case()))
    await serving.waiting(handle)
    for _ in range(100):
        await handle.signal("facts_changed")

    await eventually(lambda: serving.world.looks or None)
    await handle.execute_update("decide", APPROVE, result_type=AnswerReply)
    await handle.result()

    assert 1 <= serving.world.looks <= 4


async def test_facts_that_never_stand_still_end_the_asking_and_no_question_stays_open(
    serving: Serving, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approval_gate, "MOST_CHANGES", 3)
    case_id = fresh_case()
    serving.world.facts += [question(20_000 - number, case_id=case_id) for number in range(1, 10)]
    handle = await serving.start(question(20_000, case_id=case_id))
    for count in (1, 2, 3, 4):
        await serving.waiting(handle, count)
        await handle.signal("facts_changed")

    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()

    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "AskedTooOften"
    assert "changed 4 times" in failed.value.cause.message
    ends = [record.approval.outcome for record in requests(serving, handle) if record.approval]
    assert ends == [ApprovalOutcome.WITHDRAWN] * 4


async def test_an_answer_to_the_last_question_counts_however_often_it_was_asked(
    serving: Serving, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approval_gate, "MOST_CHANGES", 1)
    case_id = fresh_case()
    serving.world.facts += [question(15_000, case_id=case_id), None]
    handle = await serving.start(question(20_000, case_id=case_id))
    await serving.waiting(handle)
    await handle.signal("facts_changed")
    second = await serving.waiting(handle, 2)

    answer = Answer(person="ben", choice="approve", request_id=second)
    reply = await handle.execute_update("decide", answer, result_type=AnswerReply)

    assert reply.approval is not None
    acted = await handle.result()
    assert acted is not None
    assert acted.approval.amount_cents == 15_000


async def test_the_books_refuse_a_question_for_good_that_was_asked_a_hundred_ways(
    sqlite_house: DataPlane,
) -> None:
    environment = ActivityEnvironment()
    for number in range(MAX_ROUNDS):
        await environment.run(sqlite_house.draft.open, question(20_000 + number, round_number=1 + number))

    with pytest.raises(ApplicationError) as refused:
        await environment.run(sqlite_house.draft.open, question(1_000, round_number=1))

    assert refused.value.non_retryable
    assert "has asked 100 times" in refused.value.message
    assert [record.approval is None for record in sqlite_house.approvals.of_case(CASE)].count(True) <= 1
