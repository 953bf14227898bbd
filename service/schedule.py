"""The reconciler's schedule on the Temporal server, kept as the settings say."""

from datetime import datetime, timedelta
from typing import NamedTuple

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCError, RPCStatusCode

from contracts.ids import CONTROL_QUEUE
from contracts.reconciliation.messages import ReconcileRequest, ReconcileSummary
from workflows.reconciliation.reconcile import THE_SERVER, WORKFLOW_ID, ReconcileWorkflow

SCHEDULE_ID = "kontor-reconcile"
CATCH_UP = timedelta(minutes=1)
"""A run missed while the server was down is not made up for: the next one finds it all. The server's
own default would make up for a year."""


async def keep_schedule(client: Client, every_minutes: int) -> None:
    """Make the schedule, bring it up to date, or with 0 take it away."""
    handle = client.get_schedule_handle(SCHEDULE_ID)
    if every_minutes <= 0:
        try:
            await handle.delete()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        return
    wanted = reconcile_schedule(every_minutes)

    def changed(current: ScheduleUpdateInput) -> ScheduleUpdate | None:
        known = current.description.schedule
        same = (known.spec.intervals, known.policy) == (wanted.spec.intervals, wanted.policy)
        # Whether somebody paused it is theirs to say.
        wanted.state = known.state
        return None if same else ScheduleUpdate(schedule=wanted)

    try:
        await client.create_schedule(SCHEDULE_ID, wanted)
    except ScheduleAlreadyRunningError:
        await handle.update(changed)


def reconcile_schedule(every_minutes: int) -> Schedule:
    """Return the schedule: runs never overlap, one waits at most."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            ReconcileWorkflow.run,
            ReconcileRequest(),
            id=WORKFLOW_ID,
            task_queue=CONTROL_QUEUE,
            static_summary="compare our books with the outside world's",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(minutes=every_minutes))]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=CATCH_UP),
    )


class Look(NamedTuple):
    """The newest look at our open cases at the server: when it began, and what kept it from its end."""

    at: datetime
    trouble: str = ""


async def last_look(client: Client) -> Look | None:
    """Return when our open cases were last looked up at the server, the first thing that each run does.

    None if no run is on record.
    """
    run = client.get_workflow_handle(WORKFLOW_ID, result_type=ReconcileSummary)
    try:
        described = await run.describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None
    status = described.status or WorkflowExecutionStatus.RUNNING
    if status is WorkflowExecutionStatus.COMPLETED:
        looked = THE_SERVER not in (await run.result()).unreachable
        return Look(described.start_time, "" if looked else "not every case was looked up")
    went_on = status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)
    return Look(described.start_time, "" if went_on else f"its run has ended: {status.name.lower()}")
