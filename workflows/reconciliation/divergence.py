"""The case of one divergence: a proposed fix, through policy and people like everything else."""

from typing import NoReturn

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.reconcile import ReconcileActivities
    from contracts.approvals.messages import ApprovalDraft, draft_for
    from contracts.approvals.request import Approval, ApprovalOutcome
    from contracts.authorization import Authorization
    from contracts.carry import CaseCarry
    from contracts.case import CaseStatus
    from contracts.reconciliation.divergence import DESK, Divergence, DivergenceKind
    from contracts.reconciliation.messages import DivergenceCarry, FixProposal, Settlement
    from workflows.kernel import options
    from workflows.kernel.case import CaseRun
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.effects import EffectRefused
    from workflows.kernel.ends import NOT_GRANTED
    from workflows.kernel.pauses import Rest

ASKED_BY = f"desk:{DESK}"


@workflow.defn(name="DivergenceWorkflow")
class DivergenceWorkflow:
    """One divergence, from its finding to its end; nobody's answer leaves it open for the next run."""

    @workflow.init
    def __init__(self, found: Divergence | DivergenceCarry) -> None:
        """Prepare what signal handlers need before `run` begins."""
        carried = found if isinstance(found, DivergenceCarry) else None
        self.divergence = divergence = found.divergence if isinstance(found, DivergenceCarry) else found
        request, before = divergence.model_dump(mode="json"), carried.case if carried else None
        self.file = CaseFile(DESK, divergence.connector, request, before.file if before else None)
        self.case = CaseRun(self.file, before, self.continue_as_new)
        self.proposal = carried.proposal if carried else None

    @workflow.run
    async def run(self, found: Divergence | DivergenceCarry) -> str:
        """Tell the story of the case; returns how it ended, in words.

        Args:
            found: the divergence, or its case which an earlier run left waiting. That is judged and asked
                the same again, and finds the question that is open.
        """
        self.proposal = proposal = self.proposal or await self.open()
        if not proposal.plan.effects:
            return await self.by_hand(proposal)
        while True:
            authorization = await self.case.authorize(proposal.plan)
            if authorization.outcome == "deny":
                return await self.by_hand(proposal.without_fix())
            if authorization.outcome == "ask":
                approval = await self.ask(proposal, authorization)
                if not approval.granted:
                    return await self.not_mended(approval)
                authorization = await self.case.authorize_approved(proposal.plan, approval)
                if authorization.outcome != "allow":
                    why = f"the fix was refused: {authorization.refused}"
                    return await self.close(CaseStatus.DENIED, why, settled=False)
            try:
                return await self.mend(proposal, authorization)
            except EffectRefused as refused:
                # What people said of it stands: asked the same again, the gate finds their answer.
                if not refused.asks_again or await self.case.rest(refused) is not Rest.TAKEN:
                    why = f"the fix was refused: {refused}"
                    return await self.close(CaseStatus.FAILED, why, settled=False)

    async def ask(self, proposal: FixProposal, authorization: Authorization) -> Approval:
        """Ask people for leave to do the fix; the same question twice is one."""
        return await self.case.ask(
            draft_for(
                proposal.plan.model_copy(update={"summary": proposal.what}),
                authorization,
                asked_by=ASKED_BY,
                evidence=proposal.evidence,
                round_number=self.divergence.rounds,
            )
        )

    async def open(self) -> FixProposal:
        """Put the case on the office's list, and work out what could be done."""
        found = self.divergence
        self.file.currency, self.file.amount_cents = found.currency, found.at_stake_cents
        await self.case.open(
            found.words(), divergence=found.id, divergence_kind=found.kind.value, round=found.rounds
        )
        return await workflow.execute_activity_method(
            ReconcileActivities.propose, found, **options.with_summary(options.DATABASE, "what could be done")
        )

    async def mend(self, proposal: FixProposal, authorization: Authorization) -> str:
        """Do the fix."""
        plan = authorization.plan or proposal.plan
        stopped = await self.case.carry_out(plan, authorization)
        if stopped is not None:
            why = f"the fix is {stopped.receipt.state.value}: {stopped.receipt.reason}"
            return await self.close(CaseStatus.FAILED, why, settled=False)
        done = ", ".join(f"{effect.operation} at {effect.connector}" for effect in plan.effects)
        return await self.close(CaseStatus.SETTLED, f"mended: {done}", settled=True)

    async def by_hand(self, proposal: FixProposal) -> str:
        """Give it to a person where Kontor has nothing to propose, or may not do it."""
        self.proposal = proposal
        approval = await self.case.ask(
            ApprovalDraft(
                plan=proposal.plan,
                what=proposal.what,
                asked_by=ASKED_BY,
                evidence=proposal.evidence,
                round_number=self.divergence.rounds,
                office_version=self.file.office_version,
            )
        )
        stuck = self.divergence.kind is DivergenceKind.STUCK_UNKNOWN
        if approval.granted:
            said = f"{_who(approval)} says that it was done" if stuck else f"settled by {_who(approval)}"
            return await self.close(CaseStatus.SETTLED, said, settled=True, applied=True if stuck else None)
        if approval.outcome is ApprovalOutcome.REJECTED and stuck:
            said = f"{_who(approval)} says that it was not done"
            return await self.close(CaseStatus.SETTLED, said, settled=True, applied=False)
        return await self.not_mended(approval)

    async def not_mended(self, approval: Approval) -> str:
        """End without a fix: a `no` closes the divergence, silence leaves it open."""
        status = NOT_GRANTED[approval.outcome]
        rejected = approval.outcome is ApprovalOutcome.REJECTED
        why = f"left as it is by {_who(approval)}" if rejected else approval.note or approval.outcome.value
        return await self.close(status, why, settled=rejected)

    def continue_as_new(self, carry: CaseCarry) -> NoReturn:
        """Let another run go on with the case, whose history has grown long while people think."""
        assert self.proposal is not None
        workflow.continue_as_new(
            DivergenceCarry(case=carry, divergence=self.divergence, proposal=self.proposal)
        )

    async def close(self, status: CaseStatus, why: str, *, settled: bool, applied: bool | None = None) -> str:
        """Settle the divergence in the books, and the case with it."""
        await workflow.execute_activity_method(
            ReconcileActivities.settle,
            Settlement(
                divergence_id=self.divergence.id,
                resolution=why,
                close=settled,
                effect_key=self.divergence.effect_key,
                applied=applied,
            ),
            **options.with_summary(options.DATABASE, why),
        )
        await self.case.close(status, why, remember=False)
        return why


def _who(approval: Approval) -> str:
    return ", ".join(dict.fromkeys(answer.person for answer in approval.answers)) or "nobody"
