"""The office's list of cases, in SQL."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Engine, Executable, String, and_, case, cast, func, or_
from sqlmodel import col, select

from contracts.case import UNDER_WAY, CaseRecord, CaseStatus
from memory.database import dialect_of, insert_for, reading, table_of
from memory.tables.cases import CaseRow

if TYPE_CHECKING:
    from memory.episodic.journal import Books

CASES = table_of(CaseRow).c


@dataclass(frozen=True)
class CaseFilter:
    """Which cases to list; an empty field filters nothing.

    Attributes:
        customer: the channel's own id of the customer.
        mentions: words that each stand in the case's id, its summary or its request.
        since: cases opened at this moment or later.
        after: only cases behind this one, for the next page: when it was opened, and its id.
        limit: at most so many, the newest first.
    """

    desk: str = ""
    channel: str = ""
    status: CaseStatus | None = None
    customer: str = ""
    mentions: tuple[str, ...] = ()
    since: datetime | None = None
    after: tuple[datetime, str] | None = None
    limit: int = 50


ALL = CaseFilter()


class SqlCases:
    """The office's list of cases, on the authoritative database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, case_id: str) -> CaseRecord | None:
        """Return a case's row, or None if there is no such case."""
        with reading(self._engine) as session:
            row = session.get(CaseRow, case_id)
            return _record(row) if row else None

    def newest(self, wanted: CaseFilter) -> list[CaseRecord]:
        """Return the cases that pass the filter, the newest opened first."""
        query = select(CaseRow).where(*_passes(wanted))
        query = query.order_by(col(CaseRow.opened_at).desc(), col(CaseRow.id)).limit(wanted.limit)
        if wanted.after is not None:
            opened, case_id = wanted.after
            later = and_(CASES.opened_at == opened, CASES.id > case_id)
            query = query.where(or_(CASES.opened_at < opened, later))
        with reading(self._engine) as session:
            return [_record(row) for row in session.exec(query)]

    def locate(self, name: str, limit: int = 5) -> list[str]:
        """Return the ids of the cases that a name means: an id, or the beginning of an id's last part."""
        case_id = col(CaseRow.id)
        with reading(self._engine) as session:
            if session.get(CaseRow, name):
                return [name]
            ends = session.exec(
                select(case_id).where(case_id.endswith(f"/{name}", autoescape=True)).limit(limit)
            )
            if found := list(ends):
                return found
            begins = select(case_id).where(case_id.contains(f"/{name}", autoescape=True)).order_by(case_id)
            return list(session.exec(begins.limit(limit)))

    def of_request(
        self,
        desk: str,
        channel: str,
        where: Mapping[str, str],
        *,
        ended_since: datetime | None = None,
        limit: int,
    ) -> list[CaseRecord]:
        """Return cases by what their request says, the newest first.

        Args:
            desk: whose.
            channel: where their requests came from.
            where: the value of each of these fields of the request, as text.
            ended_since: those that have ended, at this moment or later; None means those under way.
            limit: at most so many.
        """
        under_way = col(CaseRow.status).in_(UNDER_WAY)
        wanted = under_way if ended_since is None else and_(~under_way, CASES.updated_at >= ended_since)
        query = select(CaseRow).where(CASES.desk == desk, CASES.channel == channel, wanted)
        for name, value in where.items():
            query = query.where(CASES.request[name].as_string() == value)
        with reading(self._engine) as session:
            return [_record(row) for row in session.exec(query.order_by(CASES.opened_at.desc()).limit(limit))]

    def count(self, wanted: CaseFilter = ALL) -> dict[CaseStatus, int]:
        """Return how many cases pass the filter, of each status; on whatever page they stand."""
        query = select(col(CaseRow.status), func.count()).group_by(col(CaseRow.status))
        query = query.where(*_passes(wanted))
        with reading(self._engine) as session:
            return {CaseStatus(status): count for status, count in session.exec(query)}


def _passes(wanted: CaseFilter) -> Iterator[ColumnElement[bool]]:
    for column, value in (
        (col(CaseRow.desk), wanted.desk),
        (col(CaseRow.channel), wanted.channel),
        (col(CaseRow.status), wanted.status.value if wanted.status else ""),
        (col(CaseRow.customer), wanted.customer),
    ):
        if value:
            yield column == value
    yield from (_mentions(word) for word in wanted.mentions)
    if wanted.since is not None:
        yield col(CaseRow.opened_at) >= wanted.since


def _mentions(word: str) -> ColumnElement[bool]:
    # JSON columns hold letters beyond ASCII as escapes.
    asked = cast(col(CaseRow.request), String)
    escaped = json.dumps(word)[1:-1]
    places = ((col(CaseRow.id), word), (col(CaseRow.summary), word), (asked, word), (asked, escaped))
    return or_(*(func.lower(place).contains(said.lower(), autoescape=True) for place, said in places))


def save_case(session: "Books", record: CaseRecord, opened_under: str | None = None) -> None:
    """Insert or update a case's row; an earlier event never overwrites a later one.

    Args:
        session: the transaction.
        record: the row.
        opened_under: the office version of the worker that opens the case; None with any other note.
    """
    status = record.status
    added = {"opened_under": opened_under, "ended_at": record.updated_at if status.ended else None}
    values = dict(record) | {"status": status.value} | added
    kept = session.execute(_save_case(dialect_of(session)), values).first()
    if kept is not None:
        session.wrote(CaseRow, record.id, values | dict(kept._mapping))


@cache
def _save_case(dialect: str) -> Executable:
    insert = insert_for(dialect, CaseRow)
    event, status = insert.excluded["event"], insert.excluded["status"]
    later = and_(event > 0, event >= CASES.event)
    # Who counts no events (a worker of an earlier version) goes by the clock, but an end is always later.
    ends = and_(CASES.status.in_(UNDER_WAY), status.not_in(UNDER_WAY))
    uncounted = and_(event == 0, or_(CASES.updated_at <= insert.excluded["updated_at"], ends))
    # The first of each stands: an undo moves no end. A case that is begun anew has an end of its own.
    anew = insert.excluded["opened_at"] > CASES.opened_at
    opened, ended = insert.excluded["opened_under"], insert.excluded["ended_at"]
    added = {
        "opened_under": case(
            (anew, func.coalesce(opened, CASES.opened_under)), else_=_first("opened_under", opened)
        ),
        "ended_at": case((anew, ended), else_=_first("ended_at", ended)),
    }
    return insert.on_conflict_do_update(
        index_elements=["id"],
        set_={name: insert.excluded[name] for name in CaseRecord.model_fields if name != "id"} | added,
        where=or_(later, uncounted),
    ).returning(CASES.opened_under, CASES.ended_at)


def _first(name: str, given: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(CASES[name], given)


def _record(row: CaseRow) -> CaseRecord:
    return CaseRecord.model_validate(row.model_dump(include=set(CaseRecord.model_fields)))
