"""A wait of days in seconds: the server's clock is skipped, the office's calendar is the real one."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from cli.stack.dev_server import temporal_binary
from contracts.approvals.request import ApprovalOutcome
from tests.workflows.kernel.approvals.data_plane import DataPlane, question
from tests.workflows.kernel.approvals.serving import Serving, fresh_case
from tests.workflows.kernel.approvals.test_gate import real_now
from workflows.kernel import search_attributes

SKIPPING = [
    "--dynamic-config-value",
    "frontend.WorkflowTimeSkippingEnabled=true",
    "--dynamic-config-value",
    'history.timerProcessorMaxTimeShift="10ms"',
]


@pytest.fixture
async def skipping() -> WorkflowEnvironment:
    return await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=SKIPPING,
        dev_server_log_level="error",
        search_attributes=search_attributes.ALL,
        data_converter=pydantic_data_converter,
    )


async def test_reminder_escalation_and_deadline_come_when_the_calendar_says(
    skipping: WorkflowEnvironment, sqlite_engine: Engine, tmp_path: Path
) -> None:
    serving = Serving(skipping.client, DataPlane(sqlite_engine, tmp_path, clock=real_now))
    async with skipping, serving.worker():
        handle = await serving.start(question(case_id=fresh_case(), roles=("lead", "owner")))
        acted = await handle.result()
        fired = [
            event.event_time.ToDatetime(real_now().tzinfo)
            async for event in handle.fetch_history_events()
            if event.HasField("timer_fired_event_attributes")
        ]
    assert acted is not None
    assert acted.approval.outcome == ApprovalOutcome.EXPIRED
    told = [one.kind for one in serving.house.told(handle.id)]
    assert told == ["asked", "reminded", "escalated", "approval_closed"]
    found = serving.house.approvals.find(acted.approval.request_id)
    assert found is not None
    request = found.request
    assert request.remind_at is not None
    due = [request.remind_at, *request.escalate_at, request.deadline]
    late_seconds = [(came - moment).total_seconds() for came, moment in zip(fired, due, strict=True)]
    assert all(-1 < late < 60 for late in late_seconds), late_seconds
    assert (request.deadline - request.requested_at).total_seconds() > 86_400
