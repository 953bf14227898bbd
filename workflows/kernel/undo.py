"""Taking effects back: each compensation is an effect of its own, judged and done like any other."""

from typing import Literal, NoReturn

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.policy import PolicyActivities
    from activities.undo import UndoActivities
    from contracts.approvals.messages import GateCarry, draft_for
    from contracts.authorization import Approved, Authorization, Plan, why_denied
    from contracts.carry import UndoCarry, UndoCaseCarry
    from contracts.case import CaseStatus
    from contracts.effect import EffectOrder, EffectReceipt, EffectState
    from contracts.ids import effect_key
    from contracts.undo import (
        CannotUndo,
        Compensation,
        UndoCase,
        UndoFacts,
        UndoPlan,
        UndoReport,
        UndoRequest,
    )
    from workflows.kernel.approval_gate import ApprovalGate
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.effects import EffectRefused, execute_effect
    from workflows.kernel.pauses import Pauses, Rest
    from workflows.kernel.placement import Placement


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
        so_far: UndoCarry | None = None,
    ) -> None:
        """Keep who wants it and why.

        Args:
            case_id: whose effects.
            because: the case failed half way, or a person asked.
            asked_by: that person; empty after a failure.
            file: the case's file; it is told of every effect.
            gate: asks people where policy wants it; without it such an effect stays.
            so_far: what an earlier run of the workflow did of it.
        """
        so_far = so_far or UndoCarry()
        self._case_id = case_id
        self._desk = case_id.split("/", 1)[0]
        self._because = because
        self._asked_by = asked_by
        self._file = file
        self._placement = file.placement if file else Placement()
        self._gate = gate
        self._why = so_far.why
        self._undone = list(so_far.report.undone)
        self._remaining = list(so_far.report.remaining)
        self._dealt_with = list(so_far.dealt_with)
        self._back_cents = so_far.report.back_cents

    def carry(self) -> UndoCarry:
        """Return what the next run needs after a continue-as-new."""
        return UndoCarry(report=self._report(), dealt_with=tuple(self._dealt_with), why=self._why)

    def _report(self) -> UndoReport:
        return UndoReport(
            undone=tuple(self._undone), remaining=tuple(self._remaining), back_cents=self._back_cents
        )

    async def undo(self, keys: tuple[str, ...] = ()) -> UndoReport:
        """Undo these effects, or all that are applied, and report what remains."""
        plan = await self.plan(keys)
        for left in plan.impossible:
            if left.key not in self._dealt_with:
                self._remaining.append(left)
                self._dealt_with.append(left.key)
        for compensation in plan.compensations:
            if compensation.undoes in self._dealt_with:
                continue
            receipt = await self._undo_one(compensation)
            self._dealt_with.append(compensation.undoes)
            if isinstance(receipt, EffectReceipt):
                self._undone.append(receipt)
                self._back_cents += compensation.out_cents
            else:
                self._remaining.append(receipt)
        return self._report()

    async def plan(self, keys: tuple[str, ...] = ()) -> UndoPlan:
        """Ask the ledger and the manifests what can be undone."""
        return await self._placement.record(
            UndoActivities.plan, UndoRequest(case_id=self._case_id, keys=keys), "what can be undone"
        )

    async def _undo_one(self, compensation: Compensation) -> EffectReceipt | CannotUndo:
        pauses = Pauses()
        while True:
            authorization = await self._authorize(compensation)
            if authorization.outcome != "allow":
                return _stays(compensation, _forbidden(authorization))
            try:
                return await self._perform(compensation, authorization)
            except EffectRefused as refused:
                # What people said of it stands: asked the same again, the gate finds their answer.
                if not refused.asks_again or await pauses.rest(refused.message) is not Rest.TAKEN:
                    return _stays(compensation, refused.message)

    async def _perform(
        self, compensation: Compensation, authorization: Authorization
    ) -> EffectReceipt | CannotUndo:
        order = EffectOrder(
            case_id=self._case_id,
            key=effect_key(self._case_id, compensation.effect.step),
            effect=compensation.effect,
            permit_id=authorization.permits.get(compensation.effect.step, ""),
            compensates=compensation.undoes,
        )
        receipt = await execute_effect(order, self._file)
        if receipt.state is EffectState.APPLIED:
            return receipt
        return _stays(compensation, f"undoing it is {receipt.state.value}: {receipt.reason}")

    async def _authorize(self, compensation: Compensation) -> Authorization:
        """Put one compensation to policy, and to people where policy says so."""
        plan = self._judged_plan(compensation)
        authorization = await self._placement.record(
            PolicyActivities.authorize, plan, f"policy: {plan.summary}"
        )
        if authorization.outcome != "ask" or self._gate is None:
            return authorization
        draft = draft_for(
            plan,
            authorization,
            asked_by=self._asked_by or f"desk:{self._desk}",
            # An undo that is asked for again is a new question, not the old one's answer.
            step=f"{compensation.effect.step}-{workflow.info().first_execution_run_id[-8:]}",
        )
        approval = await self._gate.ask(draft)
        if not approval.granted:
            return authorization.model_copy(
                update={"outcome": "deny", "refused": f"the request for approval ended {approval.outcome}"}
            )
        return await self._placement.record(
            PolicyActivities.authorize_approved,
            Approved(request_id=approval.request_id, case_id=self._case_id),
            f"policy, approved: {plan.summary}",
        )

    def _judged_plan(self, compensation: Compensation) -> Plan:
        effect = compensation.effect
        facts: dict[str, JsonValue] = UndoFacts(
            desk=self._desk,
            undoes=compensation.operation,
            because=self._because,
            asked_by=self._asked_by,
            amount_cents=compensation.sum_cents or effect.amount_cents,
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
    return f"policy forbids it: {why_denied(authorization.verdicts) or 'nothing permits it'}"


@workflow.defn(name="UndoWorkflow")
class UndoWorkflow:
    """One undo: work out what can be taken back, ask policy and people, do it, report what stays."""

    @workflow.init
    def __init__(self, asked: UndoCase | UndoCaseCarry) -> None:
        """Prepare what signal handlers need before `run` begins."""
        carried = asked if isinstance(asked, UndoCaseCarry) else None
        self.request = request = asked.request if isinstance(asked, UndoCaseCarry) else asked
        self.file = CaseFile.of(request.record, carried.file if carried else None)
        self.gate = ApprovalGate(
            self.file, carried=carried.gate if carried else None, continue_as_new=self.continue_as_new
        )
        self.undoing = Undoing(
            request.record.id,
            because="person",
            asked_by=request.person,
            file=self.file,
            gate=self.gate,
            so_far=carried.undo if carried else None,
        )

    @workflow.run
    async def run(self, asked: UndoCase | UndoCaseCarry) -> UndoReport:
        """Undo, and leave the case `undone`, or as it was with a word of what remains.

        Args:
            asked: what a person asked for, or how far an earlier run came that waits for people.
        """
        request = self.request
        if isinstance(asked, UndoCase):
            self.file.happened("undo_asked", by=request.person, note=request.note, effects=list(request.keys))
            await self.file.note(CaseStatus.RUNNING, "undoing")
        report = await self.undoing.undo(request.keys)
        await self.gate.finish()
        self.file.happened("undone", report=report.words(), complete=report.complete)
        status, outcome = end(request, report)
        self.file.amount_cents = (
            0 if status is CaseStatus.UNDONE else self.file.amount_cents - report.back_cents
        )
        await self.file.note(status, outcome)
        self.file.details(f"### {outcome}\n{report.words()}")
        return report

    def continue_as_new(self, gate: GateCarry) -> NoReturn:
        """Let another run go on, from the effect that people are asked about."""
        workflow.continue_as_new(
            UndoCaseCarry(request=self.request, file=self.file.carry(), gate=gate, undo=self.undoing.carry())
        )


def end(request: UndoCase, report: UndoReport) -> tuple[CaseStatus, str]:
    """Return where the case stands after an undo, and the word for it.

    Its row may be older than its end: nothing is undone under the id of a case that still runs.
    """
    ended = request.record.status.ended
    status = request.record.status if ended else CaseStatus.WITHDRAWN
    if not report.undone:
        return status, request.record.outcome if ended else "withdrawn"
    if report.complete and not request.keys:
        return CaseStatus.UNDONE, "undone"
    return status, "partly_undone"
