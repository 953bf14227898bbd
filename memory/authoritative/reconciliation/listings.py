"""Reading what outside systems list into the books, a page at a time, and comparing it with the ledger."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, update
from sqlalchemy import select as grouped
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from contracts.effect import EffectState
from contracts.listing import CLOCK_DIFFERENCE, OutsideEntry, OutsidePage
from contracts.reconciliation.divergence import Comparison, DivergenceKind, EntryStatus, OurSide, compare
from contracts.reconciliation.messages import PAGE, Walk
from memory.database import insert_into
from memory.tables.divergences import ListingCursorRow, OutsideEntryRow
from memory.tables.ledger import EffectRow

SIDE = tuple(
    col(getattr(EffectRow, name))
    for name in ("key", "case_id", "operation", "state", "outside_reference", "amount_cents", "currency")
)
"""The columns of an effect that a comparison needs; arguments and results stay where they are."""
UNRESOLVED = (EffectState.INTENDED.value, EffectState.SENT.value, EffectState.UNKNOWN.value)
DONE = (EffectState.APPLIED.value, EffectState.COMPENSATED.value)


@dataclass(frozen=True)
class Judged:
    """One listed entry with what the comparison showed."""

    entry: OutsideEntry
    comparison: Comparison


def cursor_row(session: Session, connector: str, now: datetime) -> ListingCursorRow:
    """Return how far a connector has been read; makes the row when the connector is new.

    What the system lists from before our first effect there is not ours to explain; the moment is
    worked out once, here.
    """
    row = session.get(ListingCursorRow, connector, with_for_update=True)
    if row is not None:
        return row
    first = session.exec(
        select(func.min(col(EffectRow.intended_at))).where(col(EffectRow.connector) == connector)
    ).one()
    insert = insert_into(session, ListingCursorRow).values(
        connector=connector, first_at=min(first, now) if first else now, ledger_key=""
    )
    session.execute(insert.on_conflict_do_nothing())
    return session.exec(
        select(ListingCursorRow).where(col(ListingCursorRow.connector) == connector).with_for_update()
    ).one()


def take_page(session: Session, row: ListingCursorRow, page: OutsidePage, now: datetime) -> list[Judged]:
    """Write a page's entries and return those that are new or changed, compared."""
    news = _news(session, row.connector, page.entries)
    judged = [Judged(entry, comparison) for entry, comparison in _compared(session, row.connector, news)]
    _keep(session, [(one, _standing(one, row.first_at)) for one in judged], now)
    return judged


def _standing(judged: Judged, first_at: datetime) -> EntryStatus:
    standing = judged.comparison.standing
    before = judged.entry.at < first_at - CLOCK_DIFFERENCE
    return EntryStatus.BEFORE if before and standing is EntryStatus.PENDING else standing


def pending(session: Session, connector: str, after: tuple[datetime, str] | None) -> list[OutsideEntryRow]:
    """Return a page of entries that nothing explains yet, the first seen first."""
    entry = OutsideEntryRow
    query = select(entry).where(
        col(entry.connector) == connector, col(entry.standing) == EntryStatus.PENDING.value
    )
    if after is not None:
        seen_at, reference = after
        query = query.where(
            (col(entry.seen_at) > seen_at)
            | ((col(entry.seen_at) == seen_at) & (col(entry.reference) > reference))
        )
    return list(session.exec(query.order_by(col(entry.seen_at), col(entry.reference)).limit(PAGE)))


def judge_again(
    session: Session, rows: Sequence[OutsideEntryRow], walk: Walk, now: datetime
) -> Iterator[Judged]:
    """Compare pending entries anew; what stays unexplained beyond the grace is a divergence."""
    entries = [entry_of(row) for row in rows]
    seen = {(row.operation, row.reference): row.seen_at for row in rows}
    for entry, first in _compared(session, walk.connector, entries):
        comparison = first
        if comparison.standing is EntryStatus.PENDING and not comparison.heal and comparison.side is None:
            patient = now - seen[entry.operation, entry.reference] < walk.patience.grace
            comparison = comparison if patient else _unexplained(session, entry)
        judged = Judged(entry, comparison)
        if comparison.standing is not EntryStatus.PENDING:
            _keep(session, [(judged, comparison.standing)], now)
        yield judged


def _unexplained(session: Session, entry: OutsideEntry) -> Comparison:
    """Say what an entry is that no effect of ours accounts for.

    An entry that carries no key may be an effect whose answer we lost: while one of that amount is
    unresolved, the entry waits for it. An effect that was sent more than once in that moment was
    probably done twice. What others do without money (a post on the blog) is no concern of the books.
    """
    if entry.key is None:
        if _unresolved_alike(session, entry):
            return Comparison(standing=EntryStatus.PENDING)
        twin = _sent_twice(session, entry)
        if twin is not None:
            return Comparison(standing=EntryStatus.DIVERGENT, kind=DivergenceKind.DUPLICATE, side=twin)
    if entry.amount_cents == 0:
        return Comparison(standing=EntryStatus.FOREIGN)
    return Comparison(standing=EntryStatus.DIVERGENT, kind=DivergenceKind.MISSING_HERE)


def _unresolved_alike(session: Session, entry: OutsideEntry) -> bool:
    query = select(EffectRow.key).where(
        col(EffectRow.state).in_(UNRESOLVED),
        unindexed(col(EffectRow.connector)) == entry.connector,
        col(EffectRow.operation) == entry.operation,
        col(EffectRow.amount_cents) == entry.amount_cents,
    )
    return session.exec(query.limit(1)).first() is not None


def _sent_twice(session: Session, entry: OutsideEntry) -> OurSide | None:
    query = (
        select(EffectRow)
        .where(
            col(EffectRow.connector) == entry.connector,
            col(EffectRow.updated_at) >= entry.at - CLOCK_DIFFERENCE,
            col(EffectRow.operation) == entry.operation,
            col(EffectRow.state).in_(DONE),
            col(EffectRow.amount_cents) == entry.amount_cents,
            col(EffectRow.attempts) > 1,
            col(EffectRow.sent_at) <= entry.at + CLOCK_DIFFERENCE,
        )
        .order_by(col(EffectRow.updated_at))
    )
    found = session.exec(query.limit(1)).first()
    return side_of(found) if found else None


def _news(session: Session, connector: str, entries: Sequence[OutsideEntry]) -> list[OutsideEntry]:
    """Return the entries that are not written yet, or stand there with another amount."""
    known = {
        (row.operation, row.reference): row.amount_cents
        for row in session.exec(
            select(OutsideEntryRow).where(
                col(OutsideEntryRow.connector) == connector,
                col(OutsideEntryRow.operation).in_({entry.operation for entry in entries}),
                col(OutsideEntryRow.reference).in_([entry.reference for entry in entries]),
            )
        )
    }
    once = {(entry.operation, entry.reference): entry for entry in entries}
    return [entry for place, entry in once.items() if known.get(place) != entry.amount_cents]


def _compared(
    session: Session, connector: str, entries: Sequence[OutsideEntry]
) -> Iterator[tuple[OutsideEntry, Comparison]]:
    sides = _sides(
        session,
        connector,
        {entry.reference for entry in entries},
        {entry.key for entry in entries if entry.key},
    )
    by_reference = {(side.operation, side.reference): side for side in sides if side.reference}
    by_key = {side.key: side for side in sides}
    for entry in entries:
        same = by_reference.get((entry.operation, entry.reference))
        yield entry, compare(entry.amount_cents, same, by_key.get(entry.key or ""))


def _sides(
    session: Session, connector: str, references: Collection[str], keys: Collection[str]
) -> list[OurSide]:
    """Return the effects with these references or keys; two queries, for an OR would use no index."""
    referred = grouped(*SIDE).where(
        col(EffectRow.connector) == connector, col(EffectRow.outside_reference).in_(references)
    )
    keyed = grouped(*SIDE).where(
        unindexed(col(EffectRow.connector)) == connector, col(EffectRow.key).in_(keys)
    )
    return [side_of(found) for query in (referred, keyed) for found in session.execute(query)]


def _keep(session: Session, judged: Sequence[tuple[Judged, EntryStatus]], now: datetime) -> None:
    """Write entries with how they stand, in one statement."""
    if not judged:
        return
    rows = [
        {
            **one.entry.model_dump(),
            "seen_at": now,
            "standing": standing.value,
            "effect_key": one.comparison.side.key if one.comparison.side else None,
        }
        for one, standing in judged
    ]
    insert = insert_into(session, OutsideEntryRow)
    changed = {name: insert.excluded[name] for name in ("amount_cents", "standing", "effect_key")}
    place = ["connector", "operation", "reference"]
    session.execute(insert.on_conflict_do_update(index_elements=place, set_=changed), rows)


def account_for(session: Session, connector: str, operation: str, reference: str, effect_key: str) -> None:
    """Write that an entry and an effect are the same thing."""
    session.execute(
        update(OutsideEntryRow)
        .where(
            col(OutsideEntryRow.connector) == connector,
            col(OutsideEntryRow.operation) == operation,
            col(OutsideEntryRow.reference) == reference,
        )
        .values(standing=EntryStatus.MATCHED.value, effect_key=effect_key)
    )


def unindexed(column: Mapped[str]) -> ColumnElement[str]:
    """Return a column as an expression that no index serves.

    SQLite keeps no statistics: given the choice it takes the index that begins with `connector`, and
    reads that connector's whole history where another index leads to a few rows.
    """
    return column.concat("")


def entry_of(row: OutsideEntryRow) -> OutsideEntry:
    """Return a row as its contract."""
    return OutsideEntry(
        connector=row.connector,
        operation=row.operation,
        reference=row.reference,
        key=row.key,
        amount_cents=row.amount_cents,
        at=row.at,
    )


def side_of(row: Any) -> OurSide:
    """Return an effect as the comparison sees it; from a whole row, or from the columns `SIDE`."""
    return OurSide(
        key=row.key,
        case_id=row.case_id,
        operation=row.operation,
        state=EffectState(row.state),
        reference=row.outside_reference,
        amount_cents=row.amount_cents,
        currency=row.currency,
    )
