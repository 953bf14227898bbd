"""What the Temporal server says of the workflow that runs a case: asked by its id, never by a listing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

ALIVE = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)
UNKNOWN = "the server does not know its workflow"
WORKFLOW_TASK = "workflow task"
LAST_EVENTS = 30
"""How far back the error of a failing workflow task is looked for."""


@dataclass(frozen=True)
class Failing:
    """A task or activity that has failed many times in a row: which, how often, the last error."""

    what: str
    failures: int
    error: str


@dataclass(frozen=True)
class Execution:
    """The newest run under a case's id; a run that was reset or continued as new is alive in it.

    Attributes:
        known: False if the server knows no workflow of that id.
        runs: it is alive.
        why: if it is not, how it ended, as `its workflow was terminated`.
        ended_at: when, by the server's clock.
        completed: it came to the end of its story.
        failing: what of it fails again and again.
    """

    known: bool
    runs: bool
    why: str = ""
    ended_at: datetime | None = None
    completed: bool = False
    failing: tuple[Failing, ...] = ()


async def execution(client: Client, case_id: str, failures: int = 0) -> Execution:
    """Describe the newest run under a case's id.

    Args:
        client: Temporal.
        case_id: the case.
        failures: name what has failed so often in a row; 0 does not look.

    Raises:
        RPCError: the server cannot be asked; nothing follows from that.
    """
    try:
        described = await client.get_workflow_handle(case_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return Execution(known=False, runs=False, why=UNKNOWN)
    if described.status in ALIVE:
        failing = await _failing(client, described.raw_description, failures) if failures else ()
        return Execution(known=True, runs=True, failing=failing)
    word = described.status.name.lower().replace("_", " ") if described.status else "ended"
    return Execution(
        known=True,
        runs=False,
        why=f"its workflow has ended: {word}",
        ended_at=described.close_time,
        completed=described.status is WorkflowExecutionStatus.COMPLETED,
    )


async def _failing(client: Client, described: Any, many: int) -> tuple[Failing, ...]:
    """Return what of a running workflow has failed many times, from the server's description of it."""
    found = [
        Failing(one.activity_type.name, one.attempt - 1, _message(one.last_failure))
        for one in described.pending_activities
        if one.attempt > many
    ]
    failures = described.pending_workflow_task.attempt - 1
    if failures >= many:
        error = await _task_error(client, described.workflow_execution_info.execution)
        found.append(Failing(WORKFLOW_TASK, failures, error))
    return tuple(found)


async def _task_error(client: Client, run: WorkflowExecution) -> str:
    """Return the last error of a workflow's tasks; only the first failure in a row is in its history."""
    asked = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace, execution=run, maximum_page_size=LAST_EVENTS
    )
    answer = await client.workflow_service.get_workflow_execution_history_reverse(asked)
    for event in answer.history.events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            return _message(event.workflow_task_failed_event_attributes.failure)
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
            return "no worker finished it in time"
    return "its error is not in its last events"


def _message(failure: Any) -> str:
    """Return the words of a failure with its innermost cause."""
    inner = failure
    while inner.HasField("cause"):
        inner = inner.cause
    words = [text for text in dict.fromkeys((failure.message, inner.message)) if text]
    return ": ".join(words) or "no message"
