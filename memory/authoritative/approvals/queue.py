"""The queue of approvals, read: lists, what each person has seen, which lines are overdue."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, Select, func, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from contracts.approvals.queue import ApprovalEntry, ApprovalFilter
from contracts.approvals.request import AnswerStatus
from contracts.approvals.rules import AGREES
from memory.database import insert_into, reading, writing
from memory.tables.approvals import WAITING, AnswerRow, ApprovalListingRow, ApprovalRow

BODIES = ("request", "approval")
"""What a list does without: each is a few kilobytes of JSON."""
LINE: tuple[Any, ...] = tuple(
    getattr(ApprovalRow, name) for name in ApprovalRow.model_fields if name not in BODIES
)
"""Read as plain columns: thousands of lines take a third of the time that as many objects do."""
_IDS_AT_ONCE = 500


class SqlApprovalQueue:
    """Reads the queue; the only thing it writes is what was shown to whom."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def entries(self, wanted: ApprovalFilter) -> list[ApprovalEntry]:
        """Return the lines that fit, the oldest first, at most `wanted.limit`; `role` is for `pages`."""
        with reading(self._engine) as session:
            rows = session.execute(_query(wanted)).all()
            said = _answers(session, [row.id for row in rows])
        return [_entry(row, said.get(row.id, [])) for row in rows]

    def pages(self, wanted: ApprovalFilter) -> Iterator[list[ApprovalEntry]]:
        """Yield the lines that fit page by page, each a snapshot, without end but the queue's own.

        The first has at most `wanted.limit` lines, each further one twice as many, up to 500: who finds what
        they want at the front reads little, and who finds nothing asks seldom.
        """
        after, limit = wanted.after, wanted.limit
        while True:
            found = self.entries(wanted.model_copy(update={"after": after, "limit": limit}))
            if found:
                yield [entry for entry in found if not wanted.role or wanted.role in entry.roles]
            if len(found) < limit:
                return
            after = (found[-1].requested_at, found[-1].id)
            limit = max(limit, min(2 * limit, _IDS_AT_ONCE))

    def counts(self) -> dict[str, int]:
        """Return how many requests wait, and how many had each outcome."""
        query = select(col(ApprovalRow.status), func.count()).group_by(col(ApprovalRow.status))
        with reading(self._engine) as session:
            return dict(session.exec(query).all())

    def locate(self, name: str) -> list[str]:
        """Return the request ids that a name means: an id, its beginning, or a case with open requests."""
        row_id, case_id = col(ApprovalRow.id), col(ApprovalRow.case_id)
        waiting = col(ApprovalRow.status) == WAITING
        with reading(self._engine) as session:
            if session.get(ApprovalRow, name):
                return [name]
            of_case = session.exec(select(row_id).where(case_id == name, waiting)).all()
            begins = select(row_id).where(row_id.startswith(name, autoescape=True)).limit(5)
            return list(of_case) or list(session.exec(begins))

    def show_to(self, person: str, entries: Sequence[ApprovalEntry], now: datetime) -> None:
        """Remember that these lines, with these arguments, were shown to a person.

        Who looks again at what they saw costs the books a read and no write.
        """
        known = self._shown(person, [entry.id for entry in entries])
        entries = [entry for entry in entries if known.get(entry.id) != entry.arguments_hash]
        if not entries:
            return
        with writing(self._engine) as session:
            for start in range(0, len(entries), _IDS_AT_ONCE):
                insert = insert_into(session, ApprovalListingRow).values(
                    [
                        {
                            "person": person,
                            "request_id": entry.id,
                            "arguments_hash": entry.arguments_hash,
                            "listed_at": now,
                            "first_listed_at": now,
                        }
                        for entry in entries[start : start + _IDS_AT_ONCE]
                    ]
                )
                session.execute(
                    insert.on_conflict_do_update(
                        index_elements=["person", "request_id"],
                        set_={
                            "arguments_hash": insert.excluded.arguments_hash,
                            "listed_at": insert.excluded.listed_at,
                        },
                    )
                )

    def _shown(self, person: str, ids: Sequence[str]) -> dict[str, str]:
        """Return with which arguments these requests were shown to a person last."""
        listing, found = ApprovalListingRow, dict[str, str]()
        with reading(self._engine) as session:
            for start in range(0, len(ids), _IDS_AT_ONCE):
                query = select(listing.request_id, listing.arguments_hash).where(
                    col(listing.person) == person,
                    col(listing.request_id).in_(ids[start : start + _IDS_AT_ONCE]),
                )
                found.update(session.exec(query).all())
        return found

    def seen_by(self, person: str) -> dict[str, str]:
        """Return the waiting requests that were shown to a person, with the arguments' hash they saw."""
        query = (
            select(ApprovalListingRow.request_id, ApprovalListingRow.arguments_hash)
            .join(ApprovalRow, col(ApprovalRow.id) == col(ApprovalListingRow.request_id))
            .where(col(ApprovalListingRow.person) == person, col(ApprovalRow.status) == WAITING)
        )
        with reading(self._engine) as session:
            return dict(session.exec(query).all())


def _query(wanted: ApprovalFilter) -> Select[Any]:
    asked = col(ApprovalRow.requested_at)
    query = columns(*LINE).order_by(asked, col(ApprovalRow.id)).limit(wanted.limit)
    if wanted.status:
        query = query.where(col(ApprovalRow.status) == wanted.status)
    if wanted.desk:
        query = query.where(col(ApprovalRow.desk) == wanted.desk)
    if wanted.min_cents is not None:
        query = query.where(col(ApprovalRow.amount_cents) >= wanted.min_cents)
    if wanted.max_cents is not None:
        query = query.where(col(ApprovalRow.amount_cents) <= wanted.max_cents)
    if wanted.asked_before is not None:
        query = query.where(asked < wanted.asked_before)
    if wanted.due_before is not None:
        query = query.where(col(ApprovalRow.deadline) < wanted.due_before)
    if wanted.ids:
        query = query.where(col(ApprovalRow.id).in_(wanted.ids))
    if wanted.after is not None:
        moment, row_id = wanted.after
        query = query.where(or_(asked > moment, (asked == moment) & (col(ApprovalRow.id) > row_id)))
    return query


def _answers(session: Session, ids: Sequence[str]) -> dict[str, list[AnswerRow]]:
    counted = (AnswerStatus.VALID.value, AnswerStatus.DELEGATED.value)
    found: dict[str, list[AnswerRow]] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        query = select(AnswerRow).where(
            col(AnswerRow.request_id).in_(ids[start : start + _IDS_AT_ONCE]),
            col(AnswerRow.standing).in_(counted),
        )
        for row in session.exec(query):
            found.setdefault(row.request_id, []).append(row)
    return found


def _entry(row: Row[Any], said: Sequence[AnswerRow]) -> ApprovalEntry:
    roles = tuple(row.roles)
    asked = roles[min(row.level, len(roles) - 1)] if roles else ""
    handed = [
        str((answer.answer or {}).get("delegate_to"))
        for answer in said
        if answer.standing == AnswerStatus.DELEGATED
    ]
    return ApprovalEntry(
        id=row.id,
        case_id=row.case_id,
        desk=row.desk,
        what=row.what,
        status=row.status,
        amount_cents=row.amount_cents,
        currency=row.currency,
        asked_by=row.asked_by,
        policies=tuple(row.policies),
        roles=roles,
        waiting_for=asked if row.status == WAITING else "",
        needed=row.needed,
        agreed=sum(answer.standing == AnswerStatus.VALID and answer.choice in AGREES for answer in said),
        delegated_to=tuple(dict.fromkeys(handed)),
        requested_at=row.requested_at,
        deadline=row.deadline,
        arguments_hash=row.arguments_hash,
    )
