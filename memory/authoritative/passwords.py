"""Passwords in SQL: their hashes, and on record who set or removed one."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import col

from memory.authoritative.staff_episodes import staff_episode
from memory.database import reading, writing
from memory.episodic.journal import Journal
from memory.tables.passwords import PasswordRow


class SqlPasswords:
    """The passwords of the staff; raises whatever the database's driver raises."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._engine = journal.engine

    def digest(self, person: str) -> str:
        """Return the hash of a person's password; empty if they have none."""
        with reading(self._engine) as session:
            row = session.get(PasswordRow, person)
        return row.digest if row else ""

    def put(self, person: str, digest: str, now: datetime) -> None:
        """Keep the hash of a person's new password instead of the one before."""
        with self._journal.writing("a password is set", now) as books:
            books.execute(delete(PasswordRow).where(col(PasswordRow.person) == person))
            books.add(PasswordRow(person=person, digest=digest, set_at=now))
            books.tell(
                [staff_episode("password_set", f"{person}-{now.isoformat()}", now, {"person": person})]
            )

    def strengthen(self, person: str, before: str, digest: str) -> None:
        """Keep another hash of the same password, unless it was changed meanwhile."""
        same = (col(PasswordRow.person) == person) & (col(PasswordRow.digest) == before)
        with writing(self._engine) as session:
            session.execute(update(PasswordRow).where(same).values(digest=digest))

    def remove(self, person: str, now: datetime) -> None:
        """Let a person's password open nothing any more."""
        gone = delete(PasswordRow).where(col(PasswordRow.person) == person).returning(col(PasswordRow.person))
        with self._journal.writing("a password is removed", now) as books:
            if books.execute(gone).first() is not None:
                name = f"{person}-{now.isoformat()}"
                books.tell([staff_episode("password_removed", name, now, {"person": person})])
