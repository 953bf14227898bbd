"""Shares are booked by compare-and-set: of two plans made from one account, the second is out of date."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from contracts.case import CaseStatus
from contracts.effect import EffectState
from contracts.shares import Accounts, AccountsMoved, Booking, Done, Share
from memory.authoritative.authorizations import SqlAuthorizations
from memory.authoritative.shares import SqlShares
from memory.database import writing
from memory.tables.ledger import EffectRow
from tests.memory.audit_helpers import journal, keep_case
from tests.memory.claims import held_by
from tests.memory.test_cases import case

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
LINE, CARD = "webshop/W-1/L1", "webshop/W-1#paid-by/card"
A, B = case(1).id, case(2).id


def book(engine: Engine, case_id: str, key: str, *names: str, cents: int = 100, **versions: int) -> None:
    """Book one effect on some accounts, as a plan that saw them at these versions."""
    shares = tuple(Share(account=name, quantity=1, amount_cents=cents) for name in names)
    seen = {{"line": LINE, "card": CARD}[name]: version for name, version in versions.items()}
    booking = Booking(accounts=(LINE, CARD), versions=seen, shares={key: ("refund", shares)})
    held = SqlAuthorizations(journal(engine)).keep(
        case_id, (f"{LINE}/{case_id}",), (), (), NOW, booking=booking
    )
    assert held is None


def done(engine: Engine, *names: str, asks: str = B) -> tuple[Done, ...]:
    return SqlShares(engine).books(Accounts(names=names, case_id=asks)).done


def effect(engine: Engine, key: str, state: EffectState) -> None:
    with writing(engine) as session:
        session.merge(
            EffectRow(
                key=key, case_id=A, step="refund", connector="webshop", operation="refund", arguments={},
                arguments_hash="", amount_cents=100, currency="EUR", connector_version="1", likeness=key,
                state=state.value, intended_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip


def test_a_plan_made_before_another_case_booked_is_out_of_date_and_takes_nothing(engine: Engine) -> None:
    book(engine, A, "refund-a", LINE, CARD)
    with pytest.raises(AccountsMoved):
        book(engine, B, "refund-b", CARD)
    assert held_by(engine, B) == ()
    book(engine, B, "refund-b", CARD, line=1, card=1)
    assert SqlShares(engine).books(Accounts(names=(LINE, CARD), case_id=A)).versions == {LINE: 1, CARD: 2}


def test_a_plan_that_is_judged_once_more_passes_whoever_came_after_it(engine: Engine) -> None:
    book(engine, A, "refund-a", LINE, CARD)
    book(engine, B, "refund-b", CARD, line=1, card=1)
    book(engine, A, "refund-a", LINE, CARD)
    with pytest.raises(AccountsMoved):
        book(engine, A, "refund-a", LINE, CARD, cents=99)


def test_of_two_cases_that_book_at_once_one_is_out_of_date(engine: Engine) -> None:
    start, moved = threading.Barrier(2), []

    def at_once(case_id: str, key: str) -> None:
        start.wait()
        try:
            book(engine, case_id, key, CARD, LINE)
        except AccountsMoved:
            moved.append(case_id)

    both = [threading.Thread(target=at_once, args=each) for each in ((A, "refund-a"), (B, "refund-b"))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(moved) == 1


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        (EffectState.SENT, (100, 100)),
        (EffectState.UNKNOWN, (100, 100)),
        (EffectState.APPLIED, (100, 0)),
        (EffectState.FAILED, None),
        (EffectState.COMPENSATED, None),
    ],
)
def test_what_stands_on_an_account_follows_the_ledger(
    engine: Engine, state: EffectState, stands: tuple[int, int] | None
) -> None:
    book(engine, A, "refund-a", LINE)
    effect(engine, "refund-a", state)
    assert [(one.amount_cents, one.pending_cents) for one in done(engine, LINE)] == [stands][
        : stands is not None
    ]
    assert done(engine, LINE, asks=A) == ()


def test_what_is_permitted_counts_while_its_case_may_still_begin_it(engine: Engine) -> None:
    keep_case(engine, case(1))
    book(engine, A, "refund-a", LINE, LINE[:-1] + "2")
    assert [one.pending_cents for one in done(engine, LINE)] == [100]
    keep_case(engine, case(1, status=CaseStatus.DENIED, event=9))
    assert done(engine, LINE) == ()


def test_several_effects_on_one_account_are_one_sum_by_operation(engine: Engine) -> None:
    book(engine, A, "refund-a", LINE)
    effect(engine, "refund-a", EffectState.APPLIED)
    book(engine, A, "refund-2-a", LINE, cents=50, line=1)
    assert done(engine, LINE) == (
        Done(account=LINE, operation="refund", quantity=2, amount_cents=150, pending_cents=50),
    )
