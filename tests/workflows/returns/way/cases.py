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
from contracts.parcel import Condition, Inspection
from contracts.shares import Accounts
from contracts.undo import UndoFacts, UndoRequest
from memory.authoritative.authorizations import SqlAuthorizations
from memory.authoritative.ledger.ledger import SqlLedger
from memory.authoritative.shares import SqlShares
from policy.calendar import OfficeCalendar
from policy.engine import CedarEngine
from policy.texts import OfficeTexts
from tests.activities.test_policy import NoApprovals, Told
from tests.memory.audit_helpers import journal, keep_case
from workflows.registry import case_counts
from workflows.returns.activities import OrderActivities, OrderQuery
from workflows.returns.plan import plan_for, plan_of_the_rest
from workflows.returns.reading import Reading, Wanted
from workflows.returns.types import Goods, Intent, Order, Reason
from workflows.returns.way.plans import as_returned, pieces_of
from workflows.returns.way.state import Way
from workflows.returns.worth import accounts

CHANNEL = "webshop"
ASKED_AT = datetime.now(UTC)


class Desk:
    """What the desk's activities are, over one database and one shop."""

    def __init__(self, engine: Engine, outside: Connectors, policy: CedarEngine, office: Path) -> None:
        self.engine, self.outside = engine, outside
        self.ledger = SqlLedger(journal(engine))
        self.orders = OrderActivities(outside)
        self.shares = ShareActivities(SqlShares(engine))
        self.effects = EffectActivities(outside, self.ledger, lambda: policy.version, utc_now)
        self.undoing = UndoActivities(outside, self.ledger)
        self.judging = PolicyActivities(
            engine=policy,
            books=SqlAuthorizations(journal(engine)),
            approvals=NoApprovals(),
            outside=outside,
            episodes=Told(),
            office_version="office-1",
            case_counts=case_counts(),
            texts=OfficeTexts.from_office(office, OfficeCalendar.from_office(office).file),
        )

    async def load(self, number: str) -> Order:
        """Read an order from its shop."""
        order = await self.orders.load(OrderQuery(channel=CHANNEL, order=number))
        assert order is not None
        return order

    async def look_up(self, case_id: str, order: Order) -> Order:
        """Ask our own books what other cases did, then the shop once more."""
        wanted = Accounts(names=accounts(order, order.lines), case_id=case_id)
        books = await self.shares.books(wanted)
        return (await self.load(order.id)).model_copy(update={"books": books})

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

    def note(self, case_id: str, status: CaseStatus) -> None:
        """Write a case's row."""
        record = CaseRecord(
            id=case_id,
            desk="returns",
            channel=CHANNEL,
            status=status,
            summary="",
            opened_at=ASKED_AT,
            updated_at=utc_now(),
        )
        keep_case(self.engine, record)


@dataclass
class Case:
    """One return of pieces of one line, told as the desk's workflow tells it.

    Attributes:
        goods: when its money goes.
        way: where it stands.
        ended: it came to its end.
        given_up: nobody waits for its goods any more.
    """

    desk: Desk
    id: str
    order: str
    line: str
    quantity: int
    goods: Goods
    way: Way = field(default_factory=Way)
    ended: bool = False
    given_up: bool = False

    async def story(self) -> AsyncIterator[str]:
        """Tell the case; each word is a place where others come in between."""
        self.desk.note(self.id, CaseStatus.RUNNING)
        order = await self.desk.load(self.order)
        yield "read"
        if order.touched:
            order = await self.desk.look_up(self.id, order)
            yield "looked up"
        self.way = Way(rma=self.id.rpartition("/")[2], goods=self.goods)
        async for word in self.settle(order, self.reading(order)):
            yield word
        self.desk.note(self.id, CaseStatus.SETTLED)
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
                order = await self.desk.look_up(self.id, order)
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
            if not self.way.on_its_way:
                return
            self.way = self.way.sent_off(pieces_of(covered), covered)
            while not self.way.back.all_seen and not self.given_up:
                yield "waits"
            if not self.way.back.any_seen:
                return
            self.way = self.way.arrived()
            if not self.way.paid:
                reading = as_returned(reading, self.way)
                order = await self.desk.look_up(self.id, order)
                yield "looked up"

    def plan(self, order: Order, reading: Reading) -> Plan:
        """Return what the desk proposes now."""
        if self.way.paid:
            return plan_of_the_rest(self.id, order, reading, ASKED_AT, shipping=True, way=self.way)
        return plan_for(self.id, order, reading, ASKED_AT, way=self.way)

    def reading(self, order: Order) -> Reading:
        """Return what the customer wants."""
        line = next(line for line in order.lines if line.id == self.line)
        wanted = (Wanted(line=line, quantity=self.quantity),)
        return Reading(intent=Intent.RETURN, reason=Reason.SIZE, wanted=wanted)

    def inspected(self, count: int, condition: Condition) -> None:
        """Let people say how some of its goods were found, if any are expected."""
        if self.way.on_its_way and self.way.begun and not self.way.back.all_seen:
            pieces = {self.line: min(count, self.quantity)}
            word = Inspection(person="anna", pieces=pieces, condition=condition)
            self.way = self.way.model_copy(update={"back": self.way.back.with_inspection(word)})
