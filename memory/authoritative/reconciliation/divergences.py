"""Divergences in SQL: found once, healed or given to people, closed with a reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, func, update
from sqlalchemy import select as grouped
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from contracts.case import Episode
from contracts.effect import EffectState
from contracts.ids import workflow_id
from contracts.listing import OutsideEntry
from contracts.reconciliation.divergence import (
    DESK,
    NO_LONGER_DIFFERS,
    BacklogLine,
    BooksStatus,
    Divergence,
    DivergenceKind,
    OurSide,
    divergence_id,
)
from memory.database import insert_into
from memory.episodic.journal import Books
from memory.tables.divergences import DivergenceRow, ListingCursorRow, OutsideEntryRow
from memory.tables.ledger import EffectRow

OPEN, CASE, HEALED, CLOSED = "open", "case", "healed", "closed"
UNSETTLED = (OPEN, CASE)


def listed(
    kind: DivergenceKind, entry: OutsideEntry, side: OurSide | None, currency: str, now: datetime
) -> Divergence:
    """Return the divergence that a listed entry is.

    Args:
        kind: what is wrong.
        entry: what the outside system lists.
        side: the effect that it has to do with.
        currency: of the entry where no effect says it.
        now: the moment.
    """
    # A surplus or late entry stands against nothing: the effect's own entry is another one.
    accounted = kind is DivergenceKind.AMOUNT_DIFFERS and side is not None
    return Divergence(
        id=divergence_id(kind, entry.connector, entry.reference, side.key if side else ""),
        kind=kind,
        connector=entry.connector,
        operation=entry.operation,
        reference=entry.reference,
        effect_key=side.key if side else "",
        effect_case=side.case_id if side else "",
        ours_cents=side.amount_cents if accounted and side else 0,
        theirs_cents=entry.amount_cents,
        currency=side.currency if side else currency,
        found_at=now,
    )


def unlisted(kind: DivergenceKind, connector: str, side: OurSide, now: datetime) -> Divergence:
    """Return the divergence that an effect is which the outside system does not show."""
    return Divergence(
        id=divergence_id(kind, connector, "", side.key),
        kind=kind,
        connector=connector,
        operation=side.operation,
        reference=side.reference or "",
        effect_key=side.key,
        effect_case=side.case_id,
        ours_cents=side.amount_cents,
        currency=side.currency,
        found_at=now,
    )


def keep(session: Books, found: Divergence, now: datetime, *, healed: str = "", again: bool = False) -> bool:
    """Write a divergence unless it is known; returns whether it is new.

    Args:
        session: an open transaction.
        found: the divergence.
        now: the moment.
        healed: how it was healed at once; empty leaves it open.
        again: one that was healed is open again, and new.
    """
    values = found.model_dump() | {
        "kind": found.kind.value,
        "at_stake_cents": found.at_stake_cents,
        "standing": HEALED if healed else OPEN,
        "resolution": healed,
        "closed_at": now if healed else None,
    }
    insert = insert_into(session, DivergenceRow).values(values).on_conflict_do_nothing(index_elements=["id"])
    if session.execute(insert.returning(col(DivergenceRow.id))).first() is not None:
        session.tell([_episode(found, "healed" if healed else "found", now, why=healed)])
        session.wrote(DivergenceRow, _case_of(found), values)
        return True
    if healed:
        close(session, found.id, HEALED, healed, now)
    return again and _move(session, found.id, HEALED, {"standing": OPEN, "resolution": "", "closed_at": None})


def close(session: Books, found_id: str, standing: str, why: str, now: datetime) -> None:
    """Close a divergence that is open or with people."""
    row = session.get(DivergenceRow, found_id, with_for_update=True)
    if row is None or row.standing in (HEALED, CLOSED):
        return
    row.standing, row.resolution, row.closed_at = standing, why, now
    session.add(row)
    divergence = divergence_of(row)
    session.tell([_episode(divergence, standing, now, why=why)])
    session.wrote(
        DivergenceRow,
        _case_of(divergence),
        row.model_dump(include={"standing", "resolution", "closed_at"}),
        row.id,
    )


def reopen(session: Books, found_id: str, why: str) -> None:
    """Take a divergence back from people who did not answer: a later run asks again."""
    _move(session, found_id, CASE, {"standing": OPEN, "resolution": why})


def _move(session: Books, found_id: str, standing: str, values: dict[str, object]) -> bool:
    """Write these columns of a divergence that stands so; returns whether it did."""
    moved = session.execute(
        update(DivergenceRow)
        .where(col(DivergenceRow.id) == found_id, col(DivergenceRow.standing) == standing)
        .values(values)
    )
    row = session.get(DivergenceRow, found_id)
    if row is None or not cast("CursorResult[object]", moved).rowcount:
        return False
    session.wrote(DivergenceRow, _case_of(divergence_of(row)), values, found_id)
    return True


def explained(session: Books, effect_keys: Sequence[str], now: datetime) -> list[str]:
    """Close what said that these effects are not listed: they are. Returns the cases that waited."""
    query = select(DivergenceRow).where(
        col(DivergenceRow.effect_key).in_(effect_keys),
        col(DivergenceRow.kind).in_([DivergenceKind.MISSING_OUTSIDE.value]),
        col(DivergenceRow.standing).in_(UNSETTLED),
    )
    return _healed(session, query, "it is listed after all", now)


def gone(
    session: Books, connector: str, places: Sequence[str], still: Sequence[str], now: datetime
) -> list[str]:
    """Close what differed at these places of a connector and does not any more; as `explained`."""
    query = select(DivergenceRow).where(
        col(DivergenceRow.connector) == connector,
        col(DivergenceRow.reference).in_(places),
        col(DivergenceRow.id).not_in(still),
        col(DivergenceRow.standing).in_(UNSETTLED),
    )
    return _healed(session, query, NO_LONGER_DIFFERS, now)


def _healed(session: Books, unsettled: SelectOfScalar[DivergenceRow], why: str, now: datetime) -> list[str]:
    """Close these as healed; return the cases that waited."""
    cases: list[str] = []
    for row in session.exec(unsettled).all():
        if row.standing == CASE:
            cases.append(case_id(divergence_of(row)))
        close(session, row.id, HEALED, why, now)
    return cases


def openings(session: Session, limit: int) -> list[Divergence]:
    """Return open divergences, the oldest first."""
    query = (
        select(DivergenceRow)
        .where(col(DivergenceRow.standing) == OPEN)
        .order_by(col(DivergenceRow.found_at), col(DivergenceRow.id))
        .limit(limit)
    )
    return [divergence_of(row) for row in session.exec(query)]


def newest(session: Session, limit: int, *, only_open: bool) -> list[DivergenceRow]:
    """Return divergences for people to look at, the newest first."""
    query = select(DivergenceRow).order_by(col(DivergenceRow.found_at).desc(), col(DivergenceRow.id))
    if only_open:
        query = query.where(col(DivergenceRow.standing).in_(UNSETTLED))
    return list(session.exec(query.limit(limit)))


def mark_opened(session: Books, opened: Sequence[Divergence]) -> None:
    """Write that these have a case now."""
    for divergence in opened:
        _move(session, divergence.id, OPEN, {"standing": CASE, "rounds": divergence.rounds})


def status(session: Session) -> BooksStatus:
    """Return where the books stand."""
    row = DivergenceRow
    lines = session.execute(
        grouped(
            col(row.connector),
            col(row.kind),
            col(row.standing),
            col(row.currency),
            func.count(),
            func.sum(col(row.at_stake_cents)),
            func.min(col(row.found_at)),
        ).group_by(col(row.connector), col(row.kind), col(row.standing), col(row.currency))
    ).all()
    backlog: dict[tuple[str, str, str], BacklogLine] = {}
    ended = {HEALED: 0, CLOSED: 0}
    for connector, kind, standing, currency, count, stake, oldest in lines:
        if standing in ended:
            ended[standing] += count
            continue
        before = backlog.get((connector, kind, currency))
        backlog[connector, kind, currency] = BacklogLine(
            connector=connector,
            kind=DivergenceKind(kind),
            count=count + (before.count if before else 0),
            with_people=(count if standing == CASE else 0) + (before.with_people if before else 0),
            currency=currency,
            at_stake_cents=int(stake) + (before.at_stake_cents if before else 0),
            oldest_at=min(oldest, before.oldest_at) if before else oldest,
        )
    return BooksStatus(
        backlog=tuple(backlog[place] for place in sorted(backlog)),
        healed=ended[HEALED],
        closed=ended[CLOSED],
        unknown=_count_unknown(session),
        walked_at={
            cursor.connector: cursor.walked_at
            for cursor in session.exec(select(ListingCursorRow))
            if cursor.walked_at
        },
        entries=session.exec(select(func.count()).select_from(OutsideEntryRow)).one(),
    )


def _count_unknown(session: Session) -> int:
    query = select(func.count()).select_from(EffectRow)
    return session.exec(query.where(col(EffectRow.state) == EffectState.UNKNOWN.value)).one()


def divergence_of(row: DivergenceRow) -> Divergence:
    """Return a row as its contract."""
    return Divergence.model_validate(row.model_dump(include=set(Divergence.model_fields)))


def case_id(divergence: Divergence) -> str:
    """Return the id of the case that people work on a divergence in."""
    return workflow_id(DESK, divergence.connector, divergence.id)


def _case_of(divergence: Divergence) -> str:
    """Return the case that the log tells of a divergence under."""
    return divergence.effect_case or case_id(divergence)


def _episode(divergence: Divergence, what: str, now: datetime, *, why: str = "") -> Episode:
    return Episode(
        id=f"{divergence.id}#{what}-{divergence.rounds}",
        case_id=_case_of(divergence),
        kind="divergence",
        at=now,
        data={
            "what": what,
            "kind": divergence.kind.value,
            "connector": divergence.connector,
            "effect": divergence.effect_key,
            "reference": divergence.reference,
            "ours_cents": divergence.ours_cents,
            "theirs_cents": divergence.theirs_cents,
            "why": why,
        },
    )
