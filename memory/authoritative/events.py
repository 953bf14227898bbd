"""Events in SQL: kept once by source and id, taken up in their order, put aside with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, or_, update
from sqlalchemy import select as grouped
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import Session, col, select

from contracts.case import Episode
from contracts.event import (
    Event,
    EventBacklog,
    EventHandled,
    EventReception,
    EventRecord,
    EventStanding,
)
from contracts.reconciliation.divergence import Divergence, DivergenceKind, divergence_id
from memory.authoritative.reconciliation import divergences
from memory.database import dialect_of, insert_for, reading, take_turn, writing
from memory.episodic.journal import Books, Journal
from memory.tables.events import EventRow

CAME_IN = "events came in"
WAITING, QUARANTINED = EventStanding.WAITING.value, EventStanding.QUARANTINED.value
CONTESTED = "an event with this id came before, with other bytes"
# Made once: to make a statement costs several times what SQLite needs to run it (`insert_for`).
_SAME_ID = select(EventRow).where(
    col(EventRow.source) == bindparam("of_source"),
    col(EventRow.event_id) == bindparam("of_id"),
    col(EventRow.contested).in_(("", bindparam("of_digest"))),
)
_COPIES = (
    select(EventRow)
    .where(col(EventRow.source) == bindparam("of_source"), col(EventRow.digest) == bindparam("of_digest"))
    .limit(1)
)


@dataclass(frozen=True)
class EventFilter:
    """Which events to list; an empty field filters nothing. The newest first."""

    source: str = ""
    standing: EventStanding | None = None
    since: datetime | None = None
    limit: int = 50


class SqlEvents:
    """The events of all sources; each method is one transaction."""

    def __init__(self, journal: Journal) -> None:
        """Take what writes the books: an event that stands against another one is people's."""
        self._journal = journal
        self._engine = journal.engine

    def accept(
        self, events: Sequence[tuple[Event, int]], now: datetime
    ) -> list[tuple[EventReception, EventStanding]]:
        """Keep events, all in one commit; what is known is kept no second time.

        Args:
            events: each with how many of its source may wait.
            now: the moment.

        Returns:
            What is said to each, in order, and how it stands.
        """
        waiting: dict[str, int] = {}
        said = {}
        # In one order in every gateway: no two of them wait for each other's rows in a circle.
        in_order = sorted(range(len(events)), key=lambda at: (events[at][0].source, events[at][0].id))
        with self._journal.writing(CAME_IN, now) as session:
            for at in in_order:
                said[at] = accept_event(session, *events[at], waiting, now)
        return [said[at] for at in range(len(events))]

    def waiting(self, source: str, limit: int, now: datetime) -> list[EventRecord]:
        """Return the next events of a source that can be taken up, in the order in which they came.

        An event that rests keeps those behind it that are about the same, and no others.
        """
        waits = (col(EventRow.source) == source, col(EventRow.standing) == WAITING)
        rests = select(EventRow.key).where(*waits, col(EventRow.rests_until) > now, col(EventRow.key) != "")
        query = (
            select(EventRow)
            .where(*waits, or_(col(EventRow.rests_until).is_(None), col(EventRow.rests_until) <= now))
            .where(col(EventRow.key).not_in(rests))
            .order_by(col(EventRow.position))
            .limit(limit)
        )
        with reading(self._engine) as session:
            return [_record(row) for row in session.exec(query)]

    def next_rest(self, source: str) -> datetime | None:
        """Return when the first event that rests is tried again; None if none rests."""
        query = select(func.min(EventRow.rests_until)).where(
            col(EventRow.source) == source, col(EventRow.standing) == WAITING
        )
        with reading(self._engine) as session:
            return session.exec(query).one()

    def handled(self, event: EventRecord, handled: EventHandled, now: datetime) -> None:
        """Write what became of an event; its case's log tells of it in the same commit."""
        case_id = next(iter(handled.cases), "")
        with self._journal.writing("an event was taken up", now) as session:
            row = session.get(EventRow, event.position, with_for_update=True)
            if row is None or row.standing != WAITING:
                return
            row.standing, row.why, row.case_id = handled.standing.value, handled.why, case_id
            row.rests_until = None
            session.add(row)
            session.tell([_episode(event, handled, case, now) for case in handled.cases])

    def failed(self, event: EventRecord, why: str, rest: timedelta, now: datetime) -> None:
        """Write that an event could not be taken up, and let it rest."""
        with writing(self._engine) as session:
            session.execute(
                update(EventRow)
                .where(col(EventRow.position) == event.position, col(EventRow.standing) == WAITING)
                .values(attempts=event.attempts + 1, why=why, rests_until=now + rest)
            )

    def find(self, position: int) -> EventRecord | None:
        """Return an event, or None if there is none at that position."""
        with reading(self._engine) as session:
            row = session.get(EventRow, position)
            return _record(row) if row else None

    def newest(self, wanted: EventFilter) -> list[EventRecord]:
        """Return the events that pass the filter, the newest first."""
        query = select(EventRow).order_by(col(EventRow.position).desc()).limit(wanted.limit)
        if wanted.source:
            query = query.where(col(EventRow.source) == wanted.source)
        if wanted.standing is not None:
            query = query.where(col(EventRow.standing) == wanted.standing.value)
        if wanted.since is not None:
            query = query.where(col(EventRow.received_at) >= wanted.since)
        with reading(self._engine) as session:
            return [_record(row) for row in session.exec(query)]

    def replay(self, positions: Sequence[int]) -> list[int]:
        """Let events wait again; returns those that did not yet. What they start is found started."""
        with writing(self._engine) as session:
            again = session.execute(
                update(EventRow)
                .where(col(EventRow.position).in_(positions), col(EventRow.standing) != WAITING)
                .values(standing=WAITING, attempts=0, why="", rests_until=None)
                .returning(col(EventRow.position))
            )
            return sorted(again.scalars())

    def put_aside(self, position: int, why: str) -> bool:
        """Quarantine an event that waits; False if it does not."""
        with writing(self._engine) as session:
            aside = session.execute(
                update(EventRow)
                .where(col(EventRow.position) == position, col(EventRow.standing) == WAITING)
                .values(standing=QUARANTINED, why=why, rests_until=None)
                .returning(col(EventRow.position))
            )
            return aside.first() is not None

    def backlog(self) -> list[EventBacklog]:
        """Return, by source, how much waits and stands aside, and since when."""
        row = EventRow
        is_waiting = col(row.standing) == WAITING
        query = grouped(
            col(row.source),
            func.count().filter(is_waiting),
            func.count().filter(col(row.standing) == QUARANTINED),
            func.min(col(row.received_at)).filter(is_waiting),
            func.max(col(row.received_at)),
        ).group_by(col(row.source))
        with reading(self._engine) as session:
            return [
                EventBacklog(
                    source=source, waiting=waiting, quarantined=aside, oldest_at=oldest, newest_at=newest
                )
                for source, waiting, aside, oldest, newest in session.execute(query.order_by(col(row.source)))
            ]

    def heard(self) -> dict[str, datetime]:
        """Return, by source, when it last said something by itself."""
        query = (
            grouped(col(EventRow.source), func.max(col(EventRow.received_at)))
            .where(col(EventRow.fetched).is_(False))
            .group_by(col(EventRow.source))
        )
        with reading(self._engine) as session:
            return dict(session.execute(query).all())

    def sources_that_wait(self) -> list[str]:
        """Return the sources of which an event waits."""
        query = select(EventRow.source).where(col(EventRow.standing) == WAITING).distinct()
        with reading(self._engine) as session:
            return list(session.exec(query))


def accept_event(
    session: Books, event: Event, most: int, waiting: dict[str, int], now: datetime
) -> tuple[EventReception, EventStanding]:
    """Keep one event within a transaction.

    Args:
        session: the transaction.
        event: as it came in.
        most: how many of its source may wait.
        waiting: by source how many do, counted once; more that are kept are added.
        now: the moment.

    Returns:
        What is said to it, and how it stands.
    """
    same_id = _same_id(session, event)
    known = _known(session, event, same_id)
    if known is not None:
        return EventReception.KNOWN, EventStanding(known.standing)
    first = next((row for row in same_id if not row.contested), None)
    if first is not None and (event.fetched or first.fetched):
        first.fetched = first.fetched and event.fetched
        session.add(first)
        return EventReception.KNOWN, EventStanding(first.standing)
    if event.source not in waiting:
        waiting[event.source] = _count_waiting(session, event.source)
    if first is None and waiting[event.source] >= most:
        return EventReception.FULL, EventStanding.WAITING
    values = _values(event, now) | ({} if first is None else _aside(event))
    if session.execute(_insert_for(dialect_of(session)), values).first() is None:
        # Another gateway kept one with this id between our look and our writing.
        return accept_event(session, event, most, waiting, now)
    if first is None:
        waiting[event.source] += 1
        return EventReception.NEW, EventStanding.WAITING
    divergences.keep(session, _divergence(event, now), now)
    return EventReception.CONTESTED, EventStanding.QUARANTINED


def _same_id(session: Session, event: Event) -> Sequence[EventRow]:
    """Return what came with this id: the first, and the one that stands aside with these bytes."""
    given = {"of_source": event.source, "of_id": event.id, "of_digest": event.digest}
    return session.execute(_SAME_ID, given).scalars().all()


def _known(session: Session, event: Event, same_id: Sequence[EventRow]) -> EventRow | None:
    """Return the row of the same event, if it came before."""
    known = next((row for row in same_id if row.digest == event.digest), None)
    if known is not None or not event.replayable:
        return known
    take_turn(session, f"{event.source}#{event.digest}")
    copies = {"of_source": event.source, "of_digest": event.digest}
    return session.execute(_COPIES, copies).scalars().first()


@cache
def _insert_for(dialect: str) -> ReturningInsert[tuple[int | None]]:
    return insert_for(dialect, EventRow).on_conflict_do_nothing().returning(col(EventRow.position))


def _count_waiting(session: Session, source: str) -> int:
    waits = (col(EventRow.source) == source, col(EventRow.standing) == WAITING)
    return session.exec(select(func.count()).select_from(EventRow).where(*waits)).one()


def _values(event: Event, now: datetime) -> dict[str, Any]:
    given = event.model_dump(exclude={"id", "replayable"})
    return given | {
        "event_id": event.id,
        "contested": "",
        "received_at": now,
        "standing": WAITING,
        "case_id": "",
        "attempts": 0,
        "why": "",
    }


def _aside(event: Event) -> dict[str, Any]:
    return {"contested": event.digest, "standing": QUARANTINED, "why": CONTESTED}


def _divergence(event: Event, now: datetime) -> Divergence:
    """Return what people are asked about: which of two events with one id is right."""
    kind = DivergenceKind.CONTESTED_EVENT
    return Divergence(
        id=divergence_id(kind, event.source, f"{event.id}\n{event.digest}", ""),
        kind=kind,
        connector=event.source,
        operation="event",
        reference=event.id,
        found_at=now,
        why=CONTESTED,
    )


def _episode(event: EventRecord, handled: EventHandled, case_id: str, now: datetime) -> Episode:
    return Episode(
        id=f"event-{event.position}-{handled.standing.value}-{case_id}",
        case_id=case_id,
        kind="event",
        at=now,
        data={
            "source": event.source,
            "type": event.type,
            "number": event.position,
            "what": handled.standing.value,
        },
    )


def _record(row: EventRow) -> EventRecord:
    assert row.position is not None
    values = row.model_dump(exclude={"event_id", "contested"})
    return EventRecord.model_validate(values | {"id": row.event_id, "contested": bool(row.contested)})
