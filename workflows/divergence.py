"""The case of one divergence: a proposed fix, through policy and people like everything else."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.policy import PolicyActivities
    from activities.reconcile import ReconcileActivities
    from contracts.approval import Approval, ApprovalOutcome
    from contracts.asking import Asking, asking_for
    from contracts.authorizing import Approved
    from contracts.case import CaseStatus
    from contracts.divergence import DESK, Divergence, DivergenceKind
    from contracts.effect import EffectState
    from contracts.reconciling import Proposal, Settlement
    from contracts.verdict import Authorization
    from workflows import options
    from workflows.approval_gate import ApprovalGate
    from workflows.case_file import CaseFile
    from workflows.effects import Effects
    from workflows.pursuit import EffectRefused

GO_AHEAD = (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED)
ASKED_BY = f"desk:{DESK}"
UNANSWERED = {
    ApprovalOutcome.EXPIRED: CaseStatus.EXPIRED,
    ApprovalOutcome.WITHDRAWN: CaseStatus.WITHDRAWN,
    ApprovalOutcome.REJECTED: CaseStatus.REJECTED,
}


@workflow.defn(name="DivergenceWorkflow")
class DivergenceWorkflow:
    """One divergence, from its finding to its end; nobody's answer leaves it open for the next run."""

    @workflow.init
    def __init__(self, divergence: Divergence) -> None:
        """Prepare what signal handlers need before `run` begins."""
        self.divergence = divergence
        self.file = CaseFile(DESK, divergence.connector, divergence.model_dump(mode="json"))
        self.gate = ApprovalGate(self.file)

    @workflow.run
    async def run(self, divergence: Divergence) -> str:
        """Tell the story of the case; returns how it ended, in words."""
        proposal = await self.open()
        if not proposal.plan.effects:
            return await self.by_hand(proposal)
        authorization = await self.authorize(proposal)
        if authorization.outcome == "deny":
            return await self.by_hand(proposal.without_fix())
        if authorization.outcome == "ask":
            approval = await self.gate.ask(
                asking_for(
                    proposal.plan.model_copy(update={"summary": proposal.what}),
                    authorization,
                    asked_by=ASKED_BY,
                    evidence=proposal.evidence,
                    round_number=divergence.rounds,
                )
            )
            if approval.outcome not in GO_AHEAD:
                return await self.not_mended(approval)
            authorization = await self.authorize_approved(proposal, approval)
            if authorization.outcome != "allow":
                why = f"the fix was refused: {authorization.refused}"
                return await self.close(CaseStatus.DENIED, why, settled=False)
        return await self.mend(proposal, authorization)

    async def open(self) -> Proposal:
        """Put the case on the office's list, and work out what could be done."""
        found = self.divergence
        self.file.summary, self.file.currency = found.words(), found.currency
        self.file.amount_cents = found.at_stake_cents
        self.file.happened(
            "opened", divergence=found.id, divergence_kind=found.kind.value, round=found.rounds
        )
        await self.file.note(CaseStatus.RUNNING)
        return await workflow.execute_activity_method(
            ReconcileActivities.propose, found, **options.told(options.BOOKS, "what could be done")
        )

    async def authorize(self, proposal: Proposal) -> Authorization:
        """Ask policy for a verdict on the fix."""
        authorization = await workflow.execute_activity_method(
            PolicyActivities.authorize, proposal.plan, **options.told(options.BOOKS, "policy: the fix")
        )
        self.file.judged(authorization)
        return authorization

    async def authorize_approved(self, proposal: Proposal, approval: Approval) -> Authorization:
        """Turn an approval into a permit, where the books agree that it was given."""
        authorization = await workflow.execute_activity_method(
            PolicyActivities.authorize_approved,
            Approved(request_id=approval.request_id, case_id=self.file.case_id),
            **options.told(options.BOOKS, f"policy: the fix, {approval.outcome.value}"),
        )
        self.file.judged(authorization)
        return authorization

    async def mend(self, proposal: Proposal, authorization: Authorization) -> str:
        """Do the fix."""
        effects = Effects(self.file.case_id, authorization.permits, file=self.file, gate=self.gate)
        plan = authorization.plan or proposal.plan
        for effect in plan.effects:
            try:
                receipt = await effects.perform(effect)
            except EffectRefused as refused:
                return await self.close(CaseStatus.FAILED, f"the fix was refused: {refused}", settled=False)
            if receipt.state is not EffectState.APPLIED:
                why = f"the fix is {receipt.state.value}: {receipt.reason}"
                return await self.close(CaseStatus.FAILED, why, settled=False)
        done = ", ".join(f"{effect.operation} at {effect.connector}" for effect in plan.effects)
        return await self.close(CaseStatus.SETTLED, f"mended: {done}", settled=True)

    async def by_hand(self, proposal: Proposal) -> str:
        """Give it to a person where Kontor has nothing to propose, or may not do it."""
        approval = await self.gate.ask(
            Asking(
                plan=proposal.plan,
                what=proposal.what,
                asked_by=ASKED_BY,
                evidence=proposal.evidence,
                round_number=self.divergence.rounds,
                office_version=self.file.office_version,
            )
        )
        stuck = self.divergence.kind is DivergenceKind.STUCK_UNKNOWN
        if approval.outcome in GO_AHEAD:
            said = f"{_who(approval)} says that it was done" if stuck else f"settled by {_who(approval)}"
            return await self.close(CaseStatus.SETTLED, said, settled=True, applied=True if stuck else None)
        if approval.outcome is ApprovalOutcome.REJECTED and stuck:
            said = f"{_who(approval)} says that it was not done"
            return await self.close(CaseStatus.SETTLED, said, settled=True, applied=False)
        return await self.not_mended(approval)

    async def not_mended(self, approval: Approval) -> str:
        """End without a fix: a `no` closes the divergence, silence leaves it open."""
        status = UNANSWERED[approval.outcome]
        rejected = approval.outcome is ApprovalOutcome.REJECTED
        why = f"left as it is by {_who(approval)}" if rejected else approval.note or approval.outcome.value
        return await self.close(status, why, settled=rejected)

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
            **options.told(options.BOOKS, why),
        )
        await self.gate.finish()
        self.file.happened("closed", status=status.value, outcome=why)
        await self.file.note(status, why)
        self.file.details(f"### {status.value}: {why}\n{self.file.summary}")
        return why


def _who(approval: Approval) -> str:
    return ", ".join(dict.fromkeys(answer.person for answer in approval.answers)) or "nobody"
