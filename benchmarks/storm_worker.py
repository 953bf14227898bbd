"""The process that a storm kills: one workflow for one effect, and all that serves it.

Run as `python -m benchmarks.storm_worker`; its settings come from the environment.
"""

import asyncio

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from contracts.effect import EffectOrder, EffectReceipt
    from workflows.pursuit import pursue

STORM_QUEUE = "kontor-storm"


@workflow.defn(name="StormWorkflow")
class StormWorkflow:
    """A case that is nothing but its effect."""

    @workflow.run
    async def run(self, order: EffectOrder) -> EffectReceipt:
        """Hand the effect to the data plane, as every desk does."""
        return await pursue(order)


async def serve() -> None:
    """Serve the control queue, every connector, and the storm, as one worker process does."""
    # Not at the top: the workflow above is loaded in a sandbox that must not meet sockets and SQL.
    import bootstrap  # noqa: PLC0415
    import worker  # noqa: PLC0415
    from cli.connection import check_search_attributes, connect  # noqa: PLC0415
    from settings import settings  # noqa: PLC0415

    found = settings()
    client: Client = await connect(found)
    await check_search_attributes(client)
    outside = bootstrap.connectors(found)
    storm = Worker(
        client,
        task_queue=STORM_QUEUE,
        workflows=[StormWorkflow],
        workflow_runner=worker.workflow_runner(),
        sticky_queue_schedule_to_start_timeout=worker.STICKY_TIMEOUT,
    )
    serving = [storm, *worker.control(client, found, outside), *worker.connectors(client, found, outside)]
    await asyncio.gather(*(one.run() for one in serving))


if __name__ == "__main__":
    asyncio.run(serve())
