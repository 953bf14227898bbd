"""The reconciler's schedule on the Temporal server, kept as the settings say."""

from datetime import timedelta

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
)
from temporalio.service import RPCError, RPCStatusCode

from contracts.ids import CONTROL_QUEUE
from contracts.reconciliation.messages import ReconcileRequest
from workflows.reconciliation.reconcile import WORKFLOW_ID, ReconcileWorkflow

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
