"""Taking effects back: each compensation is an effect of its own, judged and done like any other."""

from typing import Literal

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.policy import PolicyActivities
    from activities.undo import UndoActivities
    from contracts.approval import ApprovalOutcome
    from contracts.asking import asking_for
    from contracts.authorizing import Approved
    from contracts.compensation import CannotUndo, Compensation, UndoPlan, UndoReport, UndoRequest
    from contracts.effect import EffectOrder, EffectReceipt, EffectState
    from contracts.ids import CONTROL_QUEUE, effect_key
    from contracts.undo import UndoFacts
    from contracts.verdict import Authorization, Plan
    from workflows import options
    from workflows.approval_gate import ApprovalGate
    from workflows.case_file import CaseFile
    from workflows.pursuit import EffectRefused, pursue

GO_AHEAD = (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED)


class Undoing:
    """Undoes effects of one case, the last first, and keeps count of what stays."""

    def __init__(
        self,
        case_id: str,
        *,
        because: Literal["failure", "person"],
        asked_by: str = "",
        file: CaseFile | None = None,
        gate: ApprovalGate | None = None,
    ) -> None:
        """Keep who wants it and why.

        Args:
            case_id: whose effects.
            because: the case failed half way, or a person asked.
            asked_by: that person; empty after a failure.
            file: the case's file; it is told of every effect.
            gate: asks people where policy wants it; without it such an effect stays.
        """
        self._case_id = case_id
        self._desk = case_id.split("/", 1)[0]
        self._because = because
        self._asked_by = asked_by
        self._file = file
        self._gate = gate

    async def undo(self, keys: tuple[str, ...] = ()) -> UndoReport:
        """Undo these effects, or all that are applied, and report what remains."""
        plan = await self.plan(keys)
        undone: list[EffectReceipt] = []
        remaining = list(plan.impossible)
        for compensation in plan.compensations:
            receipt = await self._undo_one(compensation)
            if isinstance(receipt, EffectReceipt):
                undone.append(receipt)
            else:
                remaining.append(receipt)
        return UndoReport(undone=tuple(undone), remaining=tuple(remaining))

    async def plan(self, keys: tuple[str, ...] = ()) -> UndoPlan:
        """Ask the ledger and the manifests what can be undone."""
        return await workflow.execute_activity_method(
            UndoActivities.plan,
            UndoRequest(case_id=self._case_id, keys=keys),
            **options.told(options.BOOKS, "what can be undone", CONTROL_QUEUE),
        )

    async def _undo_one(self, compensation: Compensation) -> EffectReceipt | CannotUndo:
        authorization = await self._authorize(compensation)
        if authorization.outcome != "allow":
            return _stays(compensation, _forbidden(authorization))
        order = EffectOrder(
            case_id=self._case_id,
            key=effect_key(self._case_id, compensation.effect.step),
            effect=compensation.effect,
            permit_id=authorization.permits.get(compensation.effect.step, ""),
            compensates=compensation.undoes,
        )
        try:
            receipt = await pursue(order, self._file)
        except EffectRefused as refused:
            return _stays(compensation, refused.message)
        if receipt.state is EffectState.APPLIED:
            return receipt
        return _stays(compensation, f"undoing it is {receipt.state.value}: {receipt.reason}")

    async def _authorize(self, compensation: Compensation) -> Authorization:
        """Put one compensation to policy, and to people where policy says so."""
        plan = self._judged_plan(compensation)
        authorization = await workflow.execute_activity_method(
            PolicyActivities.authorize,
            plan,
            **options.told(options.BOOKS, f"policy: {plan.summary}", CONTROL_QUEUE),
        )
        if authorization.outcome != "ask" or self._gate is None:
            return authorization
        asking = asking_for(
            plan,
            authorization,
            asked_by=self._asked_by or f"desk:{self._desk}",
            # An undo that is asked for again is a new question, not the old one's answer.
            step=f"{compensation.effect.step}-{workflow.info().first_execution_run_id[:8]}",
        )
        approval = await self._gate.ask(asking)
        if approval.outcome not in GO_AHEAD:
            return authorization.model_copy(
                update={"outcome": "deny", "refused": f"the request for approval ended {approval.outcome}"}
            )
        return await workflow.execute_activity_method(
            PolicyActivities.authorize_approved,
            Approved(request_id=approval.request_id, case_id=self._case_id),
            **options.told(options.BOOKS, f"policy, approved: {plan.summary}", CONTROL_QUEUE),
        )

    def _judged_plan(self, compensation: Compensation) -> Plan:
        effect = compensation.effect
        facts: dict[str, JsonValue] = UndoFacts(
            desk=self._desk,
            undoes=compensation.operation,
            because=self._because,
            asked_by=self._asked_by,
            amount_cents=effect.amount_cents,
            days_since_applied=(workflow.now() - compensation.applied_at).days,
        ).model_dump(mode="json")
        what = f"undo {compensation.operation.replace('_', ' ')} at {effect.connector}"
        return Plan(case_id=self._case_id, desk=self._desk, summary=what, facts=facts, effects=(effect,))


def _stays(compensation: Compensation, why: str) -> CannotUndo:
    return CannotUndo(key=compensation.undoes, step=compensation.effect.step, why=why)


def _forbidden(authorization: Authorization) -> str:
    if authorization.refused:
        return authorization.refused
    if authorization.outcome == "ask":
        return "a person must allow it: `kontor undo` asks one"
    reasons = [
        reason.reason
        for verdict in authorization.verdicts
        for reason in verdict.reasons
        if reason.effect == "forbid"
    ]
    errors = [error for verdict in authorization.verdicts for error in verdict.errors]
    return "policy forbids it: " + (" ".join(dict.fromkeys([*reasons, *errors])) or "nothing permits it")
