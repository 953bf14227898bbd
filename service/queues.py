"""The task queues of an installation as the Temporal server sees them: who asks, and what waits."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client

from contracts.ids import CONTROL_QUEUE, MEMORY_QUEUE, MODELS_QUEUE, SECOND_MODELS_QUEUE, connector_queue

if TYPE_CHECKING:
    from bootstrap.installation import Installation

Kind = Literal["workflow", "activity"]
POLL = timedelta(seconds=100)
"""A worker asks anew every minute at the latest; one that has not for longer is gone."""
ANSWER = timedelta(seconds=3)


@dataclass(frozen=True)
class QueueStanding:
    """One kind of task of one queue.

    Attributes:
        pollers: the identities of the processes that ask for tasks.
        waiting: how many tasks no worker took yet; approximate, as the server counts them.
        oldest_seconds: how long the oldest of them waits.
    """

    name: str
    kind: Kind
    pollers: tuple[str, ...]
    waiting: int
    oldest_seconds: float


def queues_of(kontor: "Installation") -> list[tuple[str, Kind]]:
    """Return every queue that cases of this office may put tasks on; raises OfficeInvalid.

    The second zone's queue is one of them only where a task is critical: no other asks it.
    """
    critical = any(task.critical for task in kontor.catalogue.tasks.values())
    names = [CONTROL_QUEUE, MODELS_QUEUE, MEMORY_QUEUE, *([SECOND_MODELS_QUEUE] if critical else [])]
    names += [connector_queue(connector) for connector in sorted(kontor.manifests)]
    return [(CONTROL_QUEUE, "workflow"), *((name, "activity") for name in names)]


async def standings(client: Client, queues: list[tuple[str, Kind]]) -> tuple[QueueStanding, ...]:
    """Ask the server about queues; raises RPCError."""
    now = datetime.now(UTC)
    return tuple(await asyncio.gather(*(_standing(client, name, kind, now) for name, kind in queues)))


async def _standing(client: Client, name: str, kind: Kind, now: datetime) -> QueueStanding:
    number = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
    if kind == "activity":
        number = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    told = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=name),
            task_queue_type=number,
            report_stats=True,
        ),
        timeout=ANSWER,
    )
    return QueueStanding(
        name=name,
        kind=kind,
        pollers=_asking(told, now),
        waiting=told.stats.approximate_backlog_count,
        oldest_seconds=told.stats.approximate_backlog_age.ToTimedelta().total_seconds(),
    )


def _asking(told: DescribeTaskQueueResponse, now: datetime) -> tuple[str, ...]:
    last = {poller.identity: poller.last_access_time.ToDatetime(UTC) for poller in told.pollers}
    return tuple(sorted(identity for identity, at in last.items() if now - at < POLL))
