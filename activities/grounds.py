"""What a permit stands on: the case that doors let in, and what was read for it; never a caller's word."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import JsonValue
from temporalio import activity

from activities.ports import Listings
from activities.reconcile import fix_of
from activities.undo import compensation_of
from contracts.admission import KEPT_BEFORE, UPGRADE, Admission, OnRecord, PartOf
from contracts.approvals.request import ApprovalOutcome
from contracts.authorization import Plan
from contracts.base import content_hash
from contracts.case import CaseRecord
from contracts.effect import EffectState, ProposedEffect
from contracts.ids import effect_key
from contracts.ledger import LedgerEntry
from contracts.proof import ProofRefused, said_hash
from contracts.reconciliation.divergence import DESK as BOOKS
from contracts.reconciliation.messages import Settlement
from contracts.undo import UNDO, UndoFacts, is_undo

if TYPE_CHECKING:
    from memory.authoritative.admissions import SqlAdmissions
    from memory.authoritative.approvals.approvals import SqlApprovals
    from memory.authoritative.authorizations import SqlVerdicts
    from memory.authoritative.cases import SqlCases
    from memory.authoritative.ledger.ledger import SqlLedger
    from memory.authoritative.outside_reads import SqlOutsideReads
    from memory.authoritative.proofs import SqlProofs

Witness = Callable[[Plan, OnRecord], str]
"""Says what about a desk's plan is not as its case is on record; or nothing."""
UNDO_WORKFLOW = "UndoWorkflow"
MONEY = "amount_cents"
RUNS_KEPT = 10_000
"""Runs of workflows of which a process keeps at hand how they began."""


@dataclass(frozen=True)
class _Chain:
    """A workflow's runs from the first: it continues as new, and may be reset."""

    first_run: str
    began_at: datetime


class CaseGrounds:
    """Compares what callers of the data plane say with what is on record (`activities.ports.Grounds`).

    A workflow or an activity that somebody starts by hand has no right by that: the case must have come by
    a door, its own run must call, and what it says of money must be what was read.
    """

    def __init__(
        self,
        *,
        admissions: "SqlAdmissions",
        cases: "SqlCases",
        ledger: "SqlLedger",
        verdicts: "SqlVerdicts",
        reads: "SqlOutsideReads",
        proofs: "SqlProofs",
        approvals: "SqlApprovals",
        outside: Listings,
        workflows: Mapping[str, str],
        witnesses: Mapping[str, Witness],
        parts: Mapping[str, PartOf],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep the books, the name of each desk's workflow type, and what each desk compares."""
        self._admissions = admissions
        self._cases = cases
        self._ledger = ledger
        self._verdicts = verdicts
        self._reads = reads
        self._proofs = proofs
        self._approvals = approvals
        self._outside = outside
        self._workflows = workflows
        self._witnesses = witnesses
        self._parts = parts
        self._clock = clock
        self._chains: dict[str, _Chain] = {}

    async def stranger(self, case_id: str, plan: Plan | None = None) -> str:
        """Say why who calls this activity is not the case it speaks of; empty if it is, or no activity.

        Args:
            case_id: the case.
            plan: what it wants leave for.
        """
        if not activity.in_activity():
            return ""
        info = activity.info()
        if info.workflow_id != case_id:
            return f"{info.workflow_id or 'nobody'} called, which is not {case_id}"
        undoes, because = info.workflow_type == UNDO_WORKFLOW, plan.facts.get("because") if plan else None
        if plan is not None and is_undo(plan.facts) and (because == "person") is not undoes:
            return f"{info.workflow_type} undoes nothing because of {because}"
        if not undoes:
            return await self._other_run(case_id)
        if plan is None or not is_undo(plan.facts):
            return f"{UNDO_WORKFLOW} does nothing but undo"
        return await self._undo_stranger(case_id, plan)

    async def _other_run(self, case_id: str) -> str:
        """Say why the run that calls is not the one that a door let in."""
        info, desk = activity.info(), case_id.partition("/")[0]
        if info.workflow_type != self._workflows.get(desk):
            return f"{info.workflow_type} is not the workflow of the desk {desk}"
        if desk == BOOKS:
            known = await asyncio.to_thread(self._admissions.divergence, case_id)
            return "" if known else f"{case_id} is not on record: no such divergence"
        admission = await asyncio.to_thread(self._admissions.find, case_id)
        if admission is None:
            return f"{case_id} is not on record: it came by no door"
        if admission.run_id == info.workflow_run_id or await self._is_run_of(admission):
            return ""
        return f"another run of {case_id} is the one that a door let in"

    async def _is_run_of(self, admission: Admission) -> bool:
        """Say whether the chain of runs that calls is the case: a case continues as new, and may be reset."""
        chain = await self._chain()
        if admission.run_id == KEPT_BEFORE:
            return chain.began_at < admission.admitted_at
        return admission.run_id == chain.first_run

    async def no_opening(self, record: CaseRecord, part_of: str) -> str:
        """Say why a run may not open a case; empty if it may, or nobody calls.

        Args:
            record: the case as its workflow tells it.
            part_of: the case whose request it is a part of; that one came by a door.
        """
        if not activity.in_activity():
            return ""
        info = activity.info()
        if (info.workflow_id, info.workflow_type) != (record.id, self._workflows.get(record.desk)):
            return f"{info.workflow_type} {info.workflow_id} is not {record.id}"
        admission = None if record.desk == BOOKS else await self._admitted(record, part_of)
        if admission is None:
            return await self.stranger(record.id)
        if not same_request(admission, record):
            return f"{record.id} came by its door with another request"
        if admission.reopens or admission.run_id is None:
            return ""
        return await self.stranger(record.id)

    async def no_caller(self, case_id: str) -> str:
        """Say why who calls may not speak for a case: neither it nor an undo of it; empty if it may."""
        if activity.in_activity() and activity.info().workflow_type == UNDO_WORKFLOW:
            if activity.info().workflow_id != case_id:
                return f"{activity.info().workflow_id} is not {case_id}"
            return await self._undo_stranger(case_id)
        return await self.stranger(case_id)

    async def no_settling(self, settlement: Settlement) -> str:
        """Say why a divergence does not end so: who calls is not its case, or nothing on record says it."""
        case_id = await asyncio.to_thread(self._admissions.case_of_divergence, settlement.divergence_id)
        if not case_id:
            return f"no divergence {settlement.divergence_id} is on record"
        return await self.no_caller(case_id) or await asyncio.to_thread(self._unsettled, settlement, case_id)

    def _unsettled(self, settlement: Settlement, case_id: str) -> str:
        """Say why neither people nor a fix settled it so."""
        if not settlement.close:
            return ""
        asked = self._approvals.of_case(case_id)
        end = asked[-1].approval if asked else None
        rejected = end is not None and end.outcome is ApprovalOutcome.REJECTED
        if settlement.applied is not None:
            said = end is not None and (end.granted if settlement.applied else rejected)
            return "" if said else "nobody said that it was so"
        mended = any(entry.receipt.state is EffectState.APPLIED for entry in self._ledger.of_case(case_id))
        people = end is not None and (end.granted or rejected)
        return "" if mended or people else "nobody settled it, and nothing mended it"

    async def _admitted(self, record: CaseRecord, part_of: str) -> Admission | None:
        """Return a case's admission; a part of a case that a door let in is let in with it."""
        found = await asyncio.to_thread(self._admissions.find, record.id)
        is_part = self._parts.get(record.desk)
        if found is not None or not part_of or is_part is None:
            return found
        whole = await asyncio.to_thread(self._admissions.find, part_of)
        known = await asyncio.to_thread(self._cases.find, part_of)
        if whole is None or known is None:
            return None
        if is_part(known.request, record.request):
            hashed = content_hash(record.request)
            await asyncio.to_thread(self._admissions.admit, record.id, hashed, part_of, self._clock())
        return await asyncio.to_thread(self._admissions.find, record.id)

    async def _chain(self) -> _Chain:
        """Return the chain of runs that calls, as the server knows it."""
        info = activity.info()
        assert info.workflow_id is not None
        assert info.workflow_run_id is not None
        run_id = info.workflow_run_id
        if run_id not in self._chains:
            client, case_id = activity.client(), info.workflow_id
            described = await client.get_workflow_handle(case_id, run_id=run_id).describe()
            first = described.raw_description.workflow_execution_info.first_run_id
            if first != run_id:
                described = await client.get_workflow_handle(case_id, run_id=first).describe()
            if len(self._chains) >= RUNS_KEPT:
                self._chains.clear()
            self._chains[run_id] = _Chain(first, described.start_time)
        return self._chains[run_id]

    async def _undo_stranger(self, case_id: str, plan: Plan | None = None) -> str:
        """Say why no person's proof bears an undo by this run: of a plan, or at all."""
        chain = await self._chain()
        admission = await asyncio.to_thread(self._admissions.find, case_id)
        if admission and admission.by == UPGRADE and chain.began_at < admission.admitted_at:
            return ""
        runs = (activity.info().workflow_run_id or "", chain.first_run)
        person = str(plan.facts.get("asked_by") or "nobody") if plan else ""
        try:
            proof = await asyncio.to_thread(self._proofs.of_run, "undo", case_id, person, runs, self._clock())
        except ProofRefused as refused:
            return str(refused)
        steps = [effect.step.removeprefix(UNDO) for effect in plan.effects] if plan else []
        asked = [effect_key(case_id, step) for step in steps]
        if proof.said == said_hash({}) or all(proof.said == said_hash({"keys": [key]}) for key in asked):
            return ""
        return f"{proof.person} asked for something else to be undone"

    def contradiction(self, plan: Plan, asked_at: datetime | None = None) -> str:
        """Say what about a plan is not as our records and the last reading say; or nothing."""
        if is_undo(plan.facts):
            at = asked_at or self._clock()
            return next(filter(None, (self._not_undone(plan, effect, at) for effect in plan.effects)), "")
        if plan.desk != plan.case_id.partition("/")[0]:
            return f"{plan.case_id} is not of the desk {plan.desk}"
        if plan.desk == BOOKS:
            return self._no_fix(plan)
        admission, record = self._admissions.find(plan.case_id), self._cases.find(plan.case_id)
        if admission is None or record is None:
            return f"{plan.case_id} is not on record"
        witness = self._witnesses.get(plan.desk)
        return witness(plan, self._on_record(record)) if witness else ""

    def _on_record(self, record: CaseRecord) -> OnRecord:
        def earlier() -> list[dict[str, JsonValue]]:
            return [verdict.facts for verdict in self._verdicts.of_case(record.id)]

        return OnRecord(
            request=record.request,
            opened_at=record.opened_at,
            manifest=self._outside.manifest(record.channel),
            told=lambda operation, arguments: self._reads.told(record.channel, operation, arguments),
            begun=frozenset(entry.order.effect.step for entry in self._ledger.of_case(record.id)),
            earlier=earlier,
        )

    def _no_fix(self, plan: Plan) -> str:
        divergence = self._admissions.divergence(plan.case_id)
        if divergence is None:
            return f"{plan.case_id} is not on record"
        entry = self._ledger.entry(divergence.effect_key) if divergence.effect_key else None
        fix = fix_of(self._outside, divergence, entry)
        same = fix is not None and all(_same(effect, fix) for effect in plan.effects)
        return "" if same else "it is not what mends the divergence that is on record"

    def _not_undone(self, plan: Plan, effect: ProposedEffect, at: datetime) -> str:
        if not effect.step.startswith(UNDO):
            return f"{effect.step} undoes no step"
        entry = self._ledger.entry(effect_key(plan.case_id, effect.step.removeprefix(UNDO)))
        if entry is None:
            return f"{plan.case_id} has done nothing that {effect.step} undoes"
        try:
            known = compensation_of(self._outside, entry)
        except KeyError as missing:
            return f"undoing needs {missing}, which is not known"
        if known is None or not _same(effect, known):
            return f"{effect.step} is not what undoes {entry.order.effect.step}"
        return _other_undo(plan, effect, entry, at)


def same_request(admission: Admission, record: CaseRecord) -> bool:
    """Say whether a case's row has the request that its door took in."""
    return admission.request_hash in (KEPT_BEFORE, content_hash(record.request))


def _other_undo(plan: Plan, effect: ProposedEffect, entry: LedgerEntry, at: datetime) -> str:
    """Say what of the facts of an undo was not as the ledger has it, when it was asked for."""
    facts, desk = UndoFacts.model_validate(plan.facts), plan.case_id.partition("/")[0]
    days = (at - (entry.settled_at or entry.intended_at)).days
    if (facts.desk, facts.undoes) != (desk, entry.order.effect.operation):
        return f"{effect.step} undoes {entry.order.effect.operation}, not {facts.undoes}"
    if facts.amount_cents < abs(effect.amount_cents) or facts.days_since_applied < days - 1:
        return f"{effect.step} moves more, or was done longer ago, than is said"
    return ""


def _same(one: ProposedEffect, known: ProposedEffect) -> bool:
    """Say whether an effect is the known one, or it with less money: how a plan books it is its own."""
    less = known.amount_cents > one.amount_cents > 0 and bool(known.arguments.get(MONEY))
    lowered = {MONEY: one.amount_cents} if less else {}
    call = (known.step, known.connector, known.operation, known.arguments | lowered, known.currency)
    same_money = less or one.amount_cents == known.amount_cents
    return same_money and call == (one.step, one.connector, one.operation, one.arguments, one.currency)
