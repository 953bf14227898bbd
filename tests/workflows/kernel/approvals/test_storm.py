"""On the real server: answers, edits, fact changes, resets and dying workers, in any order.

`KONTOR_GATE_STORMS` (default 4) sequences are drawn; each must end in time with one end for every
request and no effect but those that were agreed to.
"""

import asyncio
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

from cli.stack.dev_server import DevServer
from contracts.approvals.messages import AnswerReply
from contracts.approvals.request import ApprovalOutcome
from memory.database import migrate, open_engine
from tests.workflows.kernel.approvals.data_plane import DataPlane, QuickCalendar, question
from tests.workflows.kernel.approvals.desk import Acted
from tests.workflows.kernel.approvals.serving import Handle, Serving, fresh_case
from tests.workflows.kernel.approvals.test_gate import real_now

STORMS = int(os.environ.get("KONTOR_GATE_STORMS", "4"))
PATIENCE_SECONDS = 60.0

answers = st.one_of(
    st.fixed_dictionaries(
        {
            "person": st.sampled_from(["anna", "ben", "chris", "mallory"]),
            "choice": st.sampled_from(["approve", "approve", "reject"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "person": st.just("ben"),
            "choice": st.just("edit"),
            "amount_cents": st.sampled_from([5_000, 12_000, 90_000]),
        }
    ),
    st.just({"person": "anna", "choice": "delegate", "delegate_to": "dana"}),
    st.sampled_from(["yes", None, {"person": "ben"}]),
)
steps = st.one_of(
    st.tuples(st.just("signal"), answers),
    st.tuples(st.just("update"), answers),
    st.tuples(st.sampled_from(["facts", "crash", "reset", "pause", "go"]), st.none()),
)


class Storm:
    """One case in bad weather."""

    def __init__(self, serving: Serving, handle: Handle) -> None:
        self.serving = serving
        self.handle = handle
        self.task = asyncio.create_task(self._serve())
        self.stop = asyncio.Event()

    async def _serve(self) -> None:
        async with self.serving.worker(cached=0):
            await self.stop.wait()

    async def step(self, what: str, said: Any) -> None:
        """Do one thing to the case; a case that has ended takes nothing more."""
        try:
            await asyncio.wait_for(getattr(self, what)(said), 10)
        except (RPCError, WorkflowUpdateFailedError, TimeoutError):
            return

    async def signal(self, said: Any) -> None:
        await self.handle.signal("decide", said)

    async def update(self, said: Any) -> None:
        await self.handle.execute_update("decide", said, result_type=AnswerReply)

    async def facts(self, _said: Any) -> None:
        self.serving.world.facts.append(question(11_000, case_id=self.handle.id))
        await self.handle.signal("facts_changed")

    async def go(self, _said: Any) -> None:
        await self.handle.signal("go")

    async def pause(self, _said: Any) -> None:
        await asyncio.sleep(0.3)

    async def crash(self, _said: Any) -> None:
        """The worker is cut off in the middle of whatever it does, and another takes over."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(self._serve())

    async def reset(self, _said: Any) -> None:
        """Somebody resets the case to its beginning; its signals come again."""
        events = [event async for event in self.handle.fetch_history_events()]
        done = [one for one in events if one.HasField("workflow_task_completed_event_attributes")]
        if not done:
            return
        client = self.serving.client
        await client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=self.handle.id),
                reason="a storm",
                request_id=str(uuid.uuid4()),
                workflow_task_finish_event_id=done[0].event_id,
            )
        )

    async def end(self) -> Acted:
        """The case ends by itself, at its deadline at the latest."""
        await self.step("go", None)
        async with asyncio.timeout(PATIENCE_SECONDS):
            acted = await self.handle.result()
        self.stop.set()
        await self.task
        assert acted is not None
        return acted


def assert_books(house: DataPlane, case_id: str, acted: Acted) -> None:
    """Every request has one end, and what was done is what one of them allowed."""
    asked = {str(one.data["request"]) for one in house.told(case_id, "asked")}
    closed = [str(one.data["request"]) for one in house.told(case_id, "approval_closed")]
    assert sorted(closed) == sorted(asked)
    allowed: dict[int, str] = {}
    for request_id in asked:
        found = house.approvals.find(request_id)
        assert found is not None
        assert found.approval is not None
        if found.approval.outcome in (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED):
            allowed[found.approval.amount_cents or 0] = request_id
    begun = house.begun(case_id)
    assert [step for step, _, _ in begun] in ([], ["refund", "notify"])
    if begun:
        assert begun[0][1] in allowed
    if acted.permits:
        assert begun
        assert acted.approval.request_id in asked


async def weather(address: str, folder: Path, sequence: list[tuple[str, Any]], early: bool) -> None:
    engine = open_engine(f"sqlite:///{folder / 'kontor.db'}")
    migrate(engine)
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    calendar = QuickCalendar(deadline_seconds=6, remind_seconds=0.5, escalate_seconds=(1.0, 2.0))
    serving = Serving(client, DataPlane(engine, folder, clock=real_now, calendar=calendar))
    handle = await serving.start(question(case_id=fresh_case()), wait_before=early)
    storm = Storm(serving, client.get_workflow_handle(handle.id, result_type=Acted))
    for what, said in sequence:
        await storm.step(what, said)
    acted = await storm.end()
    assert_books(serving.house, handle.id, acted)
    engine.dispose()


@pytest.mark.slow
def test_no_weather_sinks_a_case(
    temporal_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(max_examples=STORMS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(sequence=st.lists(steps, min_size=4, max_size=14), early=st.booleans())
    def sail(sequence: list[tuple[str, Any]], early: bool) -> None:
        folder = tmp_path_factory.mktemp("storm")
        asyncio.run(weather(temporal_server.address, folder, sequence, early))

    sail()
