"""The floor of the returns desk: a workflow of the same shape whose activities do nothing.

Run as a worker: `python -m benchmarks.bare ADDRESS`.
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


@workflow.defn(name="BareWorkflow")
class BareWorkflow:
    """As many activity round trips as a return that nobody has to look at, at the same places."""

    @workflow.run
    async def run(self) -> None:
        """Open, load and recall at once; decide; authorize; four effects; note and remember at once."""
        await self._at_once(3)
        for _ in range(6):
            await self._at_once(1)
        await self._at_once(2)

    async def _at_once(self, count: int) -> None:
        await asyncio.gather(
            *(workflow.execute_activity(nothing, start_to_close_timeout=TIMEOUT) for _ in range(count))
        )


async def main(address: str) -> None:
    """Serve the bare workflow until killed."""
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    await Worker(
        client, task_queue=QUEUE, workflows=[BareWorkflow], activities=[nothing], max_concurrent_activities=50
    ).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
