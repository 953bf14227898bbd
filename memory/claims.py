"""Who works on what: one open case for each order line."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, delete, literal_column
from sqlmodel import Session, col, select

from contracts.case import CaseStatus
from memory.database import reading, writing
from memory.tables.cases import CaseRow
from memory.tables.claims import ClaimRow
from memory.upsert import insert_into

ENDED = tuple(status.value for status in CaseStatus if status.ended)


class ClaimHeld(Exception):
    """A claim is held by another open case; leaving the transaction with it gives all others back."""

    def __init__(self, case_id: str) -> None:
        super().__init__(case_id)
        self.case_id = case_id


class SqlClaims:
    """Who works on what, on the authoritative database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, case_id: str, claims: Sequence[str], now: datetime) -> str | None:
        """Take all claims or none; return the open case that holds one of them, if any."""
        try:
            with writing(self._engine) as session:
                take_claims(session, case_id, claims, now)
        except ClaimHeld as held:
            return held.case_id
        return None

    def release(self, case_id: str) -> None:
        """Give a case's claims back."""
        with writing(self._engine) as session:
            session.execute(delete(ClaimRow).where(col(ClaimRow.case_id) == case_id))

    def held_by(self, case_id: str) -> tuple[str, ...]:
        """Return what a case holds, sorted."""
        query = select(ClaimRow.claim).where(col(ClaimRow.case_id) == case_id).order_by(ClaimRow.claim)
        with reading(self._engine) as session:
            return tuple(session.exec(query))


def take_claims(session: Session, case_id: str, claims: Sequence[str], now: datetime) -> None:
    """Take all claims in a transaction that is already open; raises `ClaimHeld` if one is not free.

    A claim of a case that has ended is free. Claims are taken in sorted order, so that two cases
    that want the same ones wait for each other in a row and never in a circle.
    """
    for claim in sorted(set(claims)):
        _take(session, case_id, claim, now)


def _take(session: Session, case_id: str, claim: str, now: datetime) -> None:
    """Insert the claim, or take it over from an ended case; raises `ClaimHeld` otherwise."""
    insert = insert_into(session, ClaimRow).values(claim=claim, case_id=case_id, claimed_at=now)
    # The holder is named literally: SQLAlchemy does not correlate inside an upsert, and would ask
    # whether *any* claim's case has ended.
    holder = select(CaseRow.status).where(col(CaseRow.id) == literal_column("claims.case_id"))
    holder_ended = holder.scalar_subquery().in_(ENDED)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["claim"],
            set_={"case_id": insert.excluded["case_id"], "claimed_at": insert.excluded["claimed_at"]},
            where=holder_ended,
        )
    )
    taken_by = session.exec(select(ClaimRow.case_id).where(col(ClaimRow.claim) == claim)).one()
    if taken_by != case_id:
        raise ClaimHeld(taken_by)
