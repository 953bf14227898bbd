"""A system that gives no answer that can be used: the case says why it waits, and in time asks a person."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.approvals.request import ApprovalOutcome
from contracts.case import CaseStatus
from policy.calendar import OfficeCalendar
from tests.desks.toy.kontor import Toy
from workflows.kernel import outside_reads

SOON = timedelta(milliseconds=300)
LATER = timedelta(minutes=1)
BODY = "Choir on Monday."


async def ended(toy: Toy, case_id: str) -> str:
    async with asyncio.timeout(30):
        return await toy.ended(case_id)


async def until(seen: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not seen():  # noqa: ASYNC110 (a worker writes it)
            await asyncio.sleep(0.05)


@pytest.fixture
def board(toy: Toy) -> Path:
    """The list of the board, where a folder stands: nobody can read that."""
    listed = toy.folder / "board" / "list.csv"
    listed.mkdir(parents=True)
    return listed


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases say soon why they wait, and ask nobody for a while."""
    monkeypatch.setattr(outside_reads, "ROUNDS", (SOON, LATER))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases ask people soon, and the system again soon."""
    monkeypatch.setattr(outside_reads, "ROUNDS", (SOON,))
    monkeypatch.setattr(outside_reads, "AGAIN", SOON)
    monkeypatch.setattr(outside_reads, "AGAIN_EVERY", SOON)


@pytest.mark.usefixtures("patient")
async def test_a_case_that_waits_for_an_answer_says_why_and_goes_on_by_itself(toy: Toy, board: Path) -> None:
    case_id = await toy.submit(BODY)
    await until(lambda: (record := toy.installation.cases.find(case_id)) and record.waits_for)

    waits = "what is on the board: board.list_notes: IsADirectoryError"
    record = toy.timeline(case_id).record
    assert (record.status, record.waits_for) == (CaseStatus.RUNNING, waits)
    assert f"waits {case_id}: {waits}" in " ".join((await toy.kontor("cases")).output.split())
    assert f"waits {waits}" in (await toy.kontor("case", case_id)).output
    assert waits in [episode.data.get("why") for episode in toy.timeline(case_id).episodes]

    board.rmdir()  # noqa: ASYNC240 (an instant)
    assert await ended(toy, case_id) == "applied"
    assert toy.timeline(case_id).record.waits_for == ""


@pytest.mark.usefixtures("hasty")
async def test_after_a_while_a_person_is_asked_and_an_answer_that_comes_after_all_takes_the_question_back(
    toy: Toy, board: Path
) -> None:
    case_id = await toy.submit(BODY)
    await toy.waiting(case_id)
    [asked] = toy.timeline(case_id).approvals
    assert "IsADirectoryError" in asked.request.what
    assert "Mend it, and the case goes on by itself" in asked.request.what
    await until(lambda: toy.timeline(case_id).record.status is CaseStatus.WAITING)

    board.rmdir()  # noqa: ASYNC240 (an instant)
    assert await ended(toy, case_id) == "applied"
    [asked] = toy.timeline(case_id).approvals
    assert asked.approval is not None
    assert asked.approval.outcome is ApprovalOutcome.WITHDRAWN


@pytest.mark.usefixtures("hasty", "board")
async def test_a_person_who_did_it_by_hand_ends_the_case_for_good(toy: Toy) -> None:
    case_id = await toy.submit(BODY)
    await toy.waiting(case_id)
    approved = await toy.kontor("approvals", "approve", case_id, "--as", "kim")
    assert approved.exit_code == 0, approved.output

    assert await ended(toy, case_id) == "handled_by_hand"
    assert (await toy.submit_again()).output.strip() == "0 new, 1 already there, 0 refused"


@pytest.mark.usefixtures("hasty")
async def test_a_case_that_nobody_answered_for_begins_again_when_it_is_handed_in_again(
    toy: Toy, board: Path
) -> None:
    with pytest.MonkeyPatch.context() as short:
        short.setattr(OfficeCalendar, "after", lambda _calendar, _hours, now: now + SOON)
        case_id = await toy.submit(BODY)
        assert await ended(toy, case_id) == "expired"
    assert toy.timeline(case_id).record.status is CaseStatus.EXPIRED

    assert "1 begun again" in (await toy.submit_again()).output
    await until(lambda: len(toy.timeline(case_id).approvals) > 1)
    board.rmdir()  # noqa: ASYNC240 (an instant)
    assert await ended(toy, case_id) == "applied"
