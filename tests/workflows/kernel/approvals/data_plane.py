"""A data plane for the gate's tests: real books, real policies, and a clock that a test may move."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import col, select

from activities.approvals import ApprovalActivities
from activities.policy import PolicyActivities
from activities.ports import Calendar
from activities.proofs import ProofActivities
from connectors.manifest import load_manifests
from contracts.approvals.messages import AnswerReply, AnswerSubmission, ApprovalDraft, Moments
from contracts.approvals.request import Answer
from contracts.approvals.token import KEY_NAME
from contracts.authorization import Plan
from contracts.case import Episode
from contracts.connector import Manifest
from contracts.effect import EffectOrder, ProposedEffect
from contracts.ids import effect_key
from contracts.money import money_text
from memory.authoritative.admissions import SqlAdmissions
from memory.authoritative.approvals.approvals import SqlApprovals
from memory.authoritative.approvals.tokens import ApprovalTokens
from memory.authoritative.authorizations import SqlAuthorizations
from memory.authoritative.ledger.ledger import SqlLedger
from memory.authoritative.people import SqlPeople
from memory.authoritative.proofs import SqlProofs
from memory.database import reading
from memory.episodic.anchor import Anchor, AnchorFile
from memory.episodic.chain import Signer
from memory.episodic.journal import Journal
from memory.episodic.log import SqlEpisodes
from memory.tables.ledger import EffectRow
from policy.calendar import OfficeCalendar
from policy.engine import CedarEngine
from policy.texts import OfficeTexts
from tests.activities.grounds import ANYBODY, AsTheySay
from tests.conftest import ROOT
from workflows.registry import case_counts, fact_types

OFFICE = ROOT / "office"
CASE = "returns/webshop/RMA-1"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday at ten in Berlin, the office's time zone."""


class Keys:
    """Secrets with the two keys that the books need."""

    def read(self, name: str) -> str:
        assert name in ("audit_key", KEY_NAME)
        return "07" * 32


class Manifests:
    """The office's manifests; nothing is called in these tests."""

    def __init__(self) -> None:
        self._loaded = load_manifests(OFFICE, {"KONTOR_SANDBOX_PORT": "1"})

    def manifest(self, connector: str) -> Manifest:
        return self._loaded[connector]


@dataclass
class Clock:
    """The data plane's clock."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **hours: float) -> None:
        self.now += timedelta(**hours)


@dataclass
class DataPlane:
    """Everything behind the gate."""

    engine: Engine
    folder: Path
    clock: Callable[[], datetime] = field(default_factory=Clock)
    calendar: Calendar | None = None

    def __post_init__(self) -> None:
        anchor = Anchor(AnchorFile(self.folder / "audit.anchor"))
        journal = Journal(self.engine, Signer(Keys()), anchor)
        self.approvals = SqlApprovals(journal)
        self.episodes = SqlEpisodes(journal, anchor)
        self.tokens = ApprovalTokens(self.engine, lambda: bytes.fromhex(Keys().read(KEY_NAME)))
        self.ledger = SqlLedger(journal)
        self.proofs, self.people = SqlProofs(self.engine), SqlPeople(self.engine)
        self.policy = CedarEngine.from_office(OFFICE, fact_types())
        self.outside = Manifests()
        self.draft = ApprovalActivities(
            approvals=self.approvals,
            policy=self.policy,
            tokens=self.tokens,
            calendar=self.calendar or OfficeCalendar.from_office(OFFICE),
            outside=self.outside,
            proofs=self.proofs,
            people=self.people,
            callers=ANYBODY,
            clock=self.clock,
        )
        self.proving = ProofActivities(
            self.proofs,
            self.people,
            SqlAdmissions(self.engine),
            self.policy.on_staff,
            self.episodes,
            clock=self.clock,
        )
        self.judging = PolicyActivities(
            engine=self.policy,
            books=SqlAuthorizations(journal),
            approvals=self.approvals,
            outside=self.outside,
            episodes=self.episodes,
            grounds=AsTheySay(),
            office_version="office-1",
            case_counts=case_counts(),
            texts=OfficeTexts.from_office(OFFICE, OfficeCalendar.from_office(OFFICE).file),
            clock=self.clock,
        )

    async def say(self, request_id: str, answer: Answer, number: int = 1, case_id: str = CASE) -> AnswerReply:
        """Answer at the data plane, with the workflow bypassed."""
        return await self.draft.answer(
            AnswerSubmission(case_id=case_id, request_id=request_id, answer=answer, number=number)
        )

    def begin(self, effect: ProposedEffect, permit_id: str, case_id: str = CASE) -> None:
        """Begin an effect as the dispatcher does; raises PermitRefused."""
        order = EffectOrder(
            case_id=case_id, key=effect_key(case_id, effect.step), effect=effect, permit_id=permit_id
        )
        self.ledger.begin(order, self.outside.manifest(effect.connector), self.policy.version, self.clock())

    def told(self, case_id: str = CASE, kind: str = "") -> list[Episode]:
        """The case's episodes of one kind, or all but those that say what rows hold."""
        told = self.episodes.of_case(case_id, told_only=True)
        return [one for one in told if kind in ("", one.kind)]

    def begun(self, case_id: str = CASE) -> list[tuple[str, int, str | None]]:
        """Step, cents and permit of the effects that were begun for the case."""
        query = select(EffectRow).where(col(EffectRow.case_id) == case_id)
        with reading(self.engine) as session:
            return [(row.step, row.amount_cents, row.permit_id) for row in session.exec(query)]


class QuickCalendar:
    """A calendar of real seconds, for tests that wait for real."""

    def __init__(
        self, deadline_seconds: float, remind_seconds: float = 0, escalate_seconds: tuple[float, ...] = ()
    ) -> None:
        self._deadline = deadline_seconds
        self._remind = remind_seconds
        self._escalate = escalate_seconds

    def schedule(self, draft: ApprovalDraft, now: datetime) -> tuple[ApprovalDraft, Moments]:
        return draft, Moments(
            remind_at=now + timedelta(seconds=self._remind) if self._remind else None,
            deadline=now + timedelta(seconds=self._deadline),
            escalate_at=tuple(now + timedelta(seconds=each) for each in self._escalate),
        )


def refund_plan(amount_cents: int = 20_000, case_id: str = CASE) -> Plan:
    """A return whose refund is over what runs unattended."""
    arguments = {
        "order": "W-1001",
        "payment_method": "visa-1",
        "amount_cents": amount_cents,
        "currency": "EUR",
        "reason": "damaged",
        "lines": [{"line": "1", "sku": "S-1", "quantity": 1}],
    }
    text = f"We refunded {money_text(amount_cents, 'EUR')}."
    told = {"order": "W-1001", "subject": "Your return", "text": text}
    return Plan(
        case_id=case_id,
        desk="returns",
        summary=f"return of one lamp from order W-1001, {money_text(amount_cents, 'EUR')}",
        facts={
            "intent": "return",
            "reason": "damaged",
            "understood": True,
            "order_status": "delivered",
            "amount_cents": amount_cents,
            "paid_cents": amount_cents,
            "remaining_cents": amount_cents,
            "days_since_delivery": 3,
            "item_state": "unknown",
            "member_level": "silver",
            "earlier_returns": 0,
            "already_returned": False,
            "price_difference_cents": 0,
            "channel": "webshop",
        },
        effects=(
            ProposedEffect(
                step="refund",
                connector="webshop",
                operation="refund",
                arguments=arguments,
                amount_cents=amount_cents,
                currency="EUR",
            ),
            ProposedEffect(step="notify", connector="webshop", operation="notify", arguments=told),
        ),
    )


def question(
    amount_cents: int = 20_000,
    *,
    case_id: str = CASE,
    asked_by: str = "customer",
    roles: tuple[str, ...] = ("clerk", "lead", "owner"),
    needed: int = 1,
    round_number: int = 1,
) -> ApprovalDraft:
    """What the returns desk would ask about that plan."""
    plan = refund_plan(amount_cents, case_id)
    return ApprovalDraft(
        plan=plan,
        what=plan.summary,
        roles=roles,
        needed=needed,
        asked_by=asked_by,
        round_number=round_number,
        office_version="office-1",
    )
