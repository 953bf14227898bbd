"""A success that the ledger no longer expects: it is a divergence at once, not at the next listing."""

from datetime import datetime

from contracts.effect import EffectState, OutsideResult
from contracts.listing import OutsideEntry
from contracts.reconciliation.divergence import DivergenceKind
from memory.authoritative.reconciliation import divergences
from memory.authoritative.reconciliation.listings import side_of
from memory.episodic.journal import Books
from memory.tables.ledger import EffectRow

AFTER_ALL = "it was done after all"


def keep_surplus(session: Books, row: EffectRow, sent: OutsideResult, now: datetime) -> None:
    """Open a divergence if a success says more than the row, which is locked and has come to rest.

    A `failed` row stays failed, for its case went on without it; it takes the reference, so that the
    listing's entry is known as this one. A done row with another reference was done once more.

    Args:
        session: an open transaction.
        row: the effect's row.
        sent: what the answer or the look-up brought.
        now: the moment.
    """
    if row.state == EffectState.FAILED:
        kind = DivergenceKind.LATE
        if not (row.reason or "").endswith(AFTER_ALL):
            row.reason = f"{row.reason or 'closed as failed'}; {AFTER_ALL}"
        changed = {"reason"}
        if not row.outside_reference and sent.reference:
            row.outside_reference = sent.reference
            changed.add("outside_reference")
        session.add(row)
        session.wrote(EffectRow, row.case_id, row.model_dump(include=changed), row.key)
    elif sent.reference and row.outside_reference and sent.reference != row.outside_reference:
        kind = DivergenceKind.DUPLICATE
    else:
        return
    entry = OutsideEntry(
        connector=row.connector,
        operation=row.operation,
        reference=sent.reference or "",
        amount_cents=row.amount_cents,
        at=now,
    )
    divergences.keep(session, divergences.listed(kind, entry, side_of(row), row.currency, now), now)
