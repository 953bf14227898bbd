"""Effects that a look-up cannot tell apart: which are open, and which references are spoken for."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from contracts.dispatch import absence_proved_from, open_calls
from contracts.effect import EffectState
from contracts.manifest import Operation
from memory.ledger_view import calls_of
from memory.tables.ledger import EffectRow

TAKEN_AT_MOST = 500
"""References of alike effects that a look-up is told to pass over; a claim checks all of them."""


def lock_unresolved(session: Session, shared: str) -> Sequence[EffectRow]:
    """Lock and return all unresolved effects of one likeness, in one order for everybody."""
    query = (
        select(EffectRow)
        .where(
            col(EffectRow.likeness) == shared,
            col(EffectRow.state).in_([EffectState.SENT.value, EffectState.UNKNOWN.value]),
        )
        .order_by(col(EffectRow.key))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(query).all()


def busy_until(session: Session, others: Sequence[EffectRow], operation: Operation) -> datetime | None:
    """Return until when a call for one of these effects may still be on its way."""
    ends = [
        absence_proved_from(calls, operation.latency)
        for calls in (calls_of(session, other.key) for other in others)
        if open_calls(calls)
    ]
    return max(ends, default=None)


def taken(session: Session, row: EffectRow) -> tuple[str, ...]:
    """Return the newest references that belong to other effects like this one."""
    query = (
        select(EffectRow.outside_reference)
        .where(
            col(EffectRow.likeness) == row.likeness,
            col(EffectRow.key) != row.key,
            col(EffectRow.outside_reference).is_not(None),
        )
        .order_by(col(EffectRow.updated_at).desc())
        .limit(TAKEN_AT_MOST)
    )
    return tuple(reference for reference in session.exec(query) if reference is not None)


def is_taken(session: Session, row: EffectRow, reference: str) -> bool:
    """Say whether another effect like this one accounts for a reference."""
    query = select(EffectRow.key).where(
        col(EffectRow.connector) == row.connector,
        col(EffectRow.outside_reference) == reference,
        col(EffectRow.likeness) == row.likeness,
        col(EffectRow.key) != row.key,
    )
    return session.exec(query).first() is not None
