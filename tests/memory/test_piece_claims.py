"""Pieces of one line, claimed by several cases, however many ask at once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from contracts.case import CaseStatus
from contracts.shares import AccountsMoved, Booking, HeldInPart, PieceClaim, Share
from memory.authoritative.authorizations import SqlAuthorizations
from memory.database import reading
from memory.tables.claims import PieceClaimRow
from tests.memory.audit_helpers import journal
from tests.memory.claims import claim
from tests.memory.test_claims import save

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
LINE = "webshop/W-1/L1"


def take(engine: Engine, case_id: str, count: int, left: int, booking: Booking | None = None) -> str | None:
    """Ask for some pieces of the line; the open case that asks for all of them, if any."""
    wanted = PieceClaim(account=LINE, count=count, left=left)
    books = SqlAuthorizations(journal(engine))
    return books.keep(case_id, (), (), (), NOON, booking=booking, pieces=[wanted])


def booked(case_id: str, count: int) -> Booking:
    shares = {f"{case_id}/refund": ("refund", [Share(account=LINE, quantity=count, amount_cents=1)])}
    return Booking(accounts=[LINE], versions={}, shares=shares)


def kept(engine: Engine, case_id: str) -> list[int]:
    with reading(engine) as session:
        return list(session.exec(select(PieceClaimRow.pieces).where(col(PieceClaimRow.case_id) == case_id)))


def test_cases_claim_pieces_beside_each_other_as_far_as_there_are_some(engine: Engine) -> None:
    assert take(engine, "one", 2, 5) is None
    assert take(engine, "two", 2, 5) is None
    with pytest.raises(HeldInPart, match="2 pieces are asked for, and 1 are left"):
        take(engine, "three", 2, 5)
    assert kept(engine, "three") == []
    assert take(engine, "three", 1, 5) is None
    assert take(engine, "four", 1, 5) == "two"


def test_what_is_booked_is_counted_by_the_books_and_claimed_no_more(engine: Engine) -> None:
    assert take(engine, "one", 2, 5, booked("one", 2)) is None

    assert kept(engine, "one") == [0]
    assert take(engine, "two", 3, 3) is None
    assert take(engine, "one", 2, 1) is None, "its own pieces are booked: it needs no more of them"


def test_a_plan_that_books_what_another_booked_meanwhile_claims_nothing(engine: Engine) -> None:
    assert take(engine, "one", 2, 5, booked("one", 2)) is None

    with pytest.raises(AccountsMoved):
        take(engine, "two", 3, 5, booked("two", 3))
    assert kept(engine, "two") == []


@pytest.mark.parametrize("status", list(CaseStatus))
def test_pieces_are_free_once_their_case_has_ended_and_not_before(engine: Engine, status: CaseStatus) -> None:
    save(engine, "one", status)
    take(engine, "one", 5, 5)
    assert take(engine, "two", 5, 5) == (None if status.ended else "one")


def test_who_wants_the_line_alone_and_who_wants_pieces_of_it_keep_each_other_out(engine: Engine) -> None:
    assert take(engine, "pieces", 2, 5) is None
    assert claim(engine, "whole", [LINE, "another"], NOON) == "pieces"
    assert claim(engine, "whole", ["webshop/W-1/L2"], NOON) is None
    wanted = PieceClaim(account="webshop/W-1/L2", count=1, left=5)
    books = SqlAuthorizations(journal(engine))
    assert books.keep("more", (), (), (), NOON, pieces=[wanted]) == "whole"


def test_without_another_open_case_it_is_for_policy_to_judge_what_is_gone(engine: Engine) -> None:
    assert take(engine, "one", 2, 0) is None
