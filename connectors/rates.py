"""How fast a connector may be used: the server holds the rate, each worker the concurrency."""

from dataclasses import dataclass

from contracts.ids import connector_queue
from contracts.manifest import Manifest


@dataclass(frozen=True)
class QueueOptions:
    """The `temporalio.worker.Worker` options of a connector's own task queue.

    The server divides the rate over the queue's partitions; the dev server of `kontor up` runs with
    one. A worker that is sent away with its rate reached polls again: the limit holds over all
    workers of the queue together, whatever their number.
    """

    task_queue: str
    max_task_queue_activities_per_second: float
    max_concurrent_activities: int


def queue_options(manifest: Manifest) -> QueueOptions:
    """Return the options with which every worker must serve this connector's queue."""
    return QueueOptions(
        task_queue=connector_queue(manifest.name),
        max_task_queue_activities_per_second=manifest.rate_limit_per_second,
        max_concurrent_activities=manifest.concurrency,
    )
