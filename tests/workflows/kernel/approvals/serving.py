"""A worker for the test desk and its data plane, and how a test waits and looks."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from contracts.approvals.messages import ApprovalDraft
from tests.workflows.kernel.approvals.data_plane import DataPlane
from tests.workflows.kernel.approvals.desk import Acted, AskingDesk, Job, Worldly

Handle = WorkflowHandle[Any, Acted | None]
T = TypeVar("T")


def workflow_runner() -> SandboxedWorkflowRunner:
    """The worker's sandbox: a first-party import outside `imports_passed_through` fails."""
    policy = SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_import_notification_policy(policy)
    )


class Serving:
    """One task queue on a real server."""

    def __init__(self, client: Client, house: DataPlane) -> None:
        self.client = client
        self.house = house
        self.queue = f"gate-{uuid.uuid4().hex[:8]}"
        self.world = Worldly(house)

    def worker(self, desks: Sequence[type[Any]] = (AskingDesk,), cached: int = 1000) -> Worker:
        draft, judging = self.house.draft, self.house.judging
        return Worker(
            self.client,
            task_queue=self.queue,
            workflows=desks,
            workflow_runner=workflow_runner(),
            activities=[
                draft.open,
                draft.find,
                draft.answer,
                draft.remind,
                draft.end,
                self.house.proving.use,
                judging.authorize_approved,
                self.world.act,
                self.world.recheck,
            ],
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
            max_cached_workflows=cached,
        )

    async def start(self, draft: ApprovalDraft, **job: bool | float) -> Handle:
        """Start a case that asks this."""
        return await self.client.start_workflow(
            "AskingDesk",
            Job(asking=draft, **job),
            id=draft.plan.case_id,
            task_queue=self.queue,
            task_timeout=timedelta(seconds=2),
            result_type=Acted,
        )

    async def waiting(self, handle: Handle, count: int = 1) -> str:
        """Wait until the case's `count`-th request is in the queue; returns its id."""

        def asked() -> str | None:
            told = self.house.told(handle.id, "asked")
            return str(told[-1].data["request"]) if len(told) >= count else None

        return await eventually(asked)

    def standings(self, handle: Handle) -> list[str]:
        """How each answer stood, in order."""
        return [str(one.data["standing"]) for one in self.house.told(handle.id, "answered")]


async def eventually(look: Callable[[], T | None]) -> T:
    """Look until there is something to see."""
    for _ in range(600):
        seen = look()
        if seen is not None:
            return seen
        await asyncio.sleep(0.025)
    raise AssertionError("it never happened")


def fresh_case() -> str:
    """A case id that no other test uses."""
    return f"returns/webshop/{uuid.uuid4().hex[:10]}"


async def events(handle: Handle) -> list[str]:
    """The names of the events in a case's history."""
    return [EventType.Name(event.event_type) async for event in handle.fetch_history_events()]
