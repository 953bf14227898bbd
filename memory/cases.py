"""The office's list of cases, in SQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from contracts.case import CaseRecord, CaseStatus
from memory.database import reading, writing
from memory.tables.cases import CaseRow
from memory.upsert import insert_into


@dataclass(frozen=True)
class CaseFilter:
    """Which cases to list; an empty field filters nothing.

    Attributes:
        since: cases opened at this moment or later.
        limit: at most so many, the newest first.
    """

    desk: str = ""
    channel: str = ""
    status: CaseStatus | None = None
    since: datetime | None = None
    limit: int = 50


class SqlCases:
    """`activities.ports.Cases` on the authoritative database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, record: CaseRecord) -> None:
        """Insert or update a case's row; an older `updated_at` never overwrites a newer one."""
        with writing(self._engine) as session:
            save_case(session, record)

    def find(self, case_id: str) -> CaseRecord | None:
        """Return a case's row, or None if there is no such case."""
        with reading(self._engine) as session:
            row = session.get(CaseRow, case_id)
            return _record(row) if row else None

    def earlier(self, customer: str, desk: str, status: CaseStatus, since: datetime) -> int:
        """Count a customer's cases that came to `status` at `since` or later."""
        if not customer:
            return 0
        query = (
            select(func.count())
            .select_from(CaseRow)
            .where(
                col(CaseRow.customer) == customer,
                col(CaseRow.desk) == desk,
                col(CaseRow.status) == status.value,
                col(CaseRow.updated_at) >= since,
            )
        )
        with reading(self._engine) as session:
            return session.exec(query).one()

    def newest(self, wanted: CaseFilter) -> list[CaseRecord]:
        """Return the cases that pass the filter, the newest opened first."""
        query = select(CaseRow).order_by(col(CaseRow.opened_at).desc(), col(CaseRow.id)).limit(wanted.limit)
        for column, value in (
            (col(CaseRow.desk), wanted.desk),
            (col(CaseRow.channel), wanted.channel),
            (col(CaseRow.status), wanted.status.value if wanted.status else ""),
        ):
            if value:
                query = query.where(column == value)
        if wanted.since is not None:
            query = query.where(col(CaseRow.opened_at) >= wanted.since)
        with reading(self._engine) as session:
            return [_record(row) for row in session.exec(query)]

    def count(self, desk: str = "") -> dict[CaseStatus, int]:
        """Return how many cases there are of each status, of one desk or of all."""
        query = select(col(CaseRow.status), func.count()).group_by(col(CaseRow.status))
        if desk:
            query = query.where(col(CaseRow.desk) == desk)
        with reading(self._engine) as session:
            return {CaseStatus(status): count for status, count in session.exec(query)}


def save_case(session: Session, record: CaseRecord) -> None:
    """Write a case's row in a transaction that is already open."""
    values: dict[str, Any] = record.model_dump(mode="python") | {
        "status": record.status.value,
        "request": record.model_dump(mode="json")["request"],
    }
    insert = insert_into(session, CaseRow).values(**values)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["id"],
            set_={name: insert.excluded[name] for name in values if name != "id"},
            where=col(CaseRow.updated_at) <= insert.excluded["updated_at"],
        )
    )


def _record(row: CaseRow) -> CaseRecord:
    return CaseRecord.model_validate(row.model_dump())
