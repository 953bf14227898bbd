"""A test desk that asks one inquiry of two zones, with little patience."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from contracts.base import Frozen
    from contracts.decision import Decision, Inquiry
    from workflows.kernel.decisions import Zones, decide

BRIEF = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=1),
    schedule_to_close_timeout=timedelta(seconds=2),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100)),
)


class Voting(Frozen):
    """What is asked, on which queues."""

    inquiry: Inquiry
    first: str
    second: str


@workflow.defn
class VotingWorkflow:
    @workflow.run
    async def run(self, voting: Voting) -> list[Decision]:
        zones = Zones(voting.first, voting.second, first_options=BRIEF, second_options=BRIEF)
        return await decide(voting.inquiry, zones)
