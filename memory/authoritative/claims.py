"""Who works on what: a case's claims, taken all at once inside an authorization's transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Self

from sqlalchemy import Executable, String, and_, bindparam, literal_column, select, true
from sqlmodel import Session

from contracts.case import CaseStatus
from contracts.effect import EffectState
from memory.database import dialect_of, each_listed, insert_for, table_of
from memory.tables.cases import CaseRow
from memory.tables.claims import ClaimRow
from memory.tables.columns import UtcDateTime
from memory.tables.ledger import EffectRow

CASES = table_of(CaseRow).c
CLAIMS = table_of(ClaimRow).c
EFFECTS = table_of(EffectRow).c
ENDED = tuple(status.value for status in CaseStatus if status.ended)
IN_DOUBT = tuple(state.value for state in EffectState if not state.at_rest)


class ClaimHeld(Exception):
    """A claim is held by another open case; leaving the transaction with it gives all others back."""

    def __init__(self, case_id: str) -> None:
        super().__init__(case_id)
        self.case_id = case_id


@dataclass(frozen=True)
class Wanted:
    """Claims as the database is given them: made before the transaction, for which the whole office waits."""

    count: int
    listed: str

    @classmethod
    def of(cls, claims: Sequence[str]) -> Self:
        """Return claims, each once, in their order."""
        each = sorted(set(claims))
        return cls(len(each), json.dumps(each))


def take_claims(session: Session, case_id: str, wanted: Wanted, now: datetime) -> None:
    """Take all claims in a transaction that is already open; raises `ClaimHeld` if one is not free.

    A claim of a case that has ended is free, unless an effect of that case is in doubt: it may have been
    done. However many there are, it is one statement, and one more where a claim was not simply taken.
    Claims are taken in sorted order, so that two cases that want the same ones wait for each other in a row
    and never in a circle.
    """
    if not wanted.count:
        return
    values = {"claims": wanted.listed, "case_id": case_id, "claimed_at": now}
    taken: Any = session.execute(_take(dialect_of(session)), values)
    if taken.rowcount == wanted.count:
        return
    holder = session.execute(_holder(dialect_of(session)), values).first()
    if holder is not None:
        raise ClaimHeld(holder[0])


@cache
def _take(dialect: str) -> Executable:
    """Return the upsert of claims; it leaves those as they are that an open case, perhaps this one, holds."""
    insert = insert_for(dialect, ClaimRow)
    claim = each_listed(dialect, "claims")
    new = (
        select(
            claim,
            bindparam("case_id", type_=String()),
            bindparam("claimed_at", type_=UtcDateTime()),
        )
        .where(true())  # SQLite cannot tell an upsert behind a SELECT from a join without it
        .order_by(claim)
    )
    # The holder is named literally: SQLAlchemy does not correlate inside an upsert, and would ask
    # whether *any* claim's case has ended.
    holder = select(CASES.status).where(CASES.id == literal_column("claims.case_id"))
    doubts = select(EFFECTS.key).where(
        EFFECTS.case_id == literal_column("claims.case_id"), EFFECTS.state.in_(IN_DOUBT)
    )
    return insert.from_select(["claim", "case_id", "claimed_at"], new).on_conflict_do_update(
        index_elements=["claim"],
        set_={"case_id": insert.excluded["case_id"], "claimed_at": insert.excluded["claimed_at"]},
        where=and_(holder.scalar_subquery().in_(ENDED), ~doubts.exists()),
    )


@cache
def _holder(dialect: str) -> Executable:
    """Return the query for another case that holds one of the claims."""
    return (
        select(CLAIMS.case_id)
        .where(
            CLAIMS.claim.in_(select(each_listed(dialect, "claims"))), CLAIMS.case_id != bindparam("case_id")
        )
        .order_by(CLAIMS.claim)
        .limit(1)
    )
