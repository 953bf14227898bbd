"""Our own ledger against what was listed: which effects changed, and which of them nothing listed shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select as grouped
from sqlmodel import Session, col, select

from contracts.effect import EffectState
from contracts.reconciliation.divergence import OurSide
from contracts.reconciliation.messages import PAGE, Position, Suspect
from memory.authoritative.reconciliation.listings import DONE, SIDE, side_of
from memory.tables.divergences import ListingCursorRow, OutsideEntryRow
from memory.tables.ledger import EffectRow

OVERLAP = timedelta(minutes=2)
"""Rows may be committed a little after the moment they carry; so much of the ledger is read again."""


@dataclass(frozen=True)
class Changed:
    """A done effect with when it was first sent, and when it last changed."""

    side: OurSide
    sent_at: datetime
    changed_at: datetime

    @property
    def suspect(self) -> Suspect:
        """The effect as one that may be missing outside."""
        return Suspect(key=self.side.key, sent_at=self.sent_at, changed_at=self.changed_at)


def changed(session: Session, row: ListingCursorRow, operation: str, until: datetime) -> list[Changed]:
    """Return a page of done effects that changed since the last one, in order of change."""
    updated_at, key = col(EffectRow.updated_at), col(EffectRow.key)
    times = (updated_at, col(EffectRow.sent_at), col(EffectRow.intended_at))
    query = grouped(*times, *SIDE).where(
        col(EffectRow.connector) == row.connector,
        updated_at <= until,
        col(EffectRow.operation) == operation,
        col(EffectRow.state).in_(DONE),
    )
    if row.ledger_at is not None:
        if row.ledger_key:
            query = query.where(updated_at >= row.ledger_at)
            query = query.where((updated_at > row.ledger_at) | (key > row.ledger_key))
        else:
            query = query.where(updated_at > row.ledger_at - OVERLAP)
    return [
        Changed(side_of(found), found.sent_at or found.intended_at, found.updated_at)
        for found in session.execute(query.order_by(updated_at, key).limit(PAGE))
    ]


def sides(session: Session, keys: Sequence[str]) -> list[OurSide]:
    """Return effects by their keys, as they stand now."""
    return [side_of(found) for found in session.execute(grouped(*SIDE).where(col(EffectRow.key).in_(keys)))]


def unlisted(session: Session, connector: str, effects: Sequence[OurSide], *, keyed: bool) -> frozenset[str]:
    """Return the keys of the effects that are applied, and that no listed entry shows.

    Args:
        session: an open transaction.
        connector: whose listing.
        effects: of one page.
        keyed: entries carry our key: an effect without a reference can be found as well.
    """
    entry = OutsideEntryRow
    listed = set(
        session.exec(
            select(entry.operation, entry.reference).where(
                col(entry.connector) == connector,
                col(entry.operation).in_({effect.operation for effect in effects}),
                col(entry.reference).in_([effect.reference for effect in effects if effect.reference]),
            )
        ).all()
    )
    unreferenced = [effect.key for effect in effects if not effect.reference]
    keys = set(
        session.exec(
            select(entry.key).where(col(entry.connector) == connector, col(entry.key).in_(unreferenced))
        ).all()
    )

    def missing(effect: OurSide) -> bool:
        if effect.reference:
            return (effect.operation, effect.reference) not in listed
        return keyed and effect.key not in keys

    applied = (effect for effect in effects if effect.state is EffectState.APPLIED)
    return frozenset(effect.key for effect in applied if missing(effect))


def move(row: ListingCursorRow, position: Position) -> None:
    """Count our ledger as compared up to a position."""
    row.ledger_at, row.ledger_key = position.at, position.key
