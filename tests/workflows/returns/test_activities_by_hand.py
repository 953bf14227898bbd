"""Activities that speak for a case do nothing for who starts them by hand, and the log names it."""

from datetime import UTC, datetime

import pytest

from contracts.approvals.messages import ApprovalClosing, ApprovalDraft, Reminder
from contracts.approvals.request import ApprovalOutcome, ApprovalRecord
from contracts.parcel import Parcel
from contracts.proof import Claim
from contracts.reconciliation.messages import Settlement
from tests.workflows.returns.prey import (
    Attempt,
    Prey,
    by_activity,
    invented,
    nobodys,
    ordered,
    pays_nobody,
    refund,
)
from tests.workflows.returns.shop import DESK, Shop

pytestmark = pytest.mark.slow


async def a_divergence_settled_by_hand(prey: Prey) -> None:
    settled = Settlement(divergence_id="duplicate-0123456789abcdef", resolution="all is well", close=True)
    await by_activity(prey, "reconcile.settle", settled)


async def an_effect_given_up_by_hand(prey: Prey) -> None:
    case_id = DESK.case_id(prey.waiting)
    plan = invented(case_id, refund(prey.waiting.order))
    await by_activity(prey, "effect.give_up", ordered(plan, plan.effects[0], "none"))
    assert prey.shop.installation.ledger.of_case(case_id) == ()


async def a_question_asked_by_hand(prey: Prey) -> None:
    plan = invented(nobodys(), refund(prey.other_order))
    draft = ApprovalDraft(plan=plan, what="Pay this?", asked_by="kontor", evidence=(), office_version="1")
    await by_activity(prey, "approval.open", draft)
    assert prey.shop.installation.approvals.of_case(plan.case_id) == ()


async def a_question_of_a_waiting_case_replaced_by_hand(prey: Prey) -> None:
    before = open_question(prey)
    plan = invented(before.request.case_id, refund(prey.waiting.order))
    draft = ApprovalDraft(plan=plan, what="Pay this?", asked_by="kontor", evidence=(), office_version="1")
    await by_activity(prey, "approval.open", draft)
    assert open_question(prey) == before


async def a_question_ended_by_hand(prey: Prey) -> None:
    before = open_question(prey)
    outcome = ApprovalOutcome.EXPIRED
    ending = ApprovalClosing(request_id=before.request.id, outcome=outcome, why="nobody needs it")
    await by_activity(prey, "approval.end", ending)
    assert open_question(prey) == before


async def a_question_escalated_by_hand(prey: Prey) -> None:
    before = open_question(prey)
    nudge = Reminder(request_id=before.request.id, kind="escalated", level=2)
    await by_activity(prey, "approval.nudge", nudge)
    assert open_question(prey) == before


def open_question(prey: Prey) -> ApprovalRecord:
    [record] = prey.shop.installation.approvals.of_case(DESK.case_id(prey.waiting))
    assert record.approval is None
    return record


async def a_proof_used_up_by_hand(prey: Prey) -> None:
    kontor, case_id = prey.shop.installation, DESK.case_id(prey.waiting)
    said = Parcel(person="ben").said(case_id)
    proof = kontor.proofs.issue("ben", "os-account", "cli", said, datetime.now(UTC))
    await by_activity(prey, "proof.use", Claim(said=said, person="ben", proof=proof.id, use="mine"))
    kontor.proofs.use(proof.id, "the case's own use", datetime.now(UTC))


ATTEMPTS: tuple[Attempt, ...] = (
    a_divergence_settled_by_hand,
    an_effect_given_up_by_hand,
    a_question_asked_by_hand,
    a_question_of_a_waiting_case_replaced_by_hand,
    a_question_ended_by_hand,
    a_question_escalated_by_hand,
    a_proof_used_up_by_hand,
)


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.__name__)
async def test_what_is_called_by_hand_speaks_for_no_case_and_is_on_record(
    shop: Shop, attempt: Attempt
) -> None:
    await pays_nobody(shop, attempt)
