"""The morning against what was written down before: what ended otherwise is wrong, a question never is."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import JsonValue

from cli.demo.expectation import Done, Expected, read_expected
from cli.demo.judgement import Verdict, judge
from contracts.case import CaseRecord, CaseStatus
from contracts.effect import EffectOrder, EffectReceipt, EffectState, ProposedEffect
from contracts.ledger import LedgerEntry

DAY = datetime(2026, 11, 30, tzinfo=UTC)
CASE = "returns/store/R-1"
LAMP_BACK = Expected(
    id="R-1", channel="store", end="settled", does={"S-1": Done(back={"L1": 1}, out_cents=4490)}
)
NOTHING = Expected(id="R-1", channel="store", end="person")


def case(status: CaseStatus, waits_for: str = "", outcome: str = "") -> CaseRecord:
    return CaseRecord(
        id=CASE,
        desk="returns",
        channel="store",
        status=status,
        summary="",
        outcome=outcome,
        opened_at=DAY,
        updated_at=DAY,
        waits_for=waits_for,
    )


def done(
    operation: str, cents: int = 0, state: EffectState = EffectState.APPLIED, **told: JsonValue
) -> LedgerEntry:
    effect = ProposedEffect(
        step=operation,
        connector="store",
        operation=operation,
        amount_cents=cents,
        currency="EUR" if cents else "",
        arguments={"order": "S-1", **told},
    )
    order = EffectOrder(case_id=CASE, key=f"{CASE}/{operation}", effect=effect, permit_id="p")
    receipt = EffectReceipt(key=order.key, state=state)
    return LedgerEntry(order=order, receipt=receipt, connector_version="1", intended_at=DAY)


REFUND = done("refund", 4490)
BACK = done("mark_order", lines=[{"line": "L1", "sku": "LAMP", "quantity": 1}])
SETTLED = case(CaseStatus.SETTLED, outcome="returned")


def test_what_ended_as_it_should_was_settled_alone() -> None:
    assert judge(LAMP_BACK, [SETTLED], [REFUND, BACK]).verdict is Verdict.ALONE


@pytest.mark.parametrize(
    "entries",
    [
        [done("refund", 4491), BACK],
        [REFUND],
        [REFUND, BACK, done("cancel_order")],
        [REFUND, done("mark_order", lines=[{"line": "L2", "sku": "CAP", "quantity": 1}])],
        [],
    ],
    ids=["another amount", "no goods", "one effect more", "another line", "nothing"],
)
def test_what_ended_otherwise_is_wrong(entries: list[LedgerEntry]) -> None:
    assert judge(LAMP_BACK, [SETTLED], entries).verdict is Verdict.WRONG


def test_an_effect_that_should_not_be_is_wrong_though_a_person_is_asked_after_it() -> None:
    waiting = case(CaseStatus.WAITING)

    assert judge(NOTHING, [waiting], [REFUND]).verdict is Verdict.WRONG
    assert judge(NOTHING, [waiting], []).verdict is Verdict.PEOPLE
    assert judge(LAMP_BACK, [waiting], [REFUND]).verdict is Verdict.PEOPLE


def test_what_a_person_should_have_taken_and_the_desk_has_ended_is_wrong() -> None:
    assert judge(NOTHING, [case(CaseStatus.DENIED)], []).verdict is Verdict.WRONG


def test_a_case_that_waits_for_its_customer_or_its_parcel_is_told_by_what_it_waits_for() -> None:
    asks = case(CaseStatus.RUNNING, "for the customer: which items are meant")
    parcel = case(CaseStatus.RUNNING, "0 of 1 pieces of return R-1 are here")

    assert judge(LAMP_BACK, [asks], []).verdict is Verdict.ASKED_BACK
    assert judge(LAMP_BACK, [parcel], [REFUND, BACK]).verdict is Verdict.ALONE
    assert judge(LAMP_BACK, [parcel], [BACK]).verdict is Verdict.WRONG


def test_what_was_taken_back_does_not_stand() -> None:
    undone = done("refund", 4490, EffectState.COMPENSATED)

    assert judge(NOTHING, [case(CaseStatus.WAITING)], [undone]).verdict is Verdict.PEOPLE


def test_the_morning_has_an_expectation_for_each_of_its_sixty_messages(office: Path) -> None:
    expected = read_expected(office / "demo" / "morning.expected.jsonl")
    asked = [json.loads(line) for line in (office / "demo" / "morning.jsonl").read_text().splitlines()]

    assert len(asked) == len(expected) == 60
    assert {(one["channel"], one["id"]) for one in asked} == set(expected)
