"""The rows of semantic memory: written once, corrected by succession, forgotten for good."""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Engine, delete, func, select, text, update
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import Session, col

from contracts.memory import Memory
from memory.database import dialect_of, insert_for, reading, table_of, writing
from memory.semantic.outbox import mark
from memory.tables.semantic import MemoryRow

MEMORIES = table_of(MemoryRow).c
PAGE = 500
CHAIN_LIMIT = 1000


class UnknownMemory(KeyError):
    """A memory that is to be corrected does not exist."""


@dataclass(frozen=True)
class Written:
    """What a write did: the ids asked for, in order, and which of them are new or live again."""

    ids: tuple[str, ...]
    fresh: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()


def memory_id(source: str, text: str) -> str:
    """Return the id of a memory: a UUID made of the SHA-256 of its source and text."""
    return str(uuid.UUID(bytes=hashlib.sha256(f"{source}\n{text}".encode()).digest()[:16]))


class Memories:
    """Semantic memory's rows. Every change marks the vectors that must follow, in one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, memories: Sequence[Memory], now: datetime) -> Written:
        """Write what is not there yet; what is there stays as it was.

        Raises:
            UnknownMemory: a memory says it supersedes one that does not exist.
        """
        with writing(self._engine) as session:
            written = _insert(session, memories, now)
            retired = [
                old
                for memory, new in zip(memories, written.ids, strict=True)
                if memory.supersedes and (old := _supersede(session, memory.supersedes, new, now))
            ]
            mark(session, [*written.fresh, *retired])
        return Written(written.ids, written.fresh, tuple(retired))

    def replace(self, source: str, memories: Sequence[Memory], now: datetime) -> Written:
        """Make `memories` the whole of what is known from `source` and from `source#…`.

        What is there already stays, what changed is superseded by its successor at the same source,
        and what is gone is retired; a passage that comes back is live again.
        """
        with writing(self._engine) as session:
            written = _insert(session, memories, now)
            kept = set(written.ids)
            successors = {m.source: new for m, new in zip(memories, written.ids, strict=True)}
            retired = []
            for row in _of_source(session, source):
                if row.id in kept and row.retired_at is not None:
                    row.retired_at = row.superseded_by = None
                    written = Written(written.ids, (*written.fresh, row.id))
                elif row.id not in kept and row.retired_at is None:
                    row.retired_at, row.superseded_by = now, successors.get(row.source)
                    retired.append(row.id)
            session.flush()
            mark(session, [*written.fresh, *retired])
        return Written(written.ids, written.fresh, tuple(retired))

    def forget(self, customer: str) -> tuple[list[str], list[str]]:
        """Delete every row of a customer, retired ones too; return their ids and their cases.

        SQLite is told to overwrite what it frees, so that the text is not left in the file.
        """
        with writing(self._engine) as session:
            if session.get_bind().dialect.name == "sqlite":
                session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
            gone = session.execute(
                delete(MemoryRow)
                .where(col(MemoryRow.customer) == customer)
                .returning(col(MemoryRow.id), col(MemoryRow.case_id))
            ).all()
            mark(session, [row.id for row in gone])
        self._truncate_log()
        return [row.id for row in gone], sorted({row.case_id for row in gone if row.case_id})

    def _truncate_log(self) -> None:
        """Empty SQLite's write-ahead log, which still holds the pages as they were."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql("BEGIN")

    def load(self, ids: Sequence[str]) -> dict[str, MemoryRow]:
        """Return the rows that exist, by id."""
        with reading(self._engine) as session:
            return _load(session, ids)

    def live(self, after: str = "", limit: int = PAGE) -> list[MemoryRow]:
        """Return a page of live rows in the order of their ids, beginning behind `after`."""
        with reading(self._engine) as session:
            statement = (
                select(MemoryRow)
                .where(col(MemoryRow.id) > after, col(MemoryRow.retired_at).is_(None))
                .order_by(col(MemoryRow.id))
                .limit(limit)
            )
            return list(session.scalars(statement))

    def live_ids(self) -> Iterator[str]:
        """Yield the id of every live row, a page at a time."""
        after = ""
        while True:
            with reading(self._engine) as session:
                statement = (
                    select(col(MemoryRow.id))
                    .where(col(MemoryRow.id) > after, col(MemoryRow.retired_at).is_(None))
                    .order_by(col(MemoryRow.id))
                    .limit(10 * PAGE)
                )
                page = list(session.scalars(statement))
            yield from page
            if len(page) < 10 * PAGE:
                return
            after = page[-1]

    def version(self, kinds: Sequence[str]) -> str:
        """Return what changes whenever a memory of these kinds is written, retired, revived or deleted."""
        live = func.sum(text("case when retired_at is null then 1 else 0 end"))
        newest, retired = func.max(col(MemoryRow.written_at)), func.max(col(MemoryRow.retired_at))
        statement = select(func.count(), live, newest, retired).where(col(MemoryRow.kind).in_(kinds))
        with reading(self._engine) as session:
            count, alive, written_at, retired_at = session.execute(statement).one()
        return f"{count}-{alive or 0}-{written_at}-{retired_at}"

    def by_kind(self) -> dict[str, tuple[int, int]]:
        """Return for each kind how many rows are live and how many are retired."""
        with reading(self._engine) as session:
            live = func.sum(text("case when retired_at is null then 1 else 0 end"))
            statement = select(col(MemoryRow.kind), live, func.count()).group_by(col(MemoryRow.kind))
            return {kind: (int(alive), int(all_ - alive)) for kind, alive, all_ in session.execute(statement)}

    def history(self, id_: str) -> list[MemoryRow]:
        """Return a memory with all its predecessors and successors, oldest first; empty if unknown."""
        with reading(self._engine) as session:
            row = session.get(MemoryRow, id_)
            if row is None:
                return []
            chain = [row]
            while len(chain) < CHAIN_LIMIT:
                before = session.scalars(
                    select(MemoryRow).where(col(MemoryRow.superseded_by) == chain[0].id)
                ).first()
                if before is None or before in chain:
                    break
                chain.insert(0, before)
            while (next_ := chain[-1].superseded_by) and len(chain) < CHAIN_LIMIT:
                after = session.get(MemoryRow, next_)
                if after is None or after in chain:
                    break
                chain.append(after)
            return chain


def _load(session: Session, ids: Sequence[str]) -> dict[str, MemoryRow]:
    rows: dict[str, MemoryRow] = {}
    for start in range(0, len(ids), PAGE):
        wanted = ids[start : start + PAGE]
        rows |= {
            row.id: row for row in session.scalars(select(MemoryRow).where(col(MemoryRow.id).in_(wanted)))
        }
    return rows


def _insert(session: Session, memories: Sequence[Memory], now: datetime) -> Written:
    rows: dict[str, dict[str, object]] = {}
    ids = []
    for memory in memories:
        id_ = memory_id(memory.source, memory.text)
        ids.append(id_)
        rows.setdefault(id_, _values(id_, memory, now))
    new = list(rows.values())
    insert = _insert_row(dialect_of(session))
    fresh: set[str] = set()
    for start in range(0, len(new), PAGE):
        fresh.update(session.scalars(insert, new[start : start + PAGE]))
    return Written(tuple(ids), tuple(id_ for id_ in rows if id_ in fresh))


@cache
def _insert_row(dialect: str) -> ReturningInsert[str]:
    """Return the insert of one memory; it returns the id, unless the memory is there already."""
    return insert_for(dialect, MemoryRow).on_conflict_do_nothing().returning(MEMORIES.id)


def _values(id_: str, memory: Memory, now: datetime) -> dict[str, object]:
    return {
        "id": id_,
        "text": memory.text,
        "kind": memory.kind,
        "source": memory.source,
        "case_id": memory.case_id or "",
        "customer": memory.customer or "",
        "at": memory.at or now,
        "valid_until": memory.valid_until,
        "supersedes": memory.supersedes,
        "written_at": now,
    }


def _supersede(session: Session, old: str, new: str, now: datetime) -> str | None:
    """Retire the live end of the chain that `old` stands in; return its id if that was done.

    Two corrections of one memory therefore leave one live: the later one.
    """
    row = session.get(MemoryRow, old)
    if row is None:
        raise UnknownMemory(old)
    for _ in range(CHAIN_LIMIT):
        if row.id == new:
            return None
        if row.retired_at is None or row.superseded_by is None:
            break
        following = session.get(MemoryRow, row.superseded_by)
        if following is None:
            break
        row = following
    if row.superseded_by is not None:
        return None
    session.execute(
        update(MemoryRow)
        .where(col(MemoryRow.id) == row.id)
        .values(superseded_by=new, retired_at=row.retired_at or now)
    )
    return row.id


def _of_source(session: Session, source: str) -> list[MemoryRow]:
    escaped = source.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    statement = select(MemoryRow).where(
        (col(MemoryRow.source) == source) | col(MemoryRow.source).like(f"{escaped}#%", escape="\\")
    )
    return list(session.scalars(statement))
