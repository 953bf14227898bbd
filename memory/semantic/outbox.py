"""Which vectors do not yet agree with their rows: the outbox between SQL and the vector store."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, delete, func, insert, literal, select, text
from sqlmodel import Session, col

from memory.database import reading, table_of, writing
from memory.tables.semantic import MemoryCollection, MemoryMark, MemoryRow

NAMES = select(table_of(MemoryCollection).c.name).where(table_of(MemoryCollection).c.state != "dropped")
MARK = insert(table_of(MemoryMark))
PAGE = 500


def mark(session: Session, ids: Sequence[str]) -> None:
    """Mark memories in every collection, in the transaction that changes their rows.

    On PostgreSQL the list of collections is held still until the commit, so that a collection that
    is begun at the same moment cannot miss a row.
    """
    if not ids:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("lock table memory_collections in share mode"))
    marks = [{"collection": name, "memory_id": id_} for name in session.scalars(NAMES) for id_ in ids]
    if marks:
        session.execute(MARK, marks)


def mark_all(session: Session, collection: str) -> None:
    """Mark every live memory in one collection: what building it amounts to."""
    every = select(literal(collection), col(MemoryRow.id)).where(col(MemoryRow.retired_at).is_(None))
    session.execute(insert(MemoryMark).from_select(["collection", "memory_id"], every))


class Outbox:
    """Reads marks, and removes those that were dealt with."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def next(self, collection: str, limit: int, *, dead_only: bool = False) -> list[tuple[int, str]]:
        """Return the oldest marks of a collection as (number, memory id).

        Args:
            collection: whose.
            limit: how many at most.
            dead_only: only those whose memory is gone or retired: they need no embedder.
        """
        statement = select(col(MemoryMark.number), col(MemoryMark.memory_id)).where(
            col(MemoryMark.collection) == collection
        )
        if dead_only:
            alive = select(col(MemoryRow.id)).where(
                col(MemoryRow.id) == col(MemoryMark.memory_id), col(MemoryRow.retired_at).is_(None)
            )
            statement = statement.where(~alive.exists())
        with reading(self._engine) as session:
            rows = session.execute(statement.order_by(col(MemoryMark.number)).limit(limit))
            return [(int(number), id_) for number, id_ in rows]

    def settle(self, collection: str, numbers: Sequence[int], seen: Mapping[str, bool]) -> None:
        """Remove marks that were dealt with.

        A memory that changed since it was looked at (`seen`: was it live?) is marked anew: another
        process may have dealt with that change before our older vector arrived.
        """
        ids = list(seen)
        with writing(self._engine) as session:
            for start in range(0, len(numbers), PAGE):
                some = numbers[start : start + PAGE]
                session.execute(delete(MemoryMark).where(col(MemoryMark.number).in_(some)))
            live: set[str] = set()
            for start in range(0, len(ids), PAGE):
                statement = select(col(MemoryRow.id)).where(
                    col(MemoryRow.id).in_(ids[start : start + PAGE]), col(MemoryRow.retired_at).is_(None)
                )
                live |= set(session.scalars(statement))
            changed = [id_ for id_, was_live in seen.items() if was_live != (id_ in live)]
            if changed:
                session.execute(MARK, [{"collection": collection, "memory_id": id_} for id_ in changed])

    def put(self, collection: str, ids: Sequence[str]) -> None:
        """Mark memories whose vectors were found not to agree."""
        if ids:
            with writing(self._engine) as session:
                session.execute(MARK, [{"collection": collection, "memory_id": id_} for id_ in ids])

    def count(self, collection: str) -> int:
        """Return how many marks a collection has."""
        with reading(self._engine) as session:
            statement = (
                select(func.count()).select_from(MemoryMark).where(col(MemoryMark.collection) == collection)
            )
            return int(session.execute(statement).scalar_one())

    def marked(self, collection: str) -> set[str]:
        """Return the ids that are marked."""
        with reading(self._engine) as session:
            statement = select(col(MemoryMark.memory_id)).where(col(MemoryMark.collection) == collection)
            return set(session.scalars(statement))
