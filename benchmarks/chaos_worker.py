"""The process that a storm kills: a workflow for one effect, a case of one effect, and all that serves them.

Run as `python -m benchmarks.chaos_worker`; its settings come from the environment.
"""

import asyncio
import os
import sys
from datetime import datetime
from unittest.mock import patch

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from contracts.authorization import Plan
    from contracts.base import Frozen
    from contracts.effect import EffectOrder, EffectReceipt
    from workflows.kernel.case import CaseRun
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.effects import EffectRefused, execute_effect
    from workflows.kernel.pauses import Rest

STORM_QUEUE = "kontor-storm"
SERVING = "serves"
"""The word in the process's log, with its id, once it takes work."""


@workflow.defn(name="StormWorkflow")
class StormWorkflow:
    """A case that is nothing but its effect."""

    @workflow.run
    async def run(self, order: EffectOrder) -> EffectReceipt:
        """Hand the effect to the data plane, as every desk does."""
        return await execute_effect(order)


class StormEnd(Frozen):
    """How a case of the storm ended.

    Attributes:
        word: `applied`, or where it stopped.
        judged: how often its plan was judged: more than once where a verdict met another office.
    """

    word: str
    judged: int


@workflow.defn(name="StormCase")
class StormCase:
    """A case that is nothing but its plan: judged, done, and judged again where an office is changed."""

    @workflow.init
    def __init__(self, plan: Plan) -> None:
        """Prepare what signal handlers need before `run` begins."""
        channel = plan.effects[0].connector
        self.case = CaseRun(CaseFile(plan.desk, channel, {}))

    @workflow.run
    async def run(self, plan: Plan) -> StormEnd:
        """Do what every desk does between its plan and its end."""
        while True:
            authorization = await self.case.authorize(plan)
            if authorization.outcome != "allow":
                return StormEnd(word=authorization.outcome, judged=self.case.pauses.tries + 1)
            try:
                stopped = await self.case.carry_out(plan, authorization)
            except EffectRefused as refused:
                if refused.asks_again and await self.case.rest(refused) is Rest.TAKEN:
                    continue
                return StormEnd(word="refused", judged=self.case.pauses.tries + 1)
            word = stopped.word if stopped else "applied"
            return StormEnd(word=word, judged=self.case.pauses.tries + 1)


class BelievedStorm:
    """Grounds for cases that came by no door: what is measured is that each effect happens once."""

    async def stranger(self, _case_id: str, _plan: Plan | None = None) -> str:
        """Know nobody, and let everybody call."""
        return ""

    def contradiction(self, _plan: Plan, _asked_at: datetime | None = None) -> str:
        """Believe what a plan says: no order of a storm was ever read."""
        return ""


async def serve() -> None:
    """Serve the control queue, every connector, and the storm, as one worker process does."""
    # Not at the top: the workflow above is loaded in a sandbox that must not meet sockets and SQL.
    import worker  # noqa: PLC0415
    from bootstrap import serving  # noqa: PLC0415
    from bootstrap.installation import Installation  # noqa: PLC0415
    from bootstrap.runner import workflow_runner  # noqa: PLC0415
    from service.temporal import check_search_attributes, connect  # noqa: PLC0415
    from settings import settings  # noqa: PLC0415

    found = settings()
    client: Client = await connect(found)
    await check_search_attributes(client)
    kontor = Installation(found)
    storm = Worker(
        client,
        task_queue=STORM_QUEUE,
        workflows=[StormWorkflow, StormCase],
        workflow_runner=workflow_runner(),
        sticky_queue_schedule_to_start_timeout=worker.STICKY_TIMEOUT,
    )
    with patch.object(serving, "grounds", lambda _kontor: BelievedStorm()):
        control = worker.control(client, kontor)
    served = [storm, *control, *worker.connectors(client, kontor)]
    sys.stderr.write(f"{SERVING} [{os.getpid()}]\n")
    await asyncio.gather(*(one.run() for one in served))


if __name__ == "__main__":
    asyncio.run(serve())
