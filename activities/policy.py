"""The policy decision point: a plan is judged, and leave to act is written where acts are checked."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from pydantic import JsonValue
from temporalio import activity

from activities.approved import NotEnough, Refused, agreed_plan, check_people
from activities.clock import utc_now
from activities.ports import ApprovalRecords, EpisodeLog, Grounds, Manifests, Texts
from contracts.approvals.request import ApprovalRecord
from contracts.authorization import (
    Alternatives,
    Approved,
    Authorization,
    Choice,
    CountMoved,
    Outcome,
    Plan,
    Reservation,
    Verdict,
    why_denied,
)
from contracts.bounds import MOST_CENTS
from contracts.case import Episode
from contracts.desk import CaseCount
from contracts.effect import Permit, ProposedEffect
from contracts.ids import effect_key, permit_id
from contracts.shares import AccountsMoved, Booking, HeldInPart, SaidBefore
from contracts.undo import is_undo
from contracts.wording import TextFailed, Written

if TYPE_CHECKING:
    from memory.authoritative.authorizations import SqlAuthorizations
    from policy.engine import CedarEngine

PERMIT_LASTS = timedelta(days=4)
"""How long an effect may be begun after it was allowed, longer than a channel may be down over a weekend
(`workflows.kernel.options.EFFECT`); later it is judged again."""
STRICTEST: tuple[Outcome, ...] = ("deny", "ask", "allow")


MOST_TURNS = 20
"""How often a plan is judged again because other cases of its customer were judged meanwhile."""
Given = TypeVar("Given")


@dataclass(frozen=True)
class _Judged:
    """A plan with the facts it was judged by, its places in limits over several cases, and the verdicts."""

    plan: Plan
    reservations: tuple[Reservation, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        """The strictest outcome; a plan without effects is denied, for there is nothing to allow."""
        return min((verdict.outcome for verdict in self.verdicts), key=STRICTEST.index, default="deny")


class PolicyActivities:
    """Judges plans and issues permits. What a workflow says of an approval is never believed."""

    def __init__(
        self,
        *,
        engine: "CedarEngine",
        books: "SqlAuthorizations",
        approvals: ApprovalRecords,
        outside: Manifests,
        episodes: EpisodeLog,
        grounds: Grounds,
        office_version: str,
        case_counts: Mapping[str, Mapping[str, CaseCount]],
        texts: Texts,
        clock: Callable[[], datetime] = utc_now,
        permit_lasts: timedelta = PERMIT_LASTS,
    ) -> None:
        """Keep the policies, the books, the manifests, what plans stand on, each desk's counts, the texts."""
        self._engine = engine
        self._books = books
        self._approvals = approvals
        self._outside = outside
        self._episodes = episodes
        self._grounds = grounds
        self._office_version = office_version
        self._case_counts = case_counts
        self._texts = texts
        self._clock = clock
        self._permit_lasts = permit_lasts

    @activity.defn(name="policy.authorize")
    async def authorize(self, plan: Plan) -> Authorization:
        """Word the plan's messages, take its claims, judge it, and issue permits if all may run unattended.

        A claim that another open case holds is returned in `claimed_by`; `outdated` says that our books
        have moved since the plan was made; where others leave too few pieces of a line, or asked for some in
        the same words, the plan is `impossible`. Either way nothing of it was written.

        Raises:
            CountMoved: other cases of the same customer were judged meanwhile, again and again.
        """
        if stranger := await self._grounds.stranger(plan.case_id, plan):
            return await asyncio.to_thread(self._cannot, plan, stranger, self._clock())
        return await asyncio.to_thread(self._in_turn, self._authorize, plan)

    @activity.defn(name="policy.authorize_approved")
    async def authorize_approved(self, approved: Approved) -> Authorization:
        """Check an approval where it is used, judge the agreed plan again, and issue its permits.

        What was asked and answered is read from the books. The outcome is `allow` or `deny`; a
        refusal says why in `refused` and leaves an episode; it `asks_anew` where others have to agree.
        """
        record = await asyncio.to_thread(self._approvals.find, approved.request_id)
        plan = record.request.plan if record else None
        if stranger := await self._grounds.stranger(approved.case_id, plan):
            request, now = approved.request_id, self._clock()
            return await asyncio.to_thread(self._refuse, approved.case_id, request, stranger, now)
        return await asyncio.to_thread(self._in_turn, self._authorize_approved, approved)

    @activity.defn(name="policy.choose")
    async def choose(self, among: Alternatives) -> Choice:
        """Return the first plan that policy does not deny; nothing is written, it is judged again later."""
        return await asyncio.to_thread(self._choose, among)

    def _choose(self, among: Alternatives) -> Choice:
        now = self._clock()
        for place, plan in enumerate(among.plans[:-1]):
            verdicts = self._judge(plan, now).verdicts
            permits = [reason for each in verdicts for reason in each.reasons if reason.effect == "permit"]
            spoken = tuple(dict.fromkeys(reason.id for reason in permits if among.fact in reason.reads))
            if spoken and all(each.outcome != "deny" for each in verdicts):
                return Choice(place=place, policies=spoken)
        return Choice(place=len(among.plans) - 1)

    def _in_turn(self, authorize: Callable[[Given], Authorization], given: Given) -> Authorization:
        """Judge once more when another case took a place in between: each time one of them got on."""
        for _ in range(MOST_TURNS):
            try:
                return authorize(given)
            except CountMoved:
                continue
        return authorize(given)

    def _authorize(self, plan: Plan) -> Authorization:
        now = self._clock()
        try:
            words = self._words(plan)
        except TextFailed as failed:
            return self._cannot(plan, str(failed), now)
        plan = plan.written(words)
        if flaw := self._flaw(plan):
            return self._cannot(plan, flaw, now)
        if other := self._grounds.contradiction(plan):
            return self._outdated(plan, other, now)
        judged = self._judge(plan, now)
        ids = [verdict.id for verdict in judged.verdicts]
        permits = self._permits(plan, ids, now) if judged.outcome == "allow" else []
        return self._keep(judged, judged.outcome, permits, now).model_copy(update={"words": words})

    def _words(self, plan: Plan) -> dict[str, Written]:
        """Return the office's words for the plan's messages, by step; what is worded already stays."""
        return {
            effect.step: self._texts.write(plan.desk, effect.wording)
            for effect in plan.effects
            if effect.wording is not None and not effect.is_worded
        }

    def _authorize_approved(self, approved: Approved) -> Authorization:
        now = self._clock()
        record = self._approvals.find(approved.request_id)
        verdicts: tuple[Verdict, ...] = ()
        try:
            record = _asked_by_this_case(record, approved)
            plan, edited = agreed_plan(record)
            facts = {**plan.facts, **approved.facts, **_amount(plan)}
            plan = plan.model_copy(update={"facts": facts, "versions": _versions_today(plan, approved)})
            if flaw := self._flaw(plan):
                raise Refused(flaw)
            if other := self._grounds.contradiction(plan, record.request.requested_at):
                return self._outdated(plan, other, now)
            judged = self._judge(plan, now)
            verdicts = judged.verdicts
            if judged.outcome == "deny":
                raise Refused(f"policy forbids it now: {why_denied(verdicts)}")
            answers = check_people(self._engine, record, verdicts)
        except Refused as refusal:
            refused = self._refuse(approved.case_id, approved.request_id, str(refusal), now, verdicts)
            return refused.model_copy(update={"asks_anew": isinstance(refusal, NotEnough)})
        permits = self._permits(plan, [approved.request_id] * len(plan.effects), now)
        kept = self._keep(replace(judged, verdicts=(*verdicts, *answers)), "allow", permits, now)
        if kept.outcome != "allow":
            return kept
        return kept.model_copy(update={"plan": plan if edited else None, "verdicts": verdicts})

    def _judge(self, plan: Plan, now: datetime) -> _Judged:
        """Judge a plan with the facts that our own books know, and without who the customer is."""
        counts = {} if is_undo(plan.facts) else self._case_counts.get(plan.desk, {})
        counted = [
            self._counted(plan, fact, count, now)
            for fact, count in counts.items()
            if isinstance(plan.facts.get(count.holder), str) and plan.facts[count.holder]
        ]
        holders = {count.holder for count in counts.values()} | {"customer"}
        facts = {name: value for name, value in plan.facts.items() if name not in holders}
        known = plan.model_copy(update={"facts": facts | {one.fact: one.counted for one in counted}})
        # Who is only told something takes no place.
        takes = bool(plan.claims or plan.pieces) or any(effect.amount_cents for effect in plan.effects)
        return _Judged(known, tuple(counted) if takes else (), self._engine.judge(known))

    def _counted(self, plan: Plan, fact: str, count: CaseCount, now: datetime) -> Reservation:
        reservation = Reservation(
            fact=fact,
            desk=plan.desk,
            holder=str(plan.facts[count.holder]),
            status=count.status,
            since=now - count.within,
        )
        counted = self._books.counted(plan.case_id, reservation)
        return reservation.model_copy(update={"counted": counted})

    def _flaw(self, plan: Plan) -> str:
        """Say what about the plan's effects no connector can do, or that is not what it says; or ``."""
        flaws = (_unsaid(plan, effect) or self._effect_flaw(plan, effect) for effect in plan.effects)
        return next(filter(None, flaws), "")

    def _effect_flaw(self, plan: Plan, effect: ProposedEffect) -> str:
        try:
            operations = self._outside.manifest(effect.connector).operations
        except KeyError:
            return f"the office has no connector {effect.connector!r}"
        operation = operations.get(effect.operation)
        if operation is None or operation.effect != "write":
            return f"{effect.connector} has no write operation {effect.operation!r}"
        if abs(effect.amount_cents) > MOST_CENTS:
            return f"{effect.step} moves more than {MOST_CENTS} minor units, the largest amount"
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
            amount_cents=effect.amount_cents,
            currency=effect.currency,
            expires_at=now + self._permit_lasts,
        )

    def _keep(
        self, judged: _Judged, outcome: Outcome, permits: Sequence[Permit], now: datetime
    ) -> Authorization:
        plan = judged.plan
        try:
            holder = self._books.keep(
                plan.case_id,
                plan.claims,
                judged.verdicts,
                permits,
                now,
                reservations=() if outcome == "deny" else judged.reservations,
                booking=_booking(plan, permits),
                pieces=plan.pieces,
            )
        except (HeldInPart, SaidBefore) as held:
            return self._cannot(plan, str(held), now)
        except AccountsMoved:
            return Authorization(
                outcome="deny", verdicts=(), office_version=self._office_version, outdated=True
            )
        if holder:
            return Authorization(
                outcome="deny", verdicts=(), office_version=self._office_version, claimed_by=holder
            )
        steps = [effect.step for effect in plan.effects]
        return Authorization(
            outcome=outcome,
            verdicts=judged.verdicts,
            permits={step: permit.id for step, permit in zip(steps, permits, strict=bool(permits))},
            office_version=self._office_version,
        )

    def _cannot(self, plan: Plan, why: str, now: datetime) -> Authorization:
        """Refuse a plan for what it is, whatever policy would say."""
        return self._refuse(plan.case_id, "plan", why, now).model_copy(update={"impossible": True})

    def _outdated(self, plan: Plan, why: str, now: datetime) -> Authorization:
        """Refuse a plan that is not as its case is on record; who reads again may find it so."""
        return self._refuse(plan.case_id, "facts", why, now).model_copy(update={"outdated": True})

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


def _unsaid(plan: Plan, effect: ProposedEffect) -> str:
    """Say which facts an effect has that its plan has not: with them it could call itself an undo."""
    unknown = sorted(set(effect.facts) - set(plan.facts))
    return f"{effect.step} says facts that its plan does not: {', '.join(unknown)}" if unknown else ""


def _asked_by_this_case(record: ApprovalRecord | None, approved: Approved) -> ApprovalRecord:
    if record is None:
        raise Refused("nothing like that was ever asked")
    if record.request.case_id != approved.case_id:
        raise Refused("another case asked that")
    return record


def _amount(plan: Plan) -> dict[str, JsonValue]:
    """Return the agreed amount as a fact, so that newer facts of the order do not widen an edit."""
    return {"amount_cents": plan.facts["amount_cents"]} if "amount_cents" in plan.facts else {}


def _booking(plan: Plan, permits: Sequence[Permit]) -> Booking:
    """Return what a plan books: the shares of its effects, if they are permitted."""
    effects = zip(plan.effects, permits, strict=bool(permits))
    shares = {permit.effect_key: (effect.operation, effect.shares) for effect, permit in effects}
    return Booking(accounts=plan.accounts, versions=plan.versions, shares=shares, subject=plan.subject)


def _versions_today(plan: Plan, approved: Approved) -> dict[str, int]:
    """Return how often the plan's accounts were booked on when its facts were read; no other account's."""
    if approved.versions is None:
        return plan.versions
    return {name: approved.versions[name] for name in plan.accounts if name in approved.versions}
