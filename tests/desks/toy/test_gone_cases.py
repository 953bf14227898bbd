"""Cases whose workflow is gone, or cannot go on: the books learn it, and people are told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from contracts.approvals.queue import ApprovalFilter
from contracts.approvals.request import AnswerStatus, ApprovalOutcome
from contracts.case import CaseStatus
from contracts.effect import EffectState
from contracts.ids import CONTROL_QUEUE
from contracts.reconciliation.divergence import DivergenceKind
from contracts.reconciliation.messages import Patience, ReconcileRequest, ReconcileSummary
from tests.desks.toy.kontor import Toy
from tests.desks.toy.types import NoteRequest
from workflows.reconciliation.reconcile import WORKFLOW_ID, ReconcileWorkflow

LONG = "Lost on Sunday: a grey cat named Zanzibar, please ring at the mill."
AT_ONCE = Patience(margin=timedelta(0), grace=timedelta(0), failures=2)


@pytest.fixture(autouse=True)
async def nothing_left(temporal: Client) -> AsyncIterator[None]:
    """Leave no case behind: the server is shared, and the next test's books would list it."""
    yield
    running = "WorkflowType IN ('NoteWorkflow', 'DivergenceWorkflow') AND ExecutionStatus = 'Running'"
    async with asyncio.timeout(30):
        while found := [one.id async for one in temporal.list_workflows(running)]:
            for case_id in found:
                with contextlib.suppress(RPCError):
                    await temporal.get_workflow_handle(case_id).terminate("end of a test")
            await asyncio.sleep(0.2)


async def look(toy: Toy, patience: Patience = AT_ONCE, **more: Any) -> ReconcileSummary:
    """Run the reconciler, as the schedule does."""
    asked = ReconcileRequest(patience=patience, **more)
    return await toy.client.execute_workflow(
        ReconcileWorkflow.run, asked, id=WORKFLOW_ID, task_queue=CONTROL_QUEUE
    )


async def until(seen: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not seen():  # noqa: ASYNC110 (a worker writes it)
            await asyncio.sleep(0.05)


async def waiting_case(toy: Toy) -> str:
    case_id = await toy.submit(LONG)
    await until(lambda: open_questions(toy, case_id))
    return case_id


async def terminate(toy: Toy, case_id: str) -> None:
    await toy.client.get_workflow_handle(case_id).terminate("by hand")


def open_questions(toy: Toy, case_id: str) -> list[str]:
    queue = toy.installation.approval_queue.entries(ApprovalFilter())
    return [entry.id for entry in queue if entry.case_id == case_id]


def of_books(toy: Toy) -> list[str]:
    """The cases that people have of what was gone."""
    rows = toy.installation.reconciliation.newest(only_open=True)
    gone = [row for row in rows if row.kind == DivergenceKind.WORKFLOW_GONE.value]
    return [f"books/{row.connector}/{row.id}" for row in gone]


async def test_a_case_terminated_while_it_waits_is_closed_and_given_to_a_person(toy: Toy) -> None:
    case_id = await waiting_case(toy)
    await terminate(toy, case_id)

    tally = await look(toy)

    record = toy.timeline(case_id).record
    assert (tally.gone, record.status, record.outcome) == (1, CaseStatus.FAILED, "workflow_gone")
    assert open_questions(toy, case_id) == []
    [asked] = of_books(toy)
    await until(lambda: open_questions(toy, asked))
    [question] = toy.installation.approvals.of_case(asked)
    assert "its workflow has ended: terminated" in question.request.what
    assert [piece.text for piece in question.request.evidence][-1] == "nothing was begun outside"
    assert (await toy.kontor("approvals", "approve", asked, "--as", "kim")).exit_code == 0
    await toy.client.get_workflow_handle(asked).result()
    assert of_books(toy) == []
    assert (await look(toy)).gone == 0


async def test_its_claims_are_free_for_the_next_request(toy: Toy) -> None:
    first = await waiting_case(toy)
    second = await toy.submit(LONG)
    assert await toy.ended(second) == "not_permitted"
    await terminate(toy, first)
    await look(toy)

    third = await toy.submit(LONG)

    await until(lambda: open_questions(toy, third))


async def test_the_same_line_begins_the_case_again_and_people_are_asked_anew(toy: Toy) -> None:
    case_id = await waiting_case(toy)
    await terminate(toy, case_id)
    await look(toy)
    [asked] = of_books(toy)

    again = await toy.submit_again()

    assert "1 begun again" in again.output
    await until(lambda: open_questions(toy, case_id))
    await look(toy)
    assert of_books(toy) == []
    await toy.client.get_workflow_handle(asked).result()
    assert "already there" in (await toy.submit_again()).output
    assert (await toy.kontor("approve", case_id, "--as", "kim")).exit_code == 0
    assert await toy.ended(case_id) == "applied"
    assert toy.timeline(case_id).record.status is CaseStatus.SETTLED
    assert len(toy.on_board("pinned")) == 1
    rounds = [record.approval for record in toy.installation.approvals.of_case(case_id)]
    outcomes = [end.outcome for end in rounds if end]
    assert outcomes == [ApprovalOutcome.WITHDRAWN, ApprovalOutcome.APPROVED]
    assert "1 already there" in (await toy.submit_again()).output


@pytest.mark.parametrize("looked", [False, True], ids=["before the books know", "after"])
async def test_nobody_is_told_that_an_answer_counts_which_nobody_hears(toy: Toy, looked: bool) -> None:
    case_id = await waiting_case(toy)
    [request] = open_questions(toy, case_id)
    await terminate(toy, case_id)
    if looked:
        await look(toy)

    said = await toy.kontor("approve", request, "--as", "kim")

    assert said.exit_code == 1
    assert "nobody waits for an answer" in " ".join(said.output.split())
    record = toy.installation.approvals.find(request)
    assert record is not None
    assert record.approval is not None
    assert record.approval.outcome is ApprovalOutcome.WITHDRAWN
    assert [kept.standing for kept in record.answers] == [AnswerStatus.LATE]


async def reset(toy: Toy, case_id: str) -> None:
    """Reset a case to its first task, as `temporal workflow reset` does."""
    handle = toy.client.get_workflow_handle(case_id)
    events = [event async for event in handle.fetch_history_events()]
    first = next(e for e in events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
    run_id = (await handle.describe()).run_id
    await toy.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=toy.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=case_id, run_id=run_id),
            reason="test",
            workflow_task_finish_event_id=first.event_id,
            request_id=run_id,
        )
    )


async def test_a_case_that_was_reset_is_alive(toy: Toy) -> None:
    case_id = await waiting_case(toy)
    await reset(toy, case_id)

    assert (await look(toy)).gone == 0

    assert open_questions(toy, case_id)
    assert (await toy.kontor("approve", case_id, "--as", "kim")).exit_code == 0
    assert await toy.ended(case_id) == "applied"


async def test_a_gone_case_that_somebody_resets_is_open_again_in_the_books(toy: Toy) -> None:
    case_id = await waiting_case(toy)
    await terminate(toy, case_id)
    await look(toy)

    await reset(toy, case_id)
    await look(toy)

    assert not toy.timeline(case_id).record.status.ended
    assert of_books(toy) == []


async def test_a_case_terminated_between_two_effects_is_not_begun_anew_but_a_persons(toy: Toy) -> None:
    case_id = await toy.submit("Choir on Monday.")
    assert await toy.ended(case_id) == "applied"
    # As a run leaves it that is terminated behind its first effect: the row open, the effect applied.
    record = toy.timeline(case_id).record
    await cut_off(toy, case_id)
    opened = record.model_copy(update={"status": CaseStatus.RUNNING, "outcome": ""})
    toy.installation.case_writer.record(opened.model_copy(update={"updated_at": record.updated_at}), ())
    assert (await look(toy)).gone == 1

    assert "1 begun again" in (await toy.submit_again()).output

    await until(lambda: open_questions(toy, case_id))
    [asked] = [one for one in toy.timeline(case_id).approvals if one.approval is None]
    assert "an earlier run of this case began: pin" in asked.request.what
    assert (await toy.kontor("approve", case_id, "--as", "kim")).exit_code == 0
    assert await toy.ended(case_id) == "handled_by_hand"
    assert [entry.receipt.state for entry in toy.timeline(case_id).effects] == [EffectState.APPLIED]


async def cut_off(toy: Toy, case_id: str) -> None:
    """Put a terminated run of the case on top of the one that ended."""
    request = json.loads((toy.folder / "notes.jsonl").read_text())
    described = await toy.client.get_workflow_handle(case_id).describe()
    handle = await toy.client.start_workflow(
        "NoteWorkflow",
        NoteRequest.model_validate(request),
        id=case_id,
        task_queue="nobody",
        memo=dict(await described.memo()),
    )
    await handle.terminate("by hand")


async def test_a_workflow_that_no_row_stands_for_is_listed_and_when_it_is_lost_given_to_a_person(
    toy: Toy,
) -> None:
    note = NoteRequest(id="unlisted", channel="board", customer="c-2", body="Hello.\0")
    case_id = "toy/board/unlisted"
    handle = await toy.client.start_workflow("NoteWorkflow", note, id=case_id, task_queue="nobody")
    await until_listed(toy, case_id)

    await look(toy)

    record = toy.timeline(case_id).record
    assert (record.status, record.request["body"]) == (CaseStatus.RUNNING, "Hello.\ufffd")
    await handle.terminate("lost")
    await look(toy)
    assert toy.timeline(case_id).record.outcome == "workflow_gone"
    assert len(of_books(toy)) == 1


async def until_listed(toy: Toy, case_id: str) -> None:
    async with asyncio.timeout(20):
        while not (await toy.client.count_workflows(f"WorkflowId = '{case_id}'")).count:  # noqa: ASYNC110 (the server indexes it)
            await asyncio.sleep(0.05)


async def test_a_lost_workflow_that_never_had_a_row_becomes_a_persons(toy: Toy) -> None:
    await toy.ended(await toy.submit("Hello."))
    note = NoteRequest(id="lost", channel="board", customer="c-2", body="Hello.")
    handle = await toy.client.start_workflow("NoteWorkflow", note, id="toy/board/lost", task_queue="nobody")
    await handle.terminate("lost")
    await until_listed(toy, "toy/board/lost")

    await look(toy)

    record = toy.timeline("toy/board/lost").record
    assert (record.status, record.outcome) == (CaseStatus.FAILED, "workflow_gone")


async def test_an_activity_that_fails_again_and_again_is_named_with_its_error_until_it_works(
    toy: Toy,
) -> None:
    (toy.folder / "board").mkdir()
    (toy.folder / "board" / "list.csv").mkdir()  # what cannot be read
    case_id = await toy.submit("Choir on Monday.")
    async with asyncio.timeout(30):
        while not (await look(toy)).troubled:  # noqa: ASYNC110 (the server counts attempts)
            await asyncio.sleep(0.5)

    for words in (("cases",), ("case", case_id), ("doctor",)):
        said = " ".join((await toy.kontor(*words)).output.split())
        assert "toy.count has failed" in said, said
    [stuck] = json.loads((await toy.kontor("case", case_id, "--json")).stdout)["troubles"]
    assert stuck["failures"] >= 2
    (toy.folder / "board" / "list.csv").rmdir()
    assert await toy.ended(case_id) == "applied"
    assert (await look(toy)).troubled == 0
    assert "stuck" not in (await toy.kontor("cases")).output


@workflow.defn(name="NoteWorkflow", sandboxed=False)
class Broken:
    @workflow.run
    async def run(self, _request: NoteRequest) -> str:
        raise ValueError("a defect that came with the last deploy")


async def test_a_workflow_whose_task_fails_for_ever_is_named_with_its_error(toy: Toy) -> None:
    case_id = "toy/board/broken"
    note = NoteRequest(id="broken", channel="board", customer="c-3", body="Hello.")
    handle = await toy.client.start_workflow("NoteWorkflow", note, id=case_id, task_queue="broken")
    async with Worker(toy.client, task_queue="broken", workflows=[Broken]):
        async with asyncio.timeout(40):
            while not (await look(toy)).troubled:  # noqa: ASYNC110 (the server counts attempts)
                await asyncio.sleep(0.5)
        said = " ".join((await toy.kontor("cases")).output.split())
        assert f"{case_id}: workflow task has failed" in said
        assert "a defect that came with the last deploy" in said
        await handle.terminate("end of the test")


async def test_a_server_that_knows_none_of_our_cases_is_taken_for_the_wrong_one(toy: Toy) -> None:
    case_id = await waiting_case(toy)
    record = toy.timeline(case_id).record
    assert (await toy.kontor("approve", case_id, "--as", "kim")).exit_code == 0
    await toy.ended(case_id)
    for number in range(3):
        known_nowhere = record.model_copy(update={"id": f"toy/board/nowhere-{number}"})
        toy.installation.case_writer.record(known_nowhere, ())

    tally = await look(toy)
    assert (tally.gone, tally.stranger) == (0, True)
    first = await look(toy, server_lost=True)
    second = await look(toy, server_lost=True)

    assert (first.gone, second.gone) == (0, 3)
