"""Who works on what, as an authorization takes it and as SQL holds it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import col, select

from memory.authoritative.authorizations import SqlAuthorizations
from memory.database import reading
from memory.tables.claims import ClaimRow
from tests.memory.audit_helpers import journal


def claim(engine: Engine, case_id: str, claims: Sequence[str], now: datetime) -> str | None:
    """Take all claims or none; the open case that holds one of them, if any."""
    return SqlAuthorizations(journal(engine)).keep(case_id, claims, (), (), now)


def held_by(engine: Engine, case_id: str) -> tuple[str, ...]:
    """What a case holds, sorted."""
    query = select(ClaimRow.claim).where(col(ClaimRow.case_id) == case_id).order_by(ClaimRow.claim)
    with reading(engine) as session:
        return tuple(session.exec(query))
