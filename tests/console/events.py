"""What happens at the office while somebody is at the console."""

from datetime import UTC, datetime, timedelta

from bootstrap.installation import Installation
from contracts.approvals.clarification import MachineChoice, MachineQuestion
from contracts.approvals.messages import ApprovalDraft, Moments
from contracts.approvals.request import ApprovalRequest
from contracts.authorization import Plan, PolicyReason
from contracts.effect import ProposedEffect
from contracts.evidence import Evidence
from contracts.office import office_files
from tests.conftest import ROOT

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


WHAT = MachineQuestion(
    id="intent",
    text="What does the customer want?",
    choices=(
        MachineChoice(id="return", text="send something back"),
        MachineChoice(id="cancel", text="cancel <it> & all"),
    ),
    needed=True,
)


def ask(
    kontor: Installation,
    number: int = 1,
    *,
    cents: int = 20_000,
    text: str = "We have refunded 200.00 EUR.",
    left: timedelta = timedelta(hours=9),
    roles: tuple[str, ...] = ("lead", "owner"),
    by_hand: bool = False,
    questions: tuple[MachineQuestion, ...] = (),
) -> ApprovalRequest:
    """Put a question into the queue as a case does."""
    case_id = f"returns/webshop/RMA-{number}"
    refund = ProposedEffect(
        step="refund", connector="webshop", operation="refund", amount_cents=cents, currency="EUR",
        arguments={"order": f"W-{number}", "amount_cents": cents, "currency": "EUR"},
    )  # fmt: skip
    notify = ProposedEffect(
        step="notify", connector="webshop", operation="notify",
        arguments={"order": f"W-{number}", "subject": "Your return", "text": text},
    )  # fmt: skip
    plan = Plan(
        case_id=case_id,
        desk="returns",
        summary=f"return of kettle {number}",
        facts={"amount_cents": cents, "currency": "EUR"},
        effects=() if by_hand else (refund, notify),
    )
    why = (
        PolicyReason(id="returns.refund", reason="It may come back.", effect="permit", question="do"),
        PolicyReason(
            id="returns.refund-over-150", reason="Refunds over 150.00 EUR need a person.",
            effect="forbid", question="unattended",
        ),
    )  # fmt: skip
    draft = ApprovalDraft(
        plan=plan, what=plan.summary, asked_by="cust-1", office_version="v", roles=roles,
        why=() if by_hand else why,
        questions=questions,
        doubts=("what is wanted: unsure",) if questions else (),
        evidence=(
            Evidence(source="policy#returns.refund", text="A sentence of the policies.", kind="passage"),
            Evidence(source=f"order:webshop/W-{number}", text="Order is delivered.", kind="fact"),
        ),
    )  # fmt: skip
    now = datetime.now(UTC)
    moments = Moments(deadline=now + left)
    return kontor.approvals.open(draft, moments, {"webshop": "1"}, now).request


def dismiss(kontor: Installation, person: str) -> None:
    """Put an office in force in which somebody does not work any more."""
    files = office_files(ROOT / "office")
    staff = files["staff.toml"].decode()
    begin = staff.index(f"[people.{person}]")
    end = staff.find("\n[people.", begin)
    files["staff.toml"] = (staff[:begin] + (staff[end:] if end > 0 else "")).encode()
    kontor.releases.put_in_force(files, by="a test", at=NOW)
