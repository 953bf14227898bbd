"""What the returns desk is measured against: workflows of its shape whose activities do nothing.

Run as a worker: `python -m benchmarks.floor ADDRESS`.
"""

import asyncio
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

QUEUE = "kontor-bare"
TIMEOUT = timedelta(seconds=30)


@activity.defn(name="bare.nothing")
async def nothing() -> None:
    """Do nothing."""


async def at_once(count: int) -> None:
    """Make so many activity round trips at once."""
    await asyncio.gather(
        *(workflow.execute_activity(nothing, start_to_close_timeout=TIMEOUT) for _ in range(count))
    )


@workflow.defn(name="BareWorkflow")
class BareWorkflow:
    """Every step of a return that nobody has to look at as an activity: eleven round trips."""

    @workflow.run
    async def run(self) -> None:
        """Open, load and recall at once; decide; authorize; four effects; note and remember at once."""
        await at_once(3)
        for _ in range(6):
            await at_once(1)
        await at_once(2)


@workflow.defn(name="FloorWorkflow")
class FloorWorkflow:
    """Only what is outside as an activity: what durability of one read and four effects costs."""

    @workflow.run
    async def run(self) -> None:
        """Load; the money; the three other effects at once."""
        await at_once(1)
        await at_once(1)
        await at_once(3)


async def main(address: str) -> None:
    """Serve both until killed."""
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    await Worker(
        client,
        task_queue=QUEUE,
        workflows=[BareWorkflow, FloorWorkflow],
        activities=[nothing],
        max_concurrent_activities=50,
    ).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
