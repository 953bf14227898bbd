"""Books with something of everything in them, written as the data plane writes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from contracts.approvals.messages import AnswerSubmission, Moments
from contracts.approvals.request import Answer
from contracts.approvals.rules import Authority
from contracts.case import CaseRecord, CaseStatus
from contracts.effect import EffectOrder, OutsideResult, Permit, ProposedEffect
from contracts.failure import FailureClass
from contracts.ids import effect_key, permit_id
from memory.authoritative.approvals.approvals import SqlApprovals
from memory.authoritative.authorizations import SqlAuthorizations
from memory.authoritative.case_writer import SqlCaseWriter
from memory.authoritative.ledger.ledger import SqlLedger
from tests.activities.effects.fake_channel import Clock, manifest
from tests.activities.effects.ledger_helpers import POLICY, refund
from tests.memory.audit_helpers import Log
from tests.workflows.kernel.approvals.data_plane import question


class KeptBooks(Log):
    """A case with a settled refund, one whose question was approved, one whose effect failed twice over."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        super().__init__(engine, folder)
        self.clock = Clock()
        self.till = manifest("client_reference")
        self.ledger = SqlLedger(self.journal)
        self.approvals = SqlApprovals(self.journal)

    def fill(self) -> None:
        """Write a morning's work."""
        self.case("A")
        self.paid(self.order("A"))
        self.case("B")
        self.approved("B")
        self.paid(self.order("B", 20_000))
        self.case("C", CaseStatus.FAILED)
        self.refused_and_done_after_all(self.order("C", 700))

    @contextmanager
    def tampered(self, table: str, where: str, statement: str) -> Iterator[None]:
        """Run a statement against rows of a table, and put them back as they were afterwards."""
        self.attack(f"create table kept_aside as select * from {table} where {where}", statement)
        yield
        self.attack(
            f"delete from {table} where {where}",
            f"insert into {table} select * from kept_aside",
            "drop table kept_aside",
        )

    def case(self, name: str, status: CaseStatus = CaseStatus.SETTLED) -> str:
        """Write a case's row."""
        case_id = f"returns/till/{name}"
        record = CaseRecord(
            id=case_id,
            desk="returns",
            channel="till",
            status=status,
            summary=f"Scarf of order W-{name}, too small",
            amount_cents=4000,
            currency="EUR",
            opened_at=self.clock.now,
            updated_at=self.clock.now,
            request={"message": "It is too small, says Anna.", "order": f"W-{name}"},
            customer="customer-7",
        )
        SqlCaseWriter(self.journal).record(record, ())
        return case_id

    def order(self, name: str, cents: int = 4000) -> EffectOrder:
        """Issue leave for a refund of a case, and order it."""
        case_id = f"returns/till/{name}"
        effect = refund(cents, order=f"W-{name}")
        permit = self.permit(case_id, effect)
        SqlAuthorizations(self.journal).keep(case_id, (), (), [permit], self.clock.now)
        return EffectOrder(case_id=case_id, key=permit.effect_key, effect=effect, permit_id=permit.id)

    def permit(self, case_id: str, effect: ProposedEffect) -> Permit:
        """Leave for an effect, not yet written."""
        key = effect_key(case_id, effect.step)
        return Permit(
            id=permit_id(key, effect.arguments_hash, "verdict-1"),
            effect_key=key,
            case_id=case_id,
            connector=effect.connector,
            operation=effect.operation,
            arguments_hash=effect.arguments_hash,
            connector_version=self.till.connector_version,
            policy_version=POLICY,
            office_version="office-1",
            basis="verdict-1",
            amount_cents=effect.amount_cents,
            currency=effect.currency,
            expires_at=self.clock.now + timedelta(hours=1),
        )

    def paid(self, order: EffectOrder) -> None:
        """Begin an effect, and have it answered."""
        call = self.ledger.begin(order, self.till, POLICY, self.clock.now).call
        sent = OutsideResult(f"R-{order.case_id[-1]}", {"status": "done"})
        self.ledger.answered(order.key, call, sent, self.clock.now)

    def refused_and_done_after_all(self, order: EffectOrder) -> None:
        """Have a call refused, and hear afterwards that it was done: a divergence."""
        call = self.ledger.begin(order, self.till, POLICY, self.clock.now).call
        final, now = FailureClass.NOT_APPLIED_FINAL, self.clock.now
        self.ledger.call_failed(order.key, call, failure=final, why="422 no such order", now=now)
        self.ledger.answered(order.key, call, OutsideResult("R-late"), now)

    def approved(self, name: str) -> str:
        """Ask about a refund of a case, and have it approved."""
        now = self.clock.now
        moments = Moments(remind_at=now, escalate_at=(), deadline=now + timedelta(days=2))
        draft = question(case_id=f"returns/till/{name}")
        asked = self.approvals.open(draft, moments, {"till": self.till.connector_version}, now)
        said = AnswerSubmission(
            case_id=draft.plan.case_id,
            request_id=asked.request.id,
            answer=Answer(person="ben", choice="approve", note="She rang; it is fine."),
            number=1,
        )
        self.approvals.answer(said, Authority(allowed=True, why=""), now)
        return asked.request.id
