"""Our own records that will not take a case: it is not tried for ever, and a person gets it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy

from benchmarks.junk import DESK, MESSAGE, Office, as_bytes, office
from benchmarks.junk_shop import order_of
from cli.stack.dev_server import DevServer
from contracts.case import CaseStatus
from contracts.ids import CONTROL_QUEUE
from contracts.reconciliation.divergence import DivergenceKind
from contracts.reconciliation.messages import Patience, ReconcileRequest
from service.intake import Started, start
from workflows.kernel import options
from workflows.reconciliation.reconcile import WORKFLOW_ID, ReconcileWorkflow
from workflows.returns.types import ReturnRequest, ReturnResult


@pytest.fixture
async def kontor(
    sqlite_engine: Engine,
    temporal: Client,
    temporal_server: DevServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Office]:
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    url = sqlite_engine.url.render_as_string(hide_password=False)
    async with office(temporal, tmp_path, temporal_server.address, url) as opened:
        opened.shop.mended = True
        yield opened


async def submit(kontor: Office) -> str:
    """Hand in a return of a good order; returns its case's id."""
    number = f"R-{uuid.uuid4().hex[:8]}"
    kontor.shop.spoiled[number] = as_bytes(order_of(number))
    request = ReturnRequest(id=number, channel="webshop", order=number, message=MESSAGE, items=("L1",))
    assert await start(kontor.client, kontor.installation.admissions, DESK, request) is Started.NEW
    return DESK.case_id(request)


def refusing(
    monkeypatch: pytest.MonkeyPatch, store: Any, method: str, error: Callable[[Any], Exception | None]
) -> list[Exception]:
    """Let a method of our records fail where `error` says so of its first argument; returns the failures."""
    works, failed = getattr(store, method), []

    def refuse(first: Any, *others: Any, **named: Any) -> Any:
        if problem := error(first):
            failed.append(problem)
            raise problem
        return works(first, *others, **named)

    monkeypatch.setattr(store, method, refuse)
    return failed


async def result_of(kontor: Office, case_id: str) -> ReturnResult:
    async with asyncio.timeout(30):
        handle = kontor.client.get_workflow_handle(case_id, result_type=ReturnResult)
        result: ReturnResult = await handle.result()
        return result


async def test_what_our_records_can_never_take_ends_the_case_for_a_person_at_once(
    kontor: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = refusing(
        monkeypatch, kontor.installation.authorizations, "keep", lambda _: ValueError("no such plan")
    )

    case_id = await submit(kontor)
    result = await result_of(kontor, case_id)

    assert (result.status, result.outcome) == (CaseStatus.FAILED, "records_unwritable")
    assert len(failed) <= 2  # beside the workflow, and on its queue
    found = kontor.installation.cases.find(case_id)
    assert found is not None
    assert found.status is CaseStatus.FAILED
    stopped = [
        one.data["why"] for one in kontor.installation.episodes.of_case(case_id) if one.kind == "stopped"
    ]
    assert stopped == ["no such plan"]


async def test_records_that_stay_silent_are_tried_a_number_of_times_and_no_more(
    kontor: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = RetryPolicy(initial_interval=timedelta(milliseconds=20), maximum_attempts=5)
    monkeypatch.setattr(
        options, "DATABASE", {"start_to_close_timeout": timedelta(seconds=5), "retry_policy": tries}
    )
    failed = refusing(
        monkeypatch, kontor.installation.authorizations, "keep", lambda _: ConnectionError("no answer")
    )

    result = await result_of(kontor, await submit(kontor))

    assert (result.status, result.outcome) == (CaseStatus.FAILED, "records_unwritable")
    assert len(failed) == 6  # once beside the workflow


async def test_a_case_whose_end_cannot_be_written_either_is_given_to_a_person_by_the_reconciler(
    kontor: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(
        monkeypatch,
        kontor.installation.case_writer,
        "record",
        lambda record: (
            ValueError("no such end") if record.status.ended and record.desk == "returns" else None
        ),
    )
    case_id = await submit(kontor)
    with pytest.raises(WorkflowFailureError):
        await result_of(kontor, case_id)

    at_once = ReconcileRequest(patience=Patience(margin=timedelta(0), grace=timedelta(0)))
    async with asyncio.timeout(60):
        await kontor.client.execute_workflow(
            ReconcileWorkflow.run, at_once, id=WORKFLOW_ID, task_queue=CONTROL_QUEUE
        )

    record = kontor.installation.cases.find(case_id)
    assert record is not None
    assert (record.status, record.outcome) == (CaseStatus.FAILED, "workflow_gone")
    given = kontor.installation.reconciliation.newest()
    kinds = [one.kind for one in given if one.effect_case == case_id]
    assert DivergenceKind.WORKFLOW_GONE in kinds
