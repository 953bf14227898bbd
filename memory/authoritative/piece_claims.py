"""How many pieces of a line open cases ask for, counted inside an authorization's transaction.

A line of several pieces may come back by several cases, each with some of them. What a case asks for is
kept from others until our books hold it for done or under way (`memory.authoritative.shares`): from then on
it is no longer among what is left. So each piece is counted once.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam, or_, select
from sqlmodel import Session

from contracts.case import UNDER_WAY, CaseStatus
from contracts.shares import Booking, HeldInPart, PieceClaim, SaidBefore
from memory.authoritative.claims import CASES, CLAIMS, EFFECTS, ENDED, IN_DOUBT, ClaimHeld, Wanted
from memory.database import dialect_of, each_listed, insert_for, table_of
from memory.tables.cases import CaseRow
from memory.tables.claims import PieceClaimRow

PIECES = table_of(PieceClaimRow).c
OWN_TO_EACH = frozenset({"id", "received_at"})
"""What two requests that are one differ in."""


def no_pieces_of(session: Session, case_id: str, wanted: Wanted) -> None:
    """Raise `ClaimHeld` if another open case asks for pieces of what this one wants for itself alone."""
    if not wanted.count:
        return
    given = {"claims": wanted.listed, "case_id": case_id}
    holder = session.execute(_asked_by_others(dialect_of(session)), given).first()
    if holder is not None:
        raise ClaimHeld(holder.case_id)


def take_pieces(
    session: Session, case_id: str, wanted: Sequence[PieceClaim], booking: Booking | None, now: datetime
) -> None:
    """Ask for pieces, all or none, in a transaction that is already open; what is booked needs no claim.

    Args:
        session: the transaction; those about one order follow one another.
        case_id: the case.
        wanted: how many pieces of which accounts, of how many that are left.
        booking: what is booked in the same transaction.
        now: when.

    Raises:
        ClaimHeld: open cases ask for all that is left, or one wants the whole account for itself.
        HeldInPart: they leave fewer pieces than are asked for.
        SaidBefore: a case that is open or settled asked for pieces of one of them in the same words.
    """
    if not wanted:
        return
    given = {"claims": json.dumps(sorted(each.account for each in wanted)), "case_id": case_id}
    whole = session.execute(_held_by_others(dialect_of(session)), given).first()
    if whole is not None:
        raise ClaimHeld(whole.case_id)
    others: Counter[str] = Counter()
    holders: dict[str, str] = {}
    for row in session.execute(_asked_by_others(dialect_of(session)), given):
        others[row.account] += row.pieces
        holders[row.account] = row.case_id
    own = {row.account: row.pieces for row in session.execute(_own(dialect_of(session)), given)}
    new = [each for each in wanted if own.get(each.account) != 0]
    for each in new:
        _check(each, others[each.account], holders.get(each.account))
    _check_words(
        session, given, [each for each in new if each.account not in own and each.count <= each.left]
    )
    booked = _booked(booking)
    rows = [
        {
            "account": each.account,
            "case_id": case_id,
            "pieces": max(0, each.count - booked.get(each.account, 0)),
            "claimed_at": now,
        }
        for each in new
    ]
    if rows:
        session.execute(_keep(dialect_of(session)), rows)


def _check(wanted: PieceClaim, asked: int, holder: str | None) -> None:
    """Refuse what other open cases leave no room for; without any, it is for policy to judge."""
    free = max(0, wanted.left - asked)
    if holder is None or wanted.count <= free:
        return
    if not free:
        raise ClaimHeld(holder)
    raise HeldInPart(wanted, free, holder)


def _check_words(session: Session, given: dict[str, str], first: Sequence[PieceClaim]) -> None:
    """Refuse what was asked for before in the same words, where the case asks for it the first time."""
    if not first:
        return
    own: str | None = None
    wanted = {each.account: each for each in first}
    for row in session.execute(_served_before(dialect_of(session)), given):
        if row.account not in wanted:
            continue
        own = own or _words(session.execute(_REQUEST, given).scalar_one_or_none())
        if own and own == _words(row.request):
            raise SaidBefore(wanted[row.account], row.case_id)


def _words(request: Mapping[str, Any] | None) -> str:
    """Return what a request says, whatever its own id and moment; blanks and capitals say nothing."""
    said = {name: value for name, value in (request or {}).items() if name not in OWN_TO_EACH}
    return " ".join(json.dumps(said, sort_keys=True, ensure_ascii=False).casefold().split()) if said else ""


def _booked(booking: Booking | None) -> dict[str, int]:
    """Return how many pieces of each account are booked: several operations speak of the same ones."""
    if booking is None or not booking.accounts:
        return {}
    by_operation: Counter[tuple[str, str]] = Counter()
    for operation, shares in booking.shares.values():
        for share in shares:
            by_operation[share.account, operation] += share.quantity
    booked: dict[str, int] = {}
    for (account, _), count in by_operation.items():
        booked[account] = max(booked.get(account, 0), count)
    return booked


def _is_open(case_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Say of a case that it has not ended, or that an effect of it is in doubt; unknown ones are open."""
    doubts = select(EFFECTS.key).where(EFFECTS.case_id == case_id, EFFECTS.state.in_(IN_DOUBT))
    return or_(CASES.status.is_(None), CASES.status.not_in(ENDED), doubts.exists())


@cache
def _asked_by_others(dialect: str) -> Executable:
    """Return the query for the pieces that other open cases ask for."""
    return (
        select(PIECES.account, PIECES.case_id, PIECES.pieces)
        .join(table_of(CaseRow), CASES.id == PIECES.case_id, isouter=True)
        .where(
            PIECES.account.in_(select(each_listed(dialect, "claims"))),
            PIECES.case_id != bindparam("case_id"),
            _is_open(PIECES.case_id),
        )
        .order_by(PIECES.account, PIECES.case_id)
    )


_REQUEST = select(CASES.request).where(CASES.id == bindparam("case_id"))


@cache
def _served_before(dialect: str) -> Executable:
    """Return the query for what other cases asked that asked for pieces, and were not turned down."""
    return (
        select(PIECES.account, PIECES.case_id, CASES.request)
        .join(table_of(CaseRow), CASES.id == PIECES.case_id)
        .where(
            PIECES.account.in_(select(each_listed(dialect, "claims"))),
            PIECES.case_id != bindparam("case_id"),
            CASES.status.in_([*UNDER_WAY, CaseStatus.SETTLED.value]),
        )
        .order_by(PIECES.account, PIECES.case_id)
    )


@cache
def _held_by_others(dialect: str) -> Executable:
    """Return the query for another open case that wants one of the accounts for itself."""
    return (
        select(CLAIMS.case_id)
        .join(table_of(CaseRow), CASES.id == CLAIMS.case_id, isouter=True)
        .where(
            CLAIMS.claim.in_(select(each_listed(dialect, "claims"))),
            CLAIMS.case_id != bindparam("case_id"),
            _is_open(CLAIMS.case_id),
        )
        .order_by(CLAIMS.claim)
        .limit(1)
    )


@cache
def _own(dialect: str) -> Executable:
    """Return the query for what the case itself asked for before."""
    return select(PIECES.account, PIECES.pieces).where(
        PIECES.account.in_(select(each_listed(dialect, "claims"))), PIECES.case_id == bindparam("case_id")
    )


@cache
def _keep(dialect: str) -> Executable:
    insert = insert_for(dialect, PieceClaimRow)
    return insert.on_conflict_do_update(
        index_elements=["account", "case_id"],
        set_={"pieces": insert.excluded["pieces"], "claimed_at": insert.excluded["claimed_at"]},
    )
