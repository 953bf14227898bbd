"""The gate on a real Temporal server: every answer has an end, and every question has one."""

import asyncio
import json
import subprocess
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError

from cli.stack.dev_server import DevServer, temporal_binary
from contracts.approvals.messages import AnswerReply, Withdrawal
from contracts.approvals.request import Answer, AnswerStatus, ApprovalOutcome
from contracts.proof import Enrolment
from tests.workflows.kernel.approvals.data_plane import DataPlane, QuickCalendar, question
from tests.workflows.kernel.approvals.serving import Handle, Serving, events, fresh_case
from workflows.kernel import search_attributes

APPROVE = Answer(person="ben", choice="approve")


def real_now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def serving(temporal: Client, sqlite_engine: Engine, tmp_path: Path) -> AsyncIterator[Serving]:
    serving = Serving(temporal, DataPlane(sqlite_engine, tmp_path, clock=real_now))
    async with serving.worker():
        yield serving


async def decide(handle: Handle, answer: Answer | dict[str, Any]) -> AnswerReply:
    reply: AnswerReply = await handle.execute_update("decide", answer, result_type=AnswerReply)
    return reply


async def assert_acted(serving: Serving, handle: Handle, cents: int) -> None:
    """The case ended with exactly the effects that were agreed to, each under its own permit."""
    acted = await handle.result()
    assert acted is not None
    assert serving.house.begun(handle.id) == [
        ("refund", cents, acted.permits["refund"]),
        ("notify", 0, acted.permits["notify"]),
    ]


async def test_an_approval_by_update_says_what_became_of_it(serving: Serving) -> None:
    handle = await serving.start(question(case_id=fresh_case()))
    request_id = await serving.waiting(handle)
    reply = await decide(handle, APPROVE)
    assert (reply.standing, reply.request_id) == (AnswerStatus.VALID, request_id)
    assert reply.approval is not None
    assert reply.approval.outcome == ApprovalOutcome.APPROVED
    await assert_acted(serving, handle, 20_000)


async def test_an_approval_by_hand_from_the_temporal_command_line(
    serving: Serving, temporal_server: DevServer
) -> None:
    """The command line that the README gives."""
    handle = await serving.start(question(case_id=fresh_case()))
    await serving.waiting(handle)
    line = [temporal_binary(), "workflow", "signal", "--address", temporal_server.address]
    line += ["--workflow-id", handle.id, "--name", "decide"]
    line += ["--input", '{"person": "ben", "choice": "edit", "amount_cents": 12050, "note": "scratched"}']
    await asyncio.to_thread(subprocess.run, line, check=True, capture_output=True)
    await assert_acted(serving, handle, 12_050)


async def test_an_early_answer_is_kept_and_judged_when_the_question_is_asked(serving: Serving) -> None:
    handle = await serving.start(question(case_id=fresh_case()), wait_before=True)
    await handle.signal("decide", Answer(person="chris", choice="approve", arguments_hash="0" * 64))
    # A query is answered after the signal; an update in the same task may overtake it.
    await handle.query("__temporal_workflow_metadata")
    early = await decide(handle, APPROVE)
    assert (early.standing, early.approval) == (AnswerStatus.EARLY, None)
    await handle.signal("go")
    await assert_acted(serving, handle, 20_000)
    told = serving.house.told(handle.id, "answered")
    assert [(one.data["standing"], one.data["early"]) for one in told] == [("foreign", True), ("valid", True)]


async def test_an_answer_to_a_case_that_never_asks_is_recorded(serving: Serving) -> None:
    handle = await serving.start(question(case_id=fresh_case()), wait_before=True, never_ask=True)
    await handle.signal("decide", APPROVE)
    await handle.signal("go")
    await handle.result()
    assert serving.standings(handle) == ["foreign"]


@pytest.mark.parametrize(
    "answer",
    [
        {"person": "ben", "choice": "maybe"},
        {"person": "", "choice": "approve"},
        {"person": "ben", "choice": "approve", "arguments_hash": "0" * 64},
        {"person": "ben", "choice": "edit", "amount_cents": 20_001},
        {"person": "ben", "choice": "edit", "amount_cents": 0},
        {"person": "ben", "choice": "delegate"},
        {"choice": "approve"},
        "approve",
    ],
    ids=json.dumps,
)
async def test_a_meaningless_update_is_refused_before_history_is_written(
    serving: Serving, answer: dict[str, Any]
) -> None:
    handle = await serving.start(question(case_id=fresh_case()))
    await serving.waiting(handle)
    await details(handle, "Waiting for")
    with pytest.raises(WorkflowUpdateFailedError):
        await decide(handle, answer)
    assert not [event for event in await events(handle) if "UPDATE" in event]
    assert serving.standings(handle) == []
    await decide(handle, Answer(person="ben", choice="reject"))
    assert await handle.result() is not None


async def test_late_duplicate_conflicting_foreign_and_malformed_answers_each_have_an_end(
    serving: Serving,
) -> None:
    handle = await serving.start(question(case_id=fresh_case()), wait_after=True)
    await serving.waiting(handle)
    await handle.signal("decide", "approve please")
    await handle.signal("decide", args=[{"person": "ben"}, {"choice": "approve"}])
    await handle.signal("decide")
    await handle.signal("decide", {"person": "mallory", "choice": "approve"})
    await handle.signal("decide", {"person": "ben", "choice": "edit", "amount_cents": 90_000})
    await handle.signal("decide", APPROVE)
    await handle.signal("decide", APPROVE)
    await handle.signal("decide", Answer(person="anna", choice="reject"))
    await handle.signal("decide", Answer(person="anna", choice="approve"))
    await handle.signal("go")
    await assert_acted(serving, handle, 20_000)
    assert serving.standings(handle) == [
        "malformed",
        "malformed",
        "malformed",
        "foreign",
        "malformed",
        "valid",
        "duplicate",
        "conflicting",
        "late",
    ]


async def test_two_of_three_with_a_delegate(serving: Serving) -> None:
    handle = await serving.start(question(case_id=fresh_case(), needed=2))
    await serving.waiting(handle)
    assert (await decide(handle, APPROVE)).approval is None
    handed = Answer(person="anna", choice="delegate", delegate_to="emil")
    assert (await decide(handle, handed)).standing == AnswerStatus.DELEGATED
    reply = await decide(handle, Answer(person="emil", choice="edit", amount_cents=15_000))
    assert reply.approval is not None
    assert reply.approval.outcome == ApprovalOutcome.EDITED
    await assert_acted(serving, handle, 15_000)


async def test_the_web_ui_reads_like_a_case_file_while_it_waits(serving: Serving) -> None:
    handle = await serving.start(question(case_id=fresh_case()), wait_after=True)
    request_id = await serving.waiting(handle)
    page = await details(handle, "Waiting for clerk")
    for words in ("return of one lamp", "200.00 EUR", request_id, "no answer by then means no", "decide"):
        assert words in page
    description = await handle.describe()
    assert description.typed_search_attributes[search_attributes.STATUS] == "waiting"
    assert description.typed_search_attributes[search_attributes.WAITING_FOR] == "clerk"
    assert description.typed_search_attributes[search_attributes.DEADLINE] > real_now()
    await decide(handle, APPROVE)
    assert "approved by ben" in await details(handle, "Approval approved")
    after = (await handle.describe()).typed_search_attributes
    assert (after.get(search_attributes.WAITING_FOR), after.get(search_attributes.DEADLINE)) == (None, None)
    await handle.signal("go")
    await handle.result()


async def details(handle: Handle, words: str) -> str:
    for _ in range(200):
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        page: str = metadata.current_details
        if words in page:
            return page
        await asyncio.sleep(0.025)
    raise AssertionError(f"{words!r} is not in {page!r}")


async def test_nobody_answers_and_it_fails_closed_after_a_reminder_and_each_escalation(
    temporal: Client, sqlite_engine: Engine, tmp_path: Path
) -> None:
    calendar = QuickCalendar(deadline_seconds=1.6, remind_seconds=0.4, escalate_seconds=(0.8, 1.2))
    serving = Serving(temporal, DataPlane(sqlite_engine, tmp_path, clock=real_now, calendar=calendar))
    async with serving.worker():
        handle = await serving.start(question(case_id=fresh_case()))
        acted = await handle.result()
    assert acted is not None
    assert (acted.approval.outcome, acted.permits) == (ApprovalOutcome.EXPIRED, {})
    assert serving.house.begun(handle.id) == []
    told = [(one.kind, one.data.get("roles")) for one in serving.house.told(handle.id)]
    assert told == [
        ("asked", ["clerk", "lead", "owner"]),
        ("reminded", ["clerk"]),
        ("escalated", ["clerk", "lead"]),
        ("escalated", ["clerk", "lead", "owner"]),
        ("approval_closed", None),
    ]


async def test_a_withdrawal_ends_the_question(serving: Serving) -> None:
    handle = await serving.start(question(case_id=fresh_case()))
    await serving.waiting(handle)
    await handle.signal("withdraw", Withdrawal(why="the order was cancelled", by="webshop"))
    acted = await handle.result()
    assert acted is not None
    assert (acted.approval.outcome, acted.approval.note) == (
        ApprovalOutcome.WITHDRAWN,
        "the order was cancelled",
    )
    assert acted.permits == {}


async def test_a_withdrawal_that_nobody_proved_leaves_the_question_open_and_is_on_record(
    serving: Serving,
) -> None:
    handle = await serving.start(question(case_id=fresh_case()))
    await serving.waiting(handle)
    enrolled = Enrolment(person="ben", how="os-account", credential="ben", by="root", at=real_now())
    serving.house.people.enrol(enrolled)
    said = Withdrawal(why="the order was cancelled", by="ben")
    await handle.signal("withdraw", said)
    await handle.signal("withdraw", "just so")
    await handle.signal("withdraw")
    for _ in range(600):
        if len(serving.house.told(handle.id, "attempt")) == 3:
            break
        await asyncio.sleep(0.1)
    assert [one.data["act"] for one in serving.house.told(handle.id, "attempt")] == ["withdraw"] * 3
    assert serving.house.told(handle.id, "approval_closed") == []

    proof = serving.house.proofs.issue("ben", "os-account", "cli", said.said(handle.id), real_now())
    await handle.signal("withdraw", said.model_copy(update={"proof": proof.id}))
    acted = await handle.result()
    assert acted is not None
    assert acted.approval.outcome is ApprovalOutcome.WITHDRAWN


async def test_changed_facts_are_asked_anew_and_old_answers_do_not_count(serving: Serving) -> None:
    """The customer keeps one of two lamps meanwhile: an approval of 200.00 is not one of 100.00."""
    case_id = fresh_case()
    serving.world.facts.append(question(10_000, case_id=case_id))
    handle = await serving.start(question(20_000, case_id=case_id, needed=2))
    first = await serving.waiting(handle)
    await decide(handle, APPROVE)
    await handle.signal("facts_changed")
    second = await serving.waiting(handle, 2)
    assert second != first
    reply = await decide(handle, Answer(person="anna", choice="approve"))
    assert reply.request_id == second
    await assert_acted(serving, handle, 10_000)
    old = serving.house.approvals.find(first)
    assert old is not None
    assert old.approval is not None
    assert old.approval.outcome == ApprovalOutcome.WITHDRAWN


async def test_facts_are_read_again_now_and_then_and_a_refund_by_hand_withdraws(serving: Serving) -> None:
    serving.world.facts += [None, Withdrawal(why="it was refunded by hand")]
    handle = await serving.start(question(case_id=fresh_case()), recheck_seconds=0.3)
    acted = await handle.result()
    assert acted is not None
    assert (acted.approval.outcome, acted.approval.note) == (
        ApprovalOutcome.WITHDRAWN,
        "it was refunded by hand",
    )


async def test_a_cancelled_case_leaves_nothing_in_the_queue(serving: Serving) -> None:
    handle = await serving.start(question(case_id=fresh_case()))
    request_id = await serving.waiting(handle)
    await handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    found = serving.house.approvals.find(request_id)
    assert found is not None
    assert found.approval is not None
    assert found.approval.outcome == ApprovalOutcome.WITHDRAWN


async def test_a_long_wait_continues_as_new_and_asks_the_same(serving: Serving) -> None:
    handle = await serving.start(question(case_id=fresh_case(), needed=2), history_limit=40)
    request_id = await serving.waiting(handle)
    assert (await decide(handle, APPROVE)).standing == AnswerStatus.VALID
    for _ in range(6):
        await handle.signal("decide", {"person": "mallory", "choice": "approve"})
        await handle.signal("facts_changed")
    first_run = (await handle.describe()).run_id

    async def later_run() -> bool:
        return (await handle.describe()).run_id != first_run

    for _ in range(200):
        if await later_run():
            break
        await asyncio.sleep(0.05)
    assert await later_run()
    again = await decide(handle, APPROVE)
    assert (again.standing, again.request_id) == (AnswerStatus.DUPLICATE, request_id)
    assert (await decide(handle, Answer(person="anna", choice="approve"))).approval is not None
    await assert_acted(serving, handle, 20_000)
    assert len(serving.house.told(handle.id, "asked")) == 1


async def reset_to_start(client: Client, handle: Handle) -> None:
    """Run the case again from its first workflow task, with all its signals."""
    finished = [event async for event in handle.fetch_history_events()]
    first = next(event for event in finished if event.HasField("workflow_task_completed_event_attributes"))
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            reason="a test",
            request_id=str(uuid.uuid4()),
            workflow_task_finish_event_id=first.event_id,
        )
    )


async def test_a_reset_case_finds_its_end_and_does_nothing_twice(serving: Serving) -> None:
    handle = await serving.start(question(case_id=fresh_case()))
    await serving.waiting(handle)
    await handle.signal("decide", APPROVE)
    first = await handle.result()
    await reset_to_start(serving.client, handle)
    latest: Handle = serving.client.get_workflow_handle(handle.id, result_type=type(first))
    assert await latest.result() == first
    await assert_acted(serving, latest, 20_000)
    assert serving.standings(handle) == ["valid"]
    assert len(serving.house.told(handle.id, "approval_closed")) == 1
