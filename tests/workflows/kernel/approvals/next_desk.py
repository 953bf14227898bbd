"""The test desk as a later deploy has it: once with care for parked cases, once without."""

from datetime import timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.request import Approval
    from tests.workflows.kernel.approvals.desk import Acted, AskingDesk, Job
    from workflows.kernel.approval_gate import ApprovalGate


@workflow.defn(name="AskingDesk")
class NextVersion(AskingDesk):
    """The desk as a later deploy has it: one more step before the question, and one after.

    The new steps stand behind `patched`, so that a case that was parked before goes on as it began.
    """

    @workflow.init
    def __init__(self, job: Job) -> None:
        super().__init__(job)

    @workflow.run
    async def run(self, job: Job) -> Acted | None:
        if workflow.patched("look-before-asking"):
            await workflow.sleep(0.01)
        return await super().run(job)

    async def act(self, approval: Approval) -> dict[str, str]:
        if workflow.patched("rest-before-acting"):
            await workflow.sleep(0.01)
        return await super().act(approval)


class ImpatientGate(ApprovalGate):
    """A gate whose author forgot the parked cases: it waits a second before it asks."""

    async def ask(self, *asked: Any, **how: Any) -> Approval:
        await workflow.sleep(timedelta(seconds=1))
        return await super().ask(*asked, **how)


@workflow.defn(name="AskingDesk")
class Careless(AskingDesk):
    """The desk with that gate."""

    @workflow.init
    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.gate = ImpatientGate()

    @workflow.run
    async def run(self, job: Job) -> Acted | None:
        return await super().run(job)
