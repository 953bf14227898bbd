"""A case that waits for days: its runs stay short, and nothing of what it is gets lost between them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowHandle

from benchmarks.long_wait import Office, asking_for_the_first_line, big_order, office_where_time_flies
from contracts.approvals.request import Answer, ApprovalOutcome, ApprovalRecord
from contracts.case import CaseStatus
from memory.authoritative.ledger.view import EffectFilter
from service.intake import Started, start
from service.timeline import timeline
from workflows.kernel import history
from workflows.registry import DESKS
from workflows.returns.types import ReturnRequest, ReturnResult

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
Handle = WorkflowHandle[Any, ReturnResult]
DAYS = 10
SMALL = 5_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """An office whose people have ten days, and whose cases go over into another run every ten looks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "EVENTS", 80)
        async with office_where_time_flies(tmp_path_factory.mktemp("days"), DAYS) as office:
            yield office


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(90):
        while not await happened():  # noqa: ASYNC110 (the server and its clock are elsewhere)
            await asyncio.sleep(0.1)


async def run_number(office: Office, handle: Handle) -> int:
    return len(await office.runs(handle))


def asked(office: Office, handle: Handle) -> tuple[ApprovalRecord, ...]:
    return office.installation.approvals.of_case(handle.id)


async def test_a_case_approved_in_its_third_run_is_paid_once_and_is_one_case_all_along(
    office: Office,
) -> None:
    office.give(big_order("LONG-1", SMALL))
    request = asking_for_the_first_line("LONG-1")
    handle = await office.hand_in(request)
    await until(lambda: at_least(office, handle, 3))

    admissions = office.installation.admissions
    assert await start(office.client, admissions, DESKS["returns"], request) is Started.JOINED
    early = await decide(handle, Answer(person="mallory", choice="approve"))
    assert early["standing"] == "foreign"
    reply = await decide(handle, Answer(person="anna", choice="approve", note="after days"))
    assert reply["standing"] == "valid"
    result = await handle.result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 50_000)
    [question] = asked(office, handle)
    assert question.request.deadline - question.request.requested_at == timedelta(days=DAYS)
    runs = await office.runs(handle)
    assert all(run.events < 200 for run in runs)
    found = timeline(office.installation, handle.id)
    assert found is not None
    assert found.record.request == request.model_dump(mode="json")
    assert found.record.opened_at < question.request.requested_at
    kinds = [episode.kind for episode in found.episodes]
    assert (kinds.count("opened"), kinds.count("asked"), kinds.count("closed")) == (1, 1, 1)
    refunds = [entry for entry in effects(office, handle) if entry.order.effect.operation == "refund"]
    assert [entry.receipt.state.value for entry in refunds] == ["applied"]


async def at_least(office: Office, handle: Handle, runs: int) -> bool:
    return await run_number(office, handle) >= runs


async def decide(handle: Handle, answer: Answer) -> dict[str, Any]:
    reply: dict[str, Any] = await handle.execute_update("decide", answer)
    return reply


def effects(office: Office, handle: Handle) -> list[Any]:
    return [
        entry
        for entry in office.installation.ledger.newest(EffectFilter(limit=1000))
        if entry.order.case_id == handle.id
    ]


async def test_an_order_that_changes_in_a_later_run_is_asked_anew_until_the_same_deadline(
    office: Office,
) -> None:
    order = big_order("LONG-2", SMALL)
    office.give(order)
    handle = await office.hand_in(asking_for_the_first_line("LONG-2"))
    await until(lambda: at_least(office, handle, 2))

    dear = order.lines[0].model_copy(update={"unit_price_cents": 45_000})
    office.give(order.model_copy(update={"lines": [dear, *order.lines[1:]]}), replace=True)
    await until(lambda: asked_twice(office, handle))
    first, second = asked(office, handle)
    answer = Answer(person="anna", choice="approve", request_id=second.request.id)
    assert (await decide(handle, answer))["standing"] == "valid"
    result = await handle.result()

    assert first.approval is not None
    assert first.approval.outcome is ApprovalOutcome.WITHDRAWN
    assert first.request.deadline == second.request.deadline
    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 45_000)


async def asked_twice(office: Office, handle: Handle) -> bool:
    return len(asked(office, handle)) == 2


async def test_nobody_answers_for_ten_days_and_the_deadline_of_the_first_run_ends_the_last(
    office: Office,
) -> None:
    office.give(big_order("LONG-3", SMALL))
    handle = await office.hand_in(asking_for_the_first_line("LONG-3"))

    result = await handle.result()

    assert (result.status, result.outcome) == (CaseStatus.EXPIRED, "expired")
    runs = await office.runs(handle)
    assert len(runs) > 6
    assert sum(run.looks for run in runs) > 12 * (DAYS - 2)
    told = [episode.kind for episode in office.installation.episodes.of_case(handle.id)]
    assert (told.count("reminded"), told.count("escalated")) == (1, 2)


async def test_a_case_that_was_not_understood_waits_for_a_person_over_several_runs(office: Office) -> None:
    office.give(big_order("LONG-4", SMALL))
    request = replace_words(asking_for_the_first_line("LONG-4"))
    handle = await office.hand_in(request)
    await until(lambda: at_least(office, handle, 2))

    assert (await decide(handle, Answer(person="anna", choice="approve")))["standing"] == "valid"
    result = await handle.result()

    assert (result.status, result.outcome, result.by_person) == (CaseStatus.SETTLED, "handled_by_hand", True)


def replace_words(request: ReturnRequest) -> ReturnRequest:
    words = "Is the ink of your catalogue vegan, and who drew the heron on page nine?"
    return request.model_copy(update={"message": words, "items": ()})


async def test_an_order_that_never_stands_still_becomes_a_persons(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.kernel.approval_gate.MOST_CHANGES", 2)
    order = big_order("LONG-5", SMALL)
    office.give(order)
    handle = await office.hand_in(asking_for_the_first_line("LONG-5"))
    for number in range(1, 4):
        await until(lambda number=number: asked_so_often(office, handle, number))  # type: ignore[misc]  # a loop's lambda
        dearer = order.lines[0].model_copy(update={"unit_price_cents": 50_000 + number})
        office.give(order.model_copy(update={"lines": [dearer, *order.lines[1:]]}), replace=True)
    await until(lambda: asked_so_often(office, handle, 4))

    last = asked(office, handle)[-1]
    assert "the facts have changed 3 times while people thought" in last.request.what
    assert last.request.plan.effects == ()
    # Nothing is looked at any more, so the clock jumps to the deadline: an answer would race with it.
    result = await handle.result()
    assert (result.status, result.outcome) == (CaseStatus.EXPIRED, "expired")


async def asked_so_often(office: Office, handle: Handle, times: int) -> bool:
    return len(asked(office, handle)) >= times
