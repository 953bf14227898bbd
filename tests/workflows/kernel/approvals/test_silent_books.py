"""The gate while the books are silent: what must act acts, and what was said is kept until they answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy

from contracts.approvals.messages import AnswerReply, Withdrawal
from contracts.approvals.request import Answer, AnswerStatus, ApprovalOutcome
from tests.workflows.kernel.approvals.data_plane import DataPlane, QuickCalendar, question
from tests.workflows.kernel.approvals.serving import Handle, Serving, eventually, fresh_case
from tests.workflows.kernel.approvals.test_gate import decide, real_now
from workflows.kernel import options

APPROVE = Answer(person="ben", choice="approve")
QUICK = RetryPolicy(
    initial_interval=timedelta(milliseconds=20),
    backoff_coefficient=1.0,
    maximum_attempts=5000,
    non_retryable_error_types=options.UNFIT,
)


class Silent:
    """The books of approvals; a method that is named in `silent` cannot be reached."""

    def __init__(self, approvals: Any) -> None:
        self._approvals = approvals
        self.silent: set[str] = set()
        self.unfit: set[str] = set()
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        if name in self.silent:
            self.asked += 1
            raise ConnectionError(f"no answer to {name}")
        if name in self.unfit:
            raise ValueError("what no record of ours can hold")
        return getattr(self._approvals, name)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience of a fraction of a second, and quick tries."""
    patience = timedelta(milliseconds=300)
    tries = {"start_to_close_timeout": timedelta(seconds=5), "retry_policy": QUICK}
    monkeypatch.setattr(options, "BOOKS_PATIENCE", patience)
    monkeypatch.setattr(options, "DATABASE", tries)
    monkeypatch.setattr(options, "PROMPT", {**tries, "schedule_to_close_timeout": patience})


@pytest.fixture
def house(sqlite_engine: Engine, tmp_path: Path) -> DataPlane:
    return DataPlane(sqlite_engine, tmp_path, clock=real_now)


@pytest.fixture
def books(house: DataPlane) -> Silent:
    books = Silent(house.approvals)
    house.draft._approvals = books  # type: ignore[assignment] # a stand-in that fails
    return books


@pytest.fixture
async def serving(soon: None, temporal: Client, house: DataPlane, books: Silent) -> AsyncIterator[Serving]:
    serving = Serving(temporal, house)
    async with serving.worker():
        yield serving


async def hangs(books: Silent) -> None:
    """Wait until the books were asked in vain."""
    before = books.asked
    await eventually(lambda: True if books.asked > before + 1 else None)


async def ended(serving: Serving, handle: Handle, request_id: str) -> tuple[str, str]:
    """How the workflow saw the end, and how the books have it."""
    acted = await handle.result()
    assert acted is not None
    assert serving.house.begun(handle.id) == []
    found = serving.house.approvals.find(request_id)
    assert found is not None
    assert found.approval is not None
    return acted.approval.outcome.value, found.approval.outcome.value


async def cancelled(serving: Serving, handle: Handle) -> None:
    """The case has ended as it was told to, and nothing was done."""
    with pytest.raises(WorkflowFailureError):
        async with asyncio.timeout(20):
            await handle.result()
    assert serving.house.begun(handle.id) == []


async def test_a_withdrawal_acts_while_an_answer_hangs(serving: Serving, books: Silent) -> None:
    handle = await serving.start(question(case_id=fresh_case()))
    request_id = await serving.waiting(handle)
    books.silent = {"answer"}
    await handle.signal("decide", APPROVE)
    await hangs(books)
    await handle.signal("withdraw", Withdrawal(why="sent back"))
    await eventually(lambda: True if serving.house.told(handle.id, "approval_closed") else None)
    books.silent.clear()

    assert await ended(serving, handle, request_id) == ("withdrawn", "withdrawn")
    assert serving.standings(handle) == ["late"]


async def test_a_deadline_acts_while_an_answer_hangs(serving: Serving, books: Silent) -> None:
    serving.house.draft._calendar = QuickCalendar(deadline_seconds=0.6)
    handle = await serving.start(question(case_id=fresh_case()))
    request_id = await serving.waiting(handle)
    books.silent = {"answer"}
    await handle.signal("decide", APPROVE)
    await eventually(lambda: True if serving.house.told(handle.id, "approval_closed") else None)
    books.silent.clear()

    assert await ended(serving, handle, request_id) == ("expired", "expired")


async def test_a_cancellation_acts_while_an_answer_hangs(serving: Serving, books: Silent) -> None:
    handle = await serving.start(question(case_id=fresh_case()))
    await serving.waiting(handle)
    books.silent = {"answer"}
    await handle.signal("decide", APPROVE)
    await hangs(books)
    await handle.cancel()
    await eventually(lambda: True if serving.house.told(handle.id, "approval_closed") else None)
    books.silent.clear()

    await cancelled(serving, handle)


async def test_a_cancellation_acts_while_the_question_does_not_come_into_the_books(
    serving: Serving, books: Silent
) -> None:
    books.silent = {"open"}
    handle = await serving.start(question(case_id=fresh_case()))
    await hangs(books)
    await handle.cancel()

    await cancelled(serving, handle)


async def test_a_cancellation_that_the_books_do_not_hear_is_told_to_them_later(
    serving: Serving, books: Silent
) -> None:
    handle = await serving.start(question(case_id=fresh_case()))
    request_id = await serving.waiting(handle)
    books.silent = {"end"}
    await handle.cancel()
    await hangs(books)
    books.silent.clear()

    await cancelled(serving, handle)
    found = serving.house.approvals.find(request_id)
    assert found is not None
    assert found.approval is not None


async def test_a_question_that_never_came_into_the_books_is_withdrawn(
    serving: Serving, books: Silent
) -> None:
    books.silent = {"open"}
    handle = await serving.start(question(case_id=fresh_case()))
    await hangs(books)
    await handle.signal("withdraw", Withdrawal(why="sent back"))

    acted = await handle.result()
    assert acted is not None
    assert (acted.approval.outcome, acted.approval.note) == (ApprovalOutcome.WITHDRAWN, "sent back")


async def test_an_end_that_the_books_do_not_hear_is_told_to_them_later(
    serving: Serving, books: Silent
) -> None:
    handle = await serving.start(question(case_id=fresh_case()), wait_after=True)
    request_id = await serving.waiting(handle)
    books.silent = {"end"}
    await handle.signal("withdraw", Withdrawal(why="sent back"))
    await hangs(books)
    late = asyncio.create_task(decide(handle, APPROVE))
    await handle.signal("go")
    await hangs(books)
    books.silent.clear()

    assert await ended(serving, handle, request_id) == ("withdrawn", "withdrawn")
    assert (await late).standing is AnswerStatus.LATE


async def test_an_answer_that_waits_for_the_end_to_be_told_is_late(serving: Serving, books: Silent) -> None:
    handle = await serving.start(question(case_id=fresh_case()), wait_after=True)
    request_id = await serving.waiting(handle)
    books.silent = {"end"}
    await handle.signal("withdraw", Withdrawal(why="sent back"))
    await eventually(lambda: True if books.asked else None)
    late = asyncio.create_task(decide(handle, APPROVE))  # while the gate still tries to tell the end
    await asyncio.sleep(2 * options.BOOKS_PATIENCE.total_seconds())
    await handle.signal("go")
    await hangs(books)
    books.silent.clear()

    assert await ended(serving, handle, request_id) == ("withdrawn", "withdrawn")
    assert (await late).standing is AnswerStatus.LATE


async def test_a_deadline_acts_while_a_system_that_is_read_again_is_down(
    serving: Serving,
) -> None:
    serving.house.draft._calendar = QuickCalendar(deadline_seconds=1)
    serving.world.down = True
    handle = await serving.start(question(case_id=fresh_case()), recheck_seconds=0.1)
    request_id = await serving.waiting(handle)

    assert await ended(serving, handle, request_id) == ("expired", "expired")


async def test_an_answer_that_the_books_cannot_take_is_none_and_the_next_one_counts(
    serving: Serving, books: Silent
) -> None:
    handle = await serving.start(question(case_id=fresh_case()))
    await serving.waiting(handle)
    books.unfit = {"answer"}
    reply: AnswerReply = await decide(handle, APPROVE)
    assert reply.standing is AnswerStatus.MALFORMED
    assert "plain words" in reply.why
    books.unfit.clear()

    assert (await decide(handle, Answer(person="anna", choice="approve"))).standing is AnswerStatus.VALID
    acted = await handle.result()
    assert acted is not None
    assert acted.approval.outcome is ApprovalOutcome.APPROVED
