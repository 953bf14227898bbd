"""Limits over several cases: a case's place in the row of its holder's, taken like money of a budget."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, and_, bindparam, func, or_, select
from sqlmodel import Session

from contracts.authorization import CountMoved, Reservation
from contracts.case import UNDER_WAY
from contracts.effect import EffectState
from memory.database import dialect_of, insert_for, table_of, take_turn
from memory.tables.cases import CaseRow
from memory.tables.ledger import EffectRow
from memory.tables.reservations import ReservationRow

CASES = table_of(CaseRow).c
EFFECTS = table_of(EffectRow).c
RESERVATIONS = table_of(ReservationRow).c
TAKEN_BACK = (EffectState.FAILED.value, EffectState.COMPENSATED.value)
RESERVATIONS_AND_CASES = table_of(ReservationRow).outerjoin(
    table_of(CaseRow), CASES.id == RESERVATIONS.case_id
)


LAST = 2**62
"""A place behind all others."""


def counted(session: Session, case_id: str, reservation: Reservation) -> int:
    """Return how many of the holder's cases count before this one.

    Those are the cases that came to the reservation's status in its time, and those that have a place and
    are under way, or moved money although they came to another end. A case that was allowed already keeps
    its place: what came behind it does not count.
    """
    kept = _kept(session, case_id, reservation.scope)
    return _count(session, case_id, reservation, LAST if kept is None else kept)


def reserve(
    session: Session, case_id: str, reservations: Sequence[Reservation], *, allowed: bool, now: datetime
) -> None:
    """Take a case's places in a transaction that is already open.

    Args:
        session: the transaction.
        case_id: the case.
        reservations: what was counted when it was judged.
        allowed: whether it may be done; if not, it stands behind all others when it asks again.
        now: the moment.

    Raises:
        CountMoved: another number is true by now; leaving the transaction with it takes nothing.
    """
    for one in sorted(reservations, key=lambda each: each.scope):
        take_turn(session, one.scope)
        kept = _kept(session, case_id, one.scope)
        if _count(session, case_id, one, LAST if kept is None else kept) != one.counted:
            raise CountMoved(one.fact)
        last = session.execute(_LAST, {"of_scope": one.scope}).scalar_one()
        place = last + 1 if kept is None else kept
        values = {"case_id": case_id, "scope": one.scope, "place": place, "allowed": allowed, "taken_at": now}
        session.execute(_take(dialect_of(session)), values)


def _kept(session: Session, case_id: str, scope: str) -> int | None:
    """Return the place that a case was allowed in, if this is still the run of it that was."""
    place = session.execute(_KEPT, {"of_case": case_id, "of_scope": scope}).scalar_one_or_none()
    return None if place is None else int(place)


def _count(session: Session, case_id: str, one: Reservation, before: int) -> int:
    given = {
        "of_case": case_id,
        "of_scope": one.scope,
        "holder": one.holder,
        "of_desk": one.desk,
        "as_status": one.status.value,
        "since": one.since,
        "before": before,
    }
    return int(session.execute(_COUNT, given).scalar_one())


_CAME_TO_IT = (
    select(func.count())
    .where(
        CASES.customer == bindparam("holder"),
        CASES.desk == bindparam("of_desk"),
        CASES.status == bindparam("as_status"),
        CASES.updated_at >= bindparam("since"),
        CASES.id != bindparam("of_case"),
    )
    .scalar_subquery()
)
_MOVED_MONEY = (
    select(EFFECTS.key)
    .where(
        EFFECTS.case_id == RESERVATIONS.case_id,
        EFFECTS.amount_cents != 0,
        EFFECTS.compensates.is_(None),
        EFFECTS.state.not_in(TAKEN_BACK),
    )
    .exists()
)
_STANDING = (
    select(func.count())
    .select_from(RESERVATIONS_AND_CASES)
    .where(
        RESERVATIONS.scope == bindparam("of_scope"),
        RESERVATIONS.case_id != bindparam("of_case"),
        RESERVATIONS.place < bindparam("before"),
        or_(
            CASES.id.is_(None),
            CASES.status.in_(UNDER_WAY),
            and_(
                CASES.status != bindparam("as_status"),
                RESERVATIONS.taken_at >= bindparam("since"),
                _MOVED_MONEY,
            ),
        ),
    )
    .scalar_subquery()
)
_COUNT = select(_CAME_TO_IT + _STANDING)
"""One statement, so that a case which comes to its end meanwhile is counted once."""
_LAST = select(func.coalesce(func.max(RESERVATIONS.place), 0)).where(
    RESERVATIONS.scope == bindparam("of_scope")
)
_KEPT = (
    select(RESERVATIONS.place)
    .select_from(RESERVATIONS_AND_CASES)
    .where(
        RESERVATIONS.case_id == bindparam("of_case"),
        RESERVATIONS.scope == bindparam("of_scope"),
        RESERVATIONS.allowed,
        or_(CASES.id.is_(None), CASES.opened_at <= RESERVATIONS.taken_at),
    )
)
"""A case that begins again after its workflow was gone stands behind all others, whatever it was allowed."""


@cache
def _take(dialect: str) -> Executable:
    insert = insert_for(dialect, ReservationRow)
    changed = {name: insert.excluded[name] for name in ("place", "allowed", "taken_at")}
    return insert.on_conflict_do_update(index_elements=["case_id", "scope"], set_=changed)
