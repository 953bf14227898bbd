"""A desk that does nothing but ask and act: the gate's story without the rest."""

import asyncio
from datetime import timedelta
from typing import NoReturn

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from activities.policy import PolicyActivities
    from contracts.approvals.messages import ApprovalDraft, GateCarry, Withdrawal
    from contracts.approvals.request import Approval, ApprovalOutcome
    from contracts.authorization import Approved, Plan
    from contracts.base import Frozen
    from contracts.effect import ProposedEffect
    from tests.workflows.kernel.approvals.data_plane import DataPlane
    from workflows.kernel import options
    from workflows.kernel.approval_gate import ApprovalGate


class Job(Frozen):
    """What the test desk is told to do.

    Attributes:
        wait_before: the case does other work until the signal `go`.
        wait_after: the case does other work after the end, until the signal `go`.
        never_ask: the case ends without a question.
        history_limit: continue as new beyond so many events.
    """

    asking: ApprovalDraft
    wait_before: bool = False
    wait_after: bool = False
    never_ask: bool = False
    recheck_seconds: float | None = None
    history_limit: int = 0
    carried: GateCarry | None = None


class Acted(Frozen):
    """How it ended, and under which permits something was done."""

    approval: Approval
    permits: dict[str, str] = {}


class Act(Frozen):
    """One effect to begin."""

    case_id: str
    effect: ProposedEffect
    permit_id: str


class Worldly:
    """The test desk's own activities: begin an effect, read the facts again."""

    def __init__(self, house: DataPlane) -> None:
        self.house = house
        self.facts: list[ApprovalDraft | Withdrawal | None] = []
        self.down = False
        self.looks = 0

    @activity.defn(name="test.act")
    async def act(self, act: Act) -> None:
        self.house.begin(act.effect, act.permit_id, act.case_id)

    @activity.defn(name="test.recheck")
    async def recheck(self) -> tuple[ApprovalDraft | None, Withdrawal | None]:
        self.looks += 1
        if self.down:
            raise ConnectionError("the channel is down")
        found = self.facts.pop(0) if self.facts else None
        return (
            found if isinstance(found, ApprovalDraft) else None,
            found if isinstance(found, Withdrawal) else None,
        )


@workflow.defn(name="AskingDesk")
class AskingDesk:
    """Ask, and act under the permits that the answer leads to."""

    @workflow.init
    def __init__(self, job: Job) -> None:
        self.job = job
        self.going = False
        self.gate = ApprovalGate(
            carried=job.carried, continue_as_new=self.again, history_limit=job.history_limit
        )

    @workflow.run
    async def run(self, job: Job) -> Acted | None:
        if job.wait_before:
            await workflow.wait_condition(lambda: self.going)
        if job.never_ask:
            await self.gate.finish()
            return None
        every = timedelta(seconds=job.recheck_seconds) if job.recheck_seconds else None
        try:
            asking = None if job.carried and job.carried.waiting else job.asking
            approval = await self.gate.ask(asking, recheck=self.recheck, recheck_every=every)
        except asyncio.CancelledError:
            await self.gate.finish()
            raise
        if job.wait_after:
            await workflow.wait_condition(lambda: self.going)
        permits = await self.act(approval)
        await self.gate.finish()
        return Acted(approval=approval, permits=permits)

    @workflow.signal
    def go(self) -> None:
        self.going = True

    async def act(self, approval: Approval) -> dict[str, str]:
        """Begin every effect that was agreed to, in order."""
        if approval.outcome not in (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED):
            return {}
        case_id = workflow.info().workflow_id
        leave = await workflow.execute_activity_method(
            PolicyActivities.authorize_approved,
            Approved(request_id=approval.request_id, case_id=case_id),
            **options.DATABASE,
        )
        plan: Plan = leave.plan or self.gate.asked().plan
        for effect in plan.effects if leave.outcome == "allow" else ():
            order = Act(case_id=case_id, effect=effect, permit_id=leave.permits[effect.step])
            await workflow.execute_activity_method(Worldly.act, order, **options.DATABASE)
        return leave.permits

    async def recheck(self) -> ApprovalDraft | Withdrawal | None:
        draft, withdrawal = await workflow.execute_activity_method(Worldly.recheck, **options.DATABASE)
        return draft or withdrawal

    def again(self, carry: GateCarry) -> NoReturn:
        workflow.continue_as_new(self.job.model_copy(update={"carried": carry, "wait_before": False}))
