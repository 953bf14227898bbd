"""Effects that a look-up cannot tell apart: which are open, and which references are spoken for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from contracts.connector import Operation
from contracts.effect import EffectState
from contracts.ledger import absence_proved_from, key_forgotten_from, open_calls, refusal
from memory.authoritative.ledger.view import calls_of
from memory.tables.ledger import EffectRow

TAKEN_AT_MOST = 500
"""References of alike effects that a look-up is told to pass over; a claim checks all of them."""

ASK_AGAIN = timedelta(seconds=5)
"""While a key that is kept for ever is the one to tell whose it is: as long as a retry or two takes."""


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


def claim_from(
    session: Session, row: EffectRow, alike: Sequence[EffectRow], operation: Operation, now: datetime
) -> datetime | None:
    """Return from when an effect may claim what a look-up found; None if it may at once.

    While another effect like it has an open call, what was found may be either's, and either may
    still be committed: one that claimed the other's too early would come in a second time. Once no
    call of any of them can be on its way, nothing more will appear, and which of them takes which
    is all one: those that find nothing left are surely absent. It is not all one while another is
    sent again under a key that is still remembered: the answer brings the reference that is its own.
    """
    open_others = [
        calls
        for calls in (calls_of(session, other.key) for other in alike if other.key != row.key)
        if open_calls(calls)
    ]
    if not open_others:
        return None
    own = calls_of(session, row.key)
    everybody = [*open_others, own] if open_calls(own) else open_others
    over = max(absence_proved_from(calls, operation.latency) for calls in everybody)
    idempotency = operation.idempotency
    if idempotency is None or idempotency.kind != "native_key":
        return over
    sent_again = [calls for calls in open_others if refusal(calls) is None]
    forgotten = [key_forgotten_from(calls, idempotency, operation.latency) for calls in sent_again]
    return max([over, *(moment or now + ASK_AGAIN for moment in forgotten)])


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
