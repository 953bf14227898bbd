"""Models' answers kept for exactly the same question, within limits of number, size and age."""

from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import Engine, delete, func
from sqlmodel import col, select

from contracts.base import canonical_json
from memory.database import insert_into, reading, writing
from memory.tables.answers import AnswerRow

MOST_ANSWERS = 10_000
LONGEST_BYTES = 32_768
OLDEST = timedelta(days=7)

Reply = TypeVar("Reply", bound=BaseModel)


class SqlAnswers(Generic[Reply]):
    """Satisfies `models.cache.Answers` on the authoritative database."""

    def __init__(
        self, engine: Engine, reply: type[Reply], *, most: int = MOST_ANSWERS, oldest: timedelta = OLDEST
    ) -> None:
        """Take the database and the limits.

        Args:
            engine: the authoritative database.
            reply: the type of what is kept.
            most: how many are kept; the oldest go first.
            oldest: after which an answer is not used again.
        """
        self._engine = engine
        self._reply = reply
        self._most = most
        self._oldest = oldest

    def find(self, key: str, now: datetime) -> Reply | None:
        """Return a reply that is not too old; one that an older version wrote otherwise is as none."""
        with reading(self._engine) as session:
            row = session.get(AnswerRow, key)
        if row is None or now - row.kept_at > self._oldest:
            return None
        try:
            return self._reply.model_validate(row.body)
        except ValidationError:
            return None

    def keep(self, key: str, reply: Reply, now: datetime) -> None:
        """Keep a reply, letting the oldest go when there are too many; a very long one is not kept."""
        body: dict[str, Any] = reply.model_dump(mode="json")
        size = len(canonical_json(body).encode())
        if size > LONGEST_BYTES:
            return
        values = {"key": key, "kept_at": now, "size_bytes": size, "body": body}
        with writing(self._engine) as session:
            insert = insert_into(session, AnswerRow).values(**values)
            session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=values))
            session.execute(delete(AnswerRow).where(col(AnswerRow.kept_at) < now - self._oldest))
            surplus = session.exec(select(func.count()).select_from(AnswerRow)).one() - self._most
            if surplus > 0:
                oldest = select(AnswerRow.key).order_by(col(AnswerRow.kept_at)).limit(surplus)
                session.execute(delete(AnswerRow).where(col(AnswerRow.key).in_(oldest)))
