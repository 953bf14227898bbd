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
from connectors.manifest import load_manifests
from contracts.approval import Answer
from contracts.approval_token import KEY_NAME
from contracts.asking import Asking, Moments, Reply, Submission
from contracts.effect import EffectOrder, ProposedEffect
from contracts.episode import Episode
from contracts.ids import effect_key
from contracts.manifest import Manifest
from contracts.verdict import Plan
from memory.anchor import Anchor, AnchorFile
from memory.approval_tokens import ApprovalTokens
from memory.approvals import SqlApprovals
from memory.authorizations import SqlAuthorizations
from memory.cases import SqlCases
from memory.chain import Signer
from memory.database import reading
from memory.episodes import SqlEpisodes
from memory.ledger import SqlLedger
from memory.tables.ledger import EffectRow
from policy.calendar import OfficeCalendar
from policy.engine import CedarEngine

OFFICE = Path(__file__).parent.parent.parent / "office"
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
class House:
    """Everything behind the gate."""

    engine: Engine
    folder: Path
    clock: Callable[[], datetime] = field(default_factory=Clock)
    calendar: Calendar | None = None

    def __post_init__(self) -> None:
        signer, anchor = Signer(Keys()), Anchor(AnchorFile(self.folder / "audit.anchor"))
        self.approvals = SqlApprovals(self.engine, signer, anchor)
        self.episodes = SqlEpisodes(self.engine, signer, anchor)
        self.tokens = ApprovalTokens(self.engine, lambda: bytes.fromhex(Keys().read(KEY_NAME)))
        self.ledger = SqlLedger(self.engine)
        self.policy = CedarEngine.from_office(OFFICE)
        self.outside = Manifests()
        self.asking = ApprovalActivities(
            approvals=self.approvals,
            policy=self.policy,
            tokens=self.tokens,
            calendar=self.calendar or OfficeCalendar.from_office(OFFICE),
            outside=self.outside,  # type: ignore[arg-type]  # only manifests are read here
            clock=self.clock,
        )
        self.judging = PolicyActivities(
            engine=self.policy,
            books=SqlAuthorizations(self.engine),
            cases=SqlCases(self.engine),
            approvals=self.approvals,
            outside=self.outside,  # type: ignore[arg-type]  # only manifests are read here
            episodes=self.episodes,
            office_version="office-1",
            clock=self.clock,
        )

    async def say(self, request_id: str, answer: Answer, number: int = 1, case_id: str = CASE) -> Reply:
        """Answer at the data plane, with the workflow bypassed."""
        return await self.asking.answer(
            Submission(case_id=case_id, request_id=request_id, answer=answer, number=number)
        )

    def begin(self, effect: ProposedEffect, permit_id: str, case_id: str = CASE) -> None:
        """Begin an effect as the dispatcher does; raises PermitRefused."""
        order = EffectOrder(
            case_id=case_id, key=effect_key(case_id, effect.step), effect=effect, permit_id=permit_id
        )
        self.ledger.begin(order, self.outside.manifest(effect.connector), self.policy.version, self.clock())

    def told(self, case_id: str = CASE, kind: str = "") -> list[Episode]:
        """The case's episodes of one kind."""
        return [one for one in self.episodes.of_case(case_id) if kind in ("", one.kind)]

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

    def schedule(self, asking: Asking, now: datetime) -> tuple[Asking, Moments]:
        return asking, Moments(
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
    text = f"We refunded {amount_cents // 100}.{amount_cents % 100:02d} EUR."
    told = {"order": "W-1001", "subject": "Your return", "text": text}
    return Plan(
        case_id=case_id,
        desk="returns",
        summary=f"return of one lamp from order W-1001, {amount_cents / 100:.2f} EUR",
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
) -> Asking:
    """What the returns desk would ask about that plan."""
    plan = refund_plan(amount_cents, case_id)
    return Asking(
        plan=plan,
        what=plan.summary,
        roles=roles,
        needed=needed,
        asked_by=asked_by,
        round_number=round_number,
        office_version="office-1",
    )
