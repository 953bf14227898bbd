"""Passkeys in SQL, and the challenges that they answer once."""

import json
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import delete, update
from sqlmodel import col, select

from contracts.session import Passkey
from memory.authoritative.staff_episodes import OF_STAFF, staff_episode
from memory.database import reading, writing
from memory.episodic.journal import Journal
from memory.tables.episodes import EpisodeRow
from memory.tables.sessions import ChallengeRow, PasskeyRow

ENROLLED = "passkey_enrolled"
ANSWERED_WITHIN = timedelta(minutes=5)
"""How long a browser may take to answer a challenge."""


class SqlPasskeys:
    """The passkeys of the staff; raises whatever the database's driver raises."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._engine = journal.engine

    def ask(self, challenge: str, person: str, now: datetime) -> None:
        """Keep a challenge until it is answered; what nobody answered in time goes.

        Args:
            challenge: what is to be signed, as base64url.
            person: who is to sign it; empty for whoever signs in.
            now: the moment.
        """
        with writing(self._engine) as session:
            late = col(ChallengeRow.made_at) <= now - ANSWERED_WITHIN
            # A decision's challenge is its hash: asked once more, it is the same.
            session.execute(delete(ChallengeRow).where(late | (col(ChallengeRow.challenge) == challenge)))
            session.add(ChallengeRow(challenge=challenge, person=person, made_at=now))

    def answered(self, challenge: str, person: str, now: datetime) -> bool:
        """Use a challenge up; false if it was never asked of this person, is too old, or was answered."""
        which = delete(ChallengeRow).where(
            col(ChallengeRow.challenge) == challenge,
            col(ChallengeRow.person) == person,
            col(ChallengeRow.made_at) > now - ANSWERED_WITHIN,
        )
        with writing(self._engine) as session:
            return session.execute(which.returning(col(ChallengeRow.challenge))).first() is not None

    def add(self, passkey: Passkey) -> None:
        """Keep a new passkey; it is on record whose."""
        with self._journal.writing("a passkey is enrolled", passkey.made_at) as books:
            books.add(PasskeyRow.model_validate(passkey.model_dump()))
            told: dict[str, JsonValue] = {"person": passkey.person, "public_key": passkey.public_key_hash}
            said = staff_episode(ENROLLED, passkey.id, passkey.made_at, told)
            books.tell([said])

    def enrolled(self, passkey_id: str) -> tuple[str, str] | None:
        """Return whose a passkey is and its public key's hash, as the log has it, removed as it may be.

        Of one that was enrolled before the log said the key, the row says it, if it is still there.
        """
        with reading(self._engine) as session:
            told = session.exec(
                select(EpisodeRow).where(col(EpisodeRow.id) == f"{OF_STAFF}#{ENROLLED}-{passkey_id}")
            ).first()
        if told is None:
            return None
        data = json.loads(told.data) if isinstance(told.data, str) else told.data
        row = None if "public_key" in data else self.find(passkey_id)
        return data["person"], data.get("public_key") or (row.public_key_hash if row else "")

    def find(self, passkey_id: str) -> Passkey | None:
        """Return a passkey by its credential's id."""
        with reading(self._engine) as session:
            row = session.get(PasskeyRow, passkey_id)
        return Passkey.model_validate(row.model_dump()) if row else None

    def of(self, person: str) -> list[Passkey]:
        """Return a person's passkeys, the oldest first."""
        query = select(PasskeyRow).where(col(PasskeyRow.person) == person)
        with reading(self._engine) as session:
            rows = session.exec(query.order_by(col(PasskeyRow.made_at), col(PasskeyRow.id)))
            return [Passkey.model_validate(row.model_dump()) for row in rows]

    def used(self, passkey_id: str, sign_count: int, now: datetime) -> None:
        """Take note that a passkey was used, and how often it says it was."""
        values = {"sign_count": sign_count, "used_at": now}
        with writing(self._engine) as session:
            session.execute(update(PasskeyRow).where(col(PasskeyRow.id) == passkey_id).values(**values))

    def remove(self, person: str, passkey_id: str, now: datetime) -> None:
        """Let a passkey of a person's own open nothing any more; it is on record."""
        which = delete(PasskeyRow).where(col(PasskeyRow.id) == passkey_id, col(PasskeyRow.person) == person)
        with self._journal.writing("a passkey is removed", now) as books:
            if books.execute(which.returning(col(PasskeyRow.id))).first() is None:
                return
            name = f"{passkey_id}-{now.isoformat()}"
            books.tell([staff_episode("passkey_removed", name, now, {"person": person})])
