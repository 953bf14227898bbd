"""Which subjects (orders) are to be compared with what their systems say, and what our books say of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy import select as grouped
from sqlmodel import Session, col, select

from contracts.case import UNDER_WAY
from contracts.effect import EffectState
from contracts.reconciliation.divergence import Divergence, DivergenceKind, EntryStatus, divergence_id
from contracts.reconciliation.messages import Position, SubjectsPage, Walk
from contracts.reconciliation.statement import (
    Difference,
    OwnBooks,
    OwnEffect,
    OwnShare,
    Statement,
    beyond,
    differences,
)
from memory.authoritative.reconciliation import divergences
from memory.authoritative.reconciliation.listings import cursor_row
from memory.authoritative.reconciliation.own_side import OVERLAP
from memory.database import insert_into, reading, writing
from memory.episodic.journal import Books, Journal
from memory.tables.cases import CaseRow
from memory.tables.divergences import DivergenceRow, ListingCursorRow, OutsideEntryRow
from memory.tables.ledger import EffectRow
from memory.tables.shares import ShareRow
from memory.tables.subjects import SubjectRow

PAGE = 25
"""Subjects that one activity reads at their system."""
SCANNED = 500
"""Effects that are looked through for them at once."""
COMPARED = "a subject's lines are compared with what its system says"


@dataclass(frozen=True)
class Compared:
    """What comparing a subject showed.

    Attributes:
        found: how many differences are new.
        vanished: cases of differences that are none any more.
    """

    found: int = 0
    vanished: tuple[str, ...] = ()


class SqlSubjects:
    """Subjects, on the authoritative database; each method is a transaction."""

    def __init__(self, journal: Journal) -> None:
        """Take what writes the books."""
        self._journal = journal
        self._engine = journal.engine

    def due(self, walk: Walk, by: str, now: datetime) -> SubjectsPage:
        """Return a page of subjects to compare: those that effects changed for, then those that are open.

        Args:
            walk: the run's.
            by: the argument by which effects name what they are for.
            now: the moment.
        """
        with writing(self._engine) as session:
            row = cursor_row(session, walk.connector, now)
            touched = _touched(session, row, by, walk.began_at - walk.patience.margin)
        if touched.ids or touched.more:
            return touched
        with reading(self._engine) as session:
            ids = dict.fromkeys(_open(session, walk), ())
        return touched.model_copy(update={"ids": ids, "more": bool(ids)})

    def looked(self, connector: str, page: SubjectsPage, now: datetime) -> None:
        """Write that a page was looked at, and count our ledger's subjects as compared up to there."""
        with writing(self._engine) as session:
            row = cursor_row(session, connector, now)
            row.subjects_at, row.subjects_key = page.position.at, page.position.key
            session.add(row)
            named = col(SubjectRow.connector) == connector, col(SubjectRow.subject).in_(page.ids)
            session.execute(update(SubjectRow).where(*named).values(looked_at=now))

    def compare(self, walk: Walk, statement: Statement, cases: Collection[str], now: datetime) -> Compared:
        """Compare what a system says of a subject with our books, and keep what differs.

        Besides the cases that booked something for it, those count whose effects named it: `cases`, and those
        that did before.

        One that an effect changed for so lately that the system was maybe asked before is left as it is: the
        next run finds the effect changed.
        """
        connector = walk.connector
        with self._journal.writing(COMPARED, now) as session:
            row = _subject_row(session, connector, statement)
            row.cases = sorted({*row.cases, *cases})
            ours, moving, working = _own_books(session, walk, statement, row.cases)
            session.add(row)
            if moving:
                return Compared()
            if row.before is None:
                row.before, row.learned = beyond(statement, ours), True
            ours = OwnBooks(ours.effects, ours.shares, row.before, row.learned)
            told = [one for one in differences(statement, ours) if not _told(session, connector, one)]
            case_id = ours.effects[-1].case_id if ours.effects else ""
            found = [one.divergence(connector, statement, case_id, now) for one in told]
            new = sum(divergences.keep(session, one, now, again=True) for one in found)
            places = (statement.subject.name, *statement.accounts)
            vanished = divergences.gone(session, connector, places, [one.id for one in found], now)
            row.is_open = bool(found) or working
        return Compared(found=new, vanished=tuple(vanished))

    def gone(self, connector: str, id_: str, cases: Collection[str], now: datetime) -> Compared:
        """Keep that a system has a subject no more for which our books hold something.

        Args:
            connector: the system.
            id_: the subject's own id there.
            cases: whose effects named it.
            now: the moment.
        """
        with self._journal.writing(COMPARED, now) as session:
            query = select(SubjectRow).where(
                col(SubjectRow.connector) == connector, col(SubjectRow.subject) == id_
            )
            row = session.exec(query.with_for_update()).first()
            if row is None:
                return Compared()
            row.cases = sorted({*row.cases, *cases})
            session.add(row)
            if not _held(session, row):
                row.is_open = False
                vanished = divergences.gone(session, connector, (row.name,), (), now)
                return Compared(vanished=tuple(vanished))
            found = Divergence(
                id=divergence_id(DivergenceKind.MISSING_OUTSIDE, connector, row.name, ""),
                kind=DivergenceKind.MISSING_OUTSIDE,
                connector=connector,
                operation="",
                reference=row.name,
                found_at=now,
                why="its system says that there is none any more, and our books hold effects for it",
            )
            row.is_open = True
            return Compared(found=divergences.keep(session, found, now, again=True))


def _touched(session: Session, row: ListingCursorRow, by: str, until: datetime) -> SubjectsPage:
    """Return the subjects of effects that changed since the last look, in order of change, up to a page."""
    updated_at, key = col(EffectRow.updated_at), col(EffectRow.key)
    named = col(EffectRow.arguments)[by].as_string()
    query = grouped(updated_at, key, named, col(EffectRow.case_id)).where(
        col(EffectRow.connector) == row.connector, updated_at <= until
    )
    if row.subjects_at is not None and row.subjects_key:
        query = query.where(updated_at >= row.subjects_at)
        query = query.where((updated_at > row.subjects_at) | (key > row.subjects_key))
    elif row.subjects_at is not None:
        query = query.where(updated_at > row.subjects_at - OVERLAP)
    ids: dict[str, tuple[str, ...]] = {}
    position = Position(at=max(until, row.subjects_at or until))
    seen = session.execute(query.order_by(updated_at, key).limit(SCANNED)).all()
    for place, (changed_at, its_key, subject, case_id) in enumerate(seen, start=1):
        if subject:
            ids[subject] = tuple(dict.fromkeys((*ids.get(subject, ()), case_id)))
        if len(ids) == PAGE or place == SCANNED:
            return SubjectsPage(ids=ids, position=Position(at=changed_at, key=its_key), more=True)
    return SubjectsPage(ids=ids, position=position, more=bool(ids))


def seen(session: Session, connector: str, ids: Mapping[str, str]) -> None:
    """Keep subjects that a listing shows, by name and their own id: the next look is at them, too."""
    for name, subject in ids.items():
        values = {"name": name, "connector": connector, "subject": subject, "is_open": True}
        values |= {"learned": False, "cases": []}
        insert = insert_into(session, SubjectRow).values(values)
        change = {"is_open": True, "looked_at": None}
        session.execute(insert.on_conflict_do_update(index_elements=["name"], set_=change))


def _open(session: Session, walk: Walk) -> Iterator[str]:
    """Yield open subjects that this run did not compare yet, those that waited longest first."""
    at = col(SubjectRow.looked_at)
    query = (
        select(SubjectRow.subject)
        .where(
            col(SubjectRow.connector) == walk.connector,
            col(SubjectRow.is_open).is_(True),
            at.is_(None) | (at < walk.began_at),
        )
        .order_by(at.is_not(None), at, col(SubjectRow.name))
    )
    yield from session.exec(query.limit(PAGE))


def _subject_row(session: Session, connector: str, statement: Statement) -> SubjectRow:
    told = statement.subject
    row = session.get(SubjectRow, told.name, with_for_update=True)
    if row is not None:
        return row
    return SubjectRow(name=told.name, connector=connector, subject=told.id)


def _held(session: Session, row: SubjectRow) -> bool:
    """Say whether our books hold anything for a subject; what a listing showed of it is not ours."""
    if row.cases:
        return True
    account = col(ShareRow.account)
    below = (account.startswith(f"{row.name}{sign}", autoescape=True) for sign in "/#")
    return session.exec(select(ShareRow.account).where(or_(*below)).limit(1)).first() is not None


def _own_books(
    session: Session, walk: Walk, statement: Statement, known: Sequence[str]
) -> tuple[OwnBooks, bool, bool]:
    """Return what our books say, whether an effect changed just now, and whether somebody works on it."""
    shares = session.exec(
        select(ShareRow).where(col(ShareRow.account).in_(statement.accounts)).order_by(col(ShareRow.account))
    ).all()
    cases = sorted({share.case_id for share in shares} | set(known))
    rows = session.exec(
        select(EffectRow)
        .where(col(EffectRow.case_id).in_(cases), col(EffectRow.connector) == walk.connector)
        .order_by(col(EffectRow.updated_at), col(EffectRow.key))
    ).all()
    own = [row for row in rows if row.arguments.get(statement.by) == statement.id]
    effects = {row.key: _effect(row) for row in own}
    booked = [
        OwnShare(share.account, effects[share.effect_key], share.quantity, share.amount_cents)
        for share in shares
        if share.effect_key in effects
    ]
    moving = any(row.updated_at > walk.began_at - walk.patience.margin for row in rows)
    query = select(CaseRow.id).where(col(CaseRow.id).in_(cases), col(CaseRow.status).in_(UNDER_WAY)).limit(1)
    working = session.exec(query).first() is not None
    return OwnBooks(tuple(effects.values()), booked, {}), moving, working


def _effect(row: EffectRow) -> OwnEffect:
    state = EffectState(row.state)
    return OwnEffect(row.key, row.case_id, row.operation, state, row.amount_cents, row.arguments)


def _told(session: Books, connector: str, difference: Difference) -> bool:
    """Say whether a listing says the same already: its entry, or our effect, has a case of its own."""
    if difference.kind is DivergenceKind.MISSING_OUTSIDE:
        query = select(DivergenceRow.id).where(
            col(DivergenceRow.effect_key).in_([effect.key for effect in difference.effects]),
            col(DivergenceRow.kind) == DivergenceKind.MISSING_OUTSIDE.value,
            col(DivergenceRow.standing) != divergences.HEALED,
        )
        return session.exec(query.limit(1)).first() is not None
    if difference.kind is not DivergenceKind.MISSING_HERE or difference.pieces:
        return False
    entries = select(OutsideEntryRow.reference).where(
        col(OutsideEntryRow.connector) == connector,
        col(OutsideEntryRow.standing).in_([EntryStatus.PENDING.value, EntryStatus.DIVERGENT.value]),
        col(OutsideEntryRow.operation) == difference.operation,
        col(OutsideEntryRow.amount_cents) == difference.by_hand,
    )
    return session.exec(entries.limit(1)).first() is not None
