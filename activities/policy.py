"""The policy decision point: a plan is judged, and leave to act is written where acts are checked."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue
from temporalio import activity

from activities.approved import Refused, agreed_plan, check_people
from activities.ports import Approvals, Authorizations, Cases, Episodes, Outside, PolicyEngine
from contracts.approval import ApprovalRecord
from contracts.authorizing import Approved
from contracts.case import CaseStatus
from contracts.effect import Permit, ProposedEffect
from contracts.episode import Episode
from contracts.ids import effect_key, permit_id
from contracts.returns import DESK as RETURNS
from contracts.undo import is_undo
from contracts.verdict import Authorization, Outcome, Plan, Verdict

EARLIER_RETURNS = timedelta(days=90)
"""How far back `contracts.returns.ReturnFacts.earlier_returns` counts."""
PERMIT_LASTS = timedelta(days=4)
"""How long an effect may be begun after it was allowed, longer than a channel may be down over a weekend
(`workflows.options.EFFECT`); later it is judged again."""
STRICTEST: tuple[Outcome, ...] = ("deny", "ask", "allow")


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


class PolicyActivities:
    """Judges plans and issues permits. What a workflow says of an approval is never believed."""

    def __init__(
        self,
        *,
        engine: PolicyEngine,
        books: Authorizations,
        cases: Cases,
        approvals: Approvals,
        outside: Outside,
        episodes: Episodes,
        office_version: str,
        clock: Callable[[], datetime] = utc_now,
        permit_lasts: timedelta = PERMIT_LASTS,
    ) -> None:
        """Keep the policies, the books, and the connectors' manifests."""
        self._engine = engine
        self._books = books
        self._cases = cases
        self._approvals = approvals
        self._outside = outside
        self._episodes = episodes
        self._office_version = office_version
        self._clock = clock
        self._permit_lasts = permit_lasts

    @activity.defn(name="policy.authorize")
    async def authorize(self, plan: Plan) -> Authorization:
        """Take the plan's claims, judge its effects, and issue permits if all may run unattended.

        A claim that another open case holds is returned in `claimed_by`, and nothing was written.
        """
        return await asyncio.to_thread(self._authorize, plan)

    @activity.defn(name="policy.authorize_approved")
    async def authorize_approved(self, approved: Approved) -> Authorization:
        """Check an approval where it is used, judge the agreed plan again, and issue its permits.

        What was asked and answered is read from the books. The outcome is `allow` or `deny`; a
        refusal says why in `refused` and leaves an episode.
        """
        return await asyncio.to_thread(self._authorize_approved, approved)

    def _authorize(self, plan: Plan) -> Authorization:
        now = self._clock()
        if flaw := self._flaw(plan):
            return self._refuse(plan.case_id, "plan", flaw, now)
        collected = self._collect(plan, now)
        verdicts = self._engine.judge(collected)
        outcome = _strictest(verdicts)
        permits = self._permits(plan, [verdict.id for verdict in verdicts], now) if outcome == "allow" else []
        return self._keep(collected, outcome, verdicts, permits, now)

    def _authorize_approved(self, approved: Approved) -> Authorization:
        now = self._clock()
        record = self._approvals.find(approved.request_id)
        verdicts: tuple[Verdict, ...] = ()
        try:
            record = _asked_by_this_case(record, approved)
            plan, edited = agreed_plan(record)
            plan = plan.model_copy(update={"facts": {**plan.facts, **approved.facts, **_amount(plan)}})
            if flaw := self._flaw(plan):
                raise Refused(flaw)
            collected = self._collect(plan, now)
            verdicts = self._engine.judge(collected)
            if _strictest(verdicts) == "deny":
                raise Refused(f"policy forbids it now: {_forbidden_by(verdicts)}")
            answers = check_people(self._engine, record, verdicts)
        except Refused as refusal:
            return self._refuse(approved.case_id, approved.request_id, str(refusal), now, verdicts)
        permits = self._permits(plan, [approved.request_id] * len(plan.effects), now)
        kept = self._keep(collected, "allow", (*verdicts, *answers), permits, now)
        return kept.model_copy(update={"plan": plan if edited else None, "verdicts": verdicts})

    def _collect(self, plan: Plan, now: datetime) -> Plan:
        """Return the plan with the facts that our own books know, and without who the customer is."""
        facts: dict[str, JsonValue] = {
            name: value for name, value in plan.facts.items() if name != "customer"
        }
        customer = plan.facts.get("customer")
        if plan.desk == RETURNS and not is_undo(plan.facts) and isinstance(customer, str) and customer:
            since = now - EARLIER_RETURNS
            facts["earlier_returns"] = self._cases.earlier(customer, plan.desk, CaseStatus.SETTLED, since)
        return plan.model_copy(update={"facts": facts})

    def _flaw(self, plan: Plan) -> str:
        """Say what about the plan's effects no connector can do, or that is not what it says; or ``."""
        return next((flaw for effect in plan.effects if (flaw := self._effect_flaw(plan, effect))), "")

    def _effect_flaw(self, plan: Plan, effect: ProposedEffect) -> str:
        try:
            operations = self._outside.manifest(effect.connector).operations
        except KeyError:
            return f"the office has no connector {effect.connector!r}"
        operation = operations.get(effect.operation)
        if operation is None or operation.effect != "write":
            return f"{effect.connector} has no write operation {effect.operation!r}"
        if operation.money and effect.arguments.get(operation.money) != effect.amount_cents:
            return f"{effect.step} says it moves {effect.amount_cents} cents, its {operation.money} differs"
        if is_undo(plan.facts):
            # Else a plan could call a refund an undo, and be judged by milder policies.
            undone = operations.get(str(plan.facts["undoes"]))
            if undone is None or undone.compensation != effect.operation:
                return f"{effect.operation} does not undo {plan.facts['undoes']}"
        return ""

    def _permits(self, plan: Plan, bases: Sequence[str], now: datetime) -> list[Permit]:
        return [
            self._permit(plan, effect, basis, now) for effect, basis in zip(plan.effects, bases, strict=True)
        ]

    def _permit(self, plan: Plan, effect: ProposedEffect, basis: str, now: datetime) -> Permit:
        key = effect_key(plan.case_id, effect.step)
        return Permit(
            id=permit_id(key, effect.arguments_hash, basis),
            effect_key=key,
            case_id=plan.case_id,
            connector=effect.connector,
            operation=effect.operation,
            arguments_hash=effect.arguments_hash,
            connector_version=self._outside.manifest(effect.connector).connector_version,
            policy_version=self._engine.version,
            office_version=self._office_version,
            basis=basis,
            expires_at=now + self._permit_lasts,
        )

    def _keep(
        self,
        plan: Plan,
        outcome: Outcome,
        verdicts: Sequence[Verdict],
        permits: Sequence[Permit],
        now: datetime,
    ) -> Authorization:
        holder = self._books.keep(plan.case_id, plan.claims, verdicts, permits, now)
        if holder:
            return Authorization(
                outcome="deny", verdicts=(), office_version=self._office_version, claimed_by=holder
            )
        steps = [effect.step for effect in plan.effects]
        return Authorization(
            outcome=outcome,
            verdicts=tuple(verdicts),
            permits={step: permit.id for step, permit in zip(steps, permits, strict=bool(permits))},
            office_version=self._office_version,
        )

    def _refuse(
        self, case_id: str, what: str, why: str, now: datetime, verdicts: Sequence[Verdict] = ()
    ) -> Authorization:
        self._books.keep(case_id, (), verdicts, (), now)
        self._episodes.append(
            [
                Episode(
                    id=f"{case_id}#refused-{what}-{now.isoformat()}",
                    case_id=case_id,
                    kind="refused",
                    at=now,
                    data={"what": what, "why": why},
                )
            ]
        )
        return Authorization(
            outcome="deny", verdicts=tuple(verdicts), office_version=self._office_version, refused=why
        )


def _asked_by_this_case(record: ApprovalRecord | None, approved: Approved) -> ApprovalRecord:
    if record is None:
        raise Refused("nothing like that was ever asked")
    if record.request.case_id != approved.case_id:
        raise Refused("another case asked that")
    return record


def _amount(plan: Plan) -> dict[str, JsonValue]:
    """Return the agreed amount as a fact, so that newer facts of the order do not widen an edit."""
    return {"amount_cents": plan.facts["amount_cents"]} if "amount_cents" in plan.facts else {}


def _strictest(verdicts: Sequence[Verdict]) -> Outcome:
    """Return the strictest outcome; a plan without effects is denied, for there is nothing to allow."""
    return min((verdict.outcome for verdict in verdicts), key=STRICTEST.index, default="deny")


def _forbidden_by(verdicts: Sequence[Verdict]) -> str:
    denied = [verdict for verdict in verdicts if verdict.outcome == "deny"]
    words = [*(error for each in denied for error in each.errors)]
    words += [reason.reason for each in denied for reason in each.reasons if reason.effect == "forbid"]
    return " ".join(dict.fromkeys(words))
