"""A case that waits at the gate survives a deploy: old histories replay, and parked cases go on."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from contracts.approvals.messages import AnswerReply
from contracts.approvals.request import Answer, ApprovalOutcome
from tests.workflows.kernel.approvals.data_plane import DataPlane, question
from tests.workflows.kernel.approvals.desk import AskingDesk
from tests.workflows.kernel.approvals.next_desk import Careless, NextVersion
from tests.workflows.kernel.approvals.serving import Serving, events, fresh_case, workflow_runner
from tests.workflows.kernel.approvals.test_gate import real_now

HISTORIES = {
    file.stem: file.read_text() for file in (Path(__file__).parent / "histories").glob("gate-*.json")
}
APPROVE = Answer(person="ben", choice="approve")


async def failure_of(desk: type[Any], recorded: str) -> BaseException | None:
    replayer = Replayer(
        workflows=[desk], data_converter=pydantic_data_converter, workflow_runner=workflow_runner()
    )
    history = WorkflowHistory.from_json("returns/webshop/RMA-PARKED", recorded)
    return (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure


@pytest.mark.parametrize("recorded", HISTORIES.values(), ids=HISTORIES)
@pytest.mark.parametrize("desk", [AskingDesk, NextVersion], ids=["today", "next"])
async def test_a_case_parked_by_an_earlier_version_replays(desk: type[Any], recorded: str) -> None:
    assert await failure_of(desk, recorded) is None


@pytest.mark.parametrize("recorded", HISTORIES.values(), ids=HISTORIES)
async def test_a_careless_change_of_the_gate_is_caught(recorded: str) -> None:
    assert "ondeterminism" in str(await failure_of(Careless, recorded))


def test_the_recorded_case_went_through_what_it_says() -> None:
    assert HISTORIES
    for recorded in HISTORIES.values():
        kinds = [event["eventType"].removeprefix("EVENT_TYPE_") for event in json.loads(recorded)["events"]]
        assert kinds.count("WORKFLOW_EXECUTION_SIGNALED") >= 4
        assert "WORKFLOW_EXECUTION_UPDATE_COMPLETED" in kinds
        assert "TIMER_FIRED" in kinds
        assert "WORKFLOW_EXECUTION_COMPLETED" not in kinds


@pytest.fixture
def house(sqlite_engine: Engine, tmp_path: Path) -> DataPlane:
    return DataPlane(sqlite_engine, tmp_path, clock=real_now)


async def test_a_parked_case_goes_on_under_the_next_version(temporal: Client, house: DataPlane) -> None:
    """Stop the old worker while a case waits, start the next version, answer."""
    serving = Serving(temporal, house)
    async with serving.worker([AskingDesk]):
        parked = await serving.start(question(case_id=fresh_case(), needed=2))
        await serving.waiting(parked)
        await parked.execute_update("decide", APPROVE, result_type=AnswerReply)
    await parked.signal("decide", {"person": "mallory", "choice": "approve"})
    async with serving.worker([NextVersion]):
        fresh = await serving.start(question(case_id=fresh_case()))
        await serving.waiting(fresh)
        await parked.signal("decide", Answer(person="anna", choice="edit", amount_cents=18_000))
        await fresh.signal("decide", APPROVE)
        for handle, cents in ((parked, 18_000), (fresh, 20_000)):
            acted = await handle.result()
            assert acted is not None
            assert acted.approval.outcome in (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED)
            assert [entry[1] for entry in house.begun(handle.id)] == [cents, 0]
    assert serving.standings(parked) == ["valid", "foreign", "valid"]
    assert (await events(fresh)).count("EVENT_TYPE_TIMER_FIRED") == 2
    # The parked case takes only the new step that lies ahead of it.
    assert (await events(parked)).count("EVENT_TYPE_TIMER_FIRED") == 1
