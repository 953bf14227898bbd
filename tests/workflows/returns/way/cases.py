"""Cases of the returns desk without a server: the desk's own plans and the real data plane, step by step.

Each case is an async generator that stops wherever another case may come in between. What it asks and does is
real: the shop over its socket, policies, permits, shares and ledger.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from temporalio.common import RetryPolicy
from temporalio.testing import ActivityEnvironment

from activities.clock import utc_now
from activities.effects import EffectActivities
from activities.policy import PolicyActivities
from activities.shares import ShareActivities
from activities.undo import UndoActivities
from connectors.connectors import Connectors
from contracts.authorization import Plan
from contracts.case import CaseRecord, CaseStatus
from contracts.effect import EffectOrder, EffectReceipt, EffectState, ProposedEffect
from contracts.ids import effect_key
from contracts.memory import Context
from contracts.parcel import Condition, Inspection
from contracts.shares import Accounts
from contracts.undo import UndoFacts, UndoRequest
from memory.authoritative.authorizations import SqlAuthorizations
from memory.authoritative.ledger.ledger import SqlLedger
from memory.authoritative.shares import SqlShares
from policy.calendar import OfficeCalendar
from policy.engine import CedarEngine
from policy.texts import OfficeTexts
from tests.activities.grounds import ANYBODY, AsTheySay
from tests.activities.test_policy import NoApprovals, Told
from tests.memory.audit_helpers import journal, keep_case
from workflows.registry import case_counts
from workflows.returns.activities import OrderActivities, OrderQuery
from workflows.returns.plan import Known, plan_for, plan_of_the_rest, wishes_sent_off
from workflows.returns.reading import Reading, Wanted
from workflows.returns.types import Goods, Intent, Order, OrderLine, Reason, ReturnRequest
from workflows.returns.way.plans import as_returned, pieces_of
from workflows.returns.way.state import Way
from workflows.returns.worth import accounts

ASKED_AT = datetime.now(UTC)


class Desk:
    """What the desk's activities are, over one database and one shop."""

    def __init__(self, engine: Engine, outside: Connectors, policy: CedarEngine, office: Path) -> None:
        self.engine, self.outside = engine, outside
        self.ledger = SqlLedger(journal(engine))
        self.orders = OrderActivities(outside)
        self.shares = ShareActivities(SqlShares(engine))
        self.effects = EffectActivities(
            outside, self.ledger, lambda: policy.version, utc_now, callers=ANYBODY
        )
        self.undoing = UndoActivities(outside, self.ledger)
        self.judging = PolicyActivities(
            engine=policy,
            books=SqlAuthorizations(journal(engine)),
            approvals=NoApprovals(),
            outside=outside,
            episodes=Told(),
            grounds=AsTheySay(),
            office_version="office-1",
            case_counts=case_counts(),
            texts=OfficeTexts.from_office(office, OfficeCalendar.from_office(office).file),
        )

    async def load(self, channel: str, number: str) -> Order:
        """Read an order from its shop."""
        order = await self.orders.load(OrderQuery(channel=channel, order=number))
        assert order is not None
        return order

    async def look_up(self, case_id: str, order: Order, *, own_too: bool) -> Order:
        """Ask our own books what other cases did, maybe this one too, then the shop once more."""
        wanted = Accounts(names=accounts(order, order.lines), case_id=case_id, own_too=own_too)
        books = await self.shares.books(wanted)
        return (await self.load(order.channel, order.id)).model_copy(update={"books": books})

    async def perform(
        self, case_id: str, effect: ProposedEffect, permits: dict[str, str], undoes: str | None = None
    ) -> EffectReceipt:
        """Get one effect done."""
        order = EffectOrder(
            case_id=case_id,
            key=effect_key(case_id, effect.step),
            effect=effect,
            permit_id=permits[effect.step],
            compensates=undoes,
        )
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, retry_policy=RetryPolicy(maximum_attempts=1))
        return await environment.run(self.effects.perform, order)

    async def undo(self, case_id: str) -> None:
        """Take back all that a case did."""
        for one in (await self.undoing.plan(UndoRequest(case_id=case_id))).compensations:
            facts = UndoFacts(desk="returns", undoes=one.operation, because="failure")
            plan = Plan(
                case_id=case_id,
                desk="returns",
                summary="undo",
                facts=facts.model_dump(mode="json"),
                effects=(one.effect,),
            )
            authorization = await self.judging.authorize(plan)
            assert authorization.outcome == "allow"
            await self.perform(case_id, one.effect, authorization.permits, one.undoes)

    def note(self, case_id: str, channel: str, status: CaseStatus) -> None:
        """Write a case's row."""
        record = CaseRecord(
            id=case_id,
            desk="returns",
            channel=channel,
            status=status,
            summary="",
            opened_at=ASKED_AT,
            updated_at=utc_now(),
        )
        keep_case(self.engine, record)


@dataclass
class Case:
    """One letter of a customer, told as the desk's workflow tells it.

    Attributes:
        wishes: what is wished: return or exchange, of which line, and how many pieces.
        goods: when the money of its returns goes.
        share: what of the worth of inspected goods policy gives back, in percent.
        way: where it stands.
        ended: it came to its end.
        given_up: nobody waits for its goods any more.
    """

    desk: Desk
    id: str
    channel: str
    order: str
    wishes: list[tuple[Intent, str, int]]
    goods: Goods
    share: int
    way: Way = field(default_factory=Way)
    ended: bool = False
    given_up: bool = False

    async def story(self) -> AsyncIterator[str]:
        """Tell the case; each word is a place where others come in between."""
        self.desk.note(self.id, self.channel, CaseStatus.RUNNING)
        order = await self.desk.load(self.channel, self.order)
        yield "read"
        if order.touched:
            order = await self.look_up(order)
            yield "looked up"
        self.way = Way(rma=self.id.rpartition("/")[2], goods=self.goods)
        async for word in self.settle(order, self.reading(order)):
            yield word
        self.desk.note(self.id, self.channel, CaseStatus.SETTLED)
        self.ended = True

    async def settle(self, order: Order, reading: Reading) -> AsyncIterator[str]:
        """Plan, judge and do, until nothing is left to do."""
        while True:
            plan = self.plan(order, reading)
            if not plan.effects:
                return
            authorization = await self.desk.judging.authorize(plan)
            yield authorization.outcome
            if authorization.outdated:
                order = await self.look_up(order)
                yield "looked up"
                continue
            if authorization.outcome != "allow":
                return
            covered = authorization.covers(plan)
            for effect in covered.effects:
                receipt = await self.desk.perform(self.id, effect, authorization.permits)
                yield effect.step
                if receipt.state is not EffectState.APPLIED:
                    await self.desk.undo(self.id)
                    return
            if not pieces_of(covered):
                return
            known = Known(request_for(self), order, reading, Context(evidence=(), tokens=0))
            wishes = wishes_sent_off(known, ASKED_AT, self.way)
            self.way = self.way.sent_off(pieces_of(covered), covered, wishes)
            while not self.way.back.all_seen and not self.given_up:
                yield "waits"
            if not self.way.back.any_seen:
                return
            self.way = self.way.arrived()
            if not self.way.paid:
                self.way = self.way.shared(self.share, ("so much",))
                reading = as_returned(reading, self.way)
                order = await self.look_up(order)
                yield "looked up"

    async def look_up(self, order: Order) -> Order:
        """Ask our own books, and the shop once more."""
        return await self.desk.look_up(self.id, order, own_too=self.way.judged_by_parts)

    def plan(self, order: Order, reading: Reading) -> Plan:
        """Return what the desk proposes now."""
        make = plan_of_the_rest if self.way.paid or self.way.wishes else plan_for
        return make(self.id, order, reading, ASKED_AT, shipping=True, way=self.way)

    def reading(self, order: Order) -> Reading:
        """Return what the customer wants."""
        lines = {line.id: line for line in order.lines}
        first, *also = (
            Reading(intent=intent, reason=Reason.SIZE, wanted=(wanted(order, lines[line], count, intent),))
            for intent, line, count in self.wishes
        )
        return first.model_copy(update={"also": tuple(also)})

    def inspected(self, count: int, condition: Condition) -> None:
        """Let people say how some of its goods were found, if any are expected."""
        if self.way.on_its_way and self.way.begun and not self.way.back.all_seen:
            pieces = {line: min(count, most) for line, most in self.way.back.expected.items()}
            word = Inspection(person="anna", pieces=pieces, condition=condition)
            self.way = self.way.model_copy(update={"back": self.way.back.with_inspection(word)})


def wanted(order: Order, line: OrderLine, count: int, intent: Intent) -> Wanted:
    """Return pieces of a line, for an exchange with what is wanted instead."""
    other = next(
        (each for each in order.variants if each.product == line.product and each.sku != line.sku), None
    )
    return Wanted(line=line, quantity=count, variant=other if intent is Intent.EXCHANGE else None)


def request_for(case: Case) -> ReturnRequest:
    """Return what a case was asked."""
    number = case.id.rpartition("/")[2]
    return ReturnRequest(id=number, channel=case.channel, order=case.order, message="please")
