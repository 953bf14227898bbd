"""Sessions and invitations in SQL: of each secret only its hash, and on record who came in by what."""

import secrets
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import Engine, delete, or_, update
from sqlmodel import col, select

from contracts.base import text_hash
from contracts.session import Invitation, Means, Session, Subject
from memory.authoritative.staff_episodes import staff_episode
from memory.database import reading, writing
from memory.episodic.journal import Books, Journal
from memory.tables.proofs import EnrolmentRow
from memory.tables.sessions import InvitationRow, SessionRow

IDLE = timedelta(hours=12)
"""A session that is not used for so long has ended."""
LONGEST = timedelta(days=7)
"""A session never lasts longer."""
SEEN_EVERY = timedelta(minutes=1)
"""So often it is written down that one is used: a row is not rewritten with every picture of a page."""
SECRET_BYTES = 32


class SqlSessions:
    """Who is signed in; raises whatever the database's driver raises."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._engine: Engine = journal.engine

    def invite(self, person: str, made_by: str, now: datetime, good_for: timedelta) -> str:
        """Make an invitation and return its secret, which is kept nowhere; earlier ones stay good."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        row = InvitationRow(
            digest=text_hash(secret), person=person, made_by=made_by, made_at=now, expires_at=now + good_for
        )
        with self._journal.writing("a person is invited", now) as books:
            books.add(row)
            books.tell([staff_episode("invited", row.digest, now, {"person": person, "by": made_by})])
        return secret

    def invitation(self, secret: str, now: datetime) -> Invitation | None:
        """Return the invitation that a secret is of; None if there is none that is still good."""
        with reading(self._engine) as session:
            row = session.get(InvitationRow, text_hash(secret))
        if row is None or row.used_at is not None or row.expires_at <= now:
            return None
        return Invitation.model_validate(row.model_dump(include=set(Invitation.model_fields)))

    def accept(self, secret: str, device: str, now: datetime) -> str | None:
        """Use an invitation up and begin the session that it is for; None if it is not good any more."""
        used = (
            update(InvitationRow)
            .where(
                col(InvitationRow.digest) == text_hash(secret),
                col(InvitationRow.used_at).is_(None),
                col(InvitationRow.expires_at) > now,
            )
            .values(used_at=now)
            .returning(col(InvitationRow.person))
        )
        with self._journal.writing("an invitation is used", now) as books:
            person = books.execute(used).scalar_one_or_none()
            return None if person is None else _begin(books, person, "link", device, now)

    def begin(
        self, person: str, how: Means, device: str, now: datetime, proved_at: datetime | None = None
    ) -> str:
        """Begin a session and return its secret, which is kept nowhere.

        Args:
            person: whose it is.
            how: they showed who they are.
            device: what their browser calls itself.
            now: the moment.
            proved_at: when they showed it; None means now.
        """
        with self._journal.writing("a person signs in", now) as books:
            return _begin(books, person, how, device, now, proved_at=proved_at)

    def bind(self, person: str, subject: Subject, now: datetime) -> bool:
        """Bind an account at an OpenID provider to a person; false if they have another one there.

        It is on record, so that whoever reads the log sees when somebody began to come in by it.
        """
        mine = select(EnrolmentRow.credential).where(
            col(EnrolmentRow.person) == person, col(EnrolmentRow.how) == "oidc"
        )
        with self._journal.writing("an account is bound to a person", now) as books:
            bound = [str(credential) for credential in books.execute(mine).scalars()]
            if any(credential.startswith(f"{subject.issuer}#") for credential in bound):
                return subject.credential in bound
            books.add(
                EnrolmentRow(
                    person=person, how="oidc", credential=subject.credential, by=subject.issuer, at=now
                )
            )
            name = f"{text_hash(subject.credential)}-{now.isoformat()}"
            told: dict[str, JsonValue] = {"person": person, "credential": subject.credential}
            books.tell([staff_episode("account_bound", name, now, told)])
            return True

    def find(self, secret: str, now: datetime) -> Session | None:
        """Return the session that a secret is of, and that it is used; None if it has ended."""
        digest = text_hash(secret)
        with reading(self._engine) as session:
            row = session.get(SessionRow, digest)
        if row is None or row.seen_at + IDLE <= now or row.started_at + LONGEST <= now:
            return None
        if row.seen_at + SEEN_EVERY <= now:
            with writing(self._engine) as session:
                seen = update(SessionRow).where(col(SessionRow.digest) == digest).values(seen_at=now)
                session.execute(seen)
        return _session(row)

    def proved(self, session_id: str, how: Means, now: datetime) -> None:
        """Take note that the person of a session showed once more who they are."""
        with writing(self._engine) as session:
            session.execute(
                update(SessionRow).where(col(SessionRow.id) == session_id).values(proved_at=now, how=how)
            )

    def of(self, person: str, now: datetime) -> list[Session]:
        """Return a person's sessions that have not ended, the one used last first."""
        query = (
            select(SessionRow)
            .where(
                col(SessionRow.person) == person,
                col(SessionRow.seen_at) > now - IDLE,
                col(SessionRow.started_at) > now - LONGEST,
            )
            .order_by(col(SessionRow.seen_at).desc(), col(SessionRow.id))
        )
        with reading(self._engine) as session:
            return [_session(row) for row in session.exec(query)]

    def end(self, person: str, session_id: str) -> None:
        """End one session of a person; with an empty id all of them."""
        which = delete(SessionRow).where(col(SessionRow.person) == person)
        if session_id:
            which = which.where(col(SessionRow.id) == session_id)
        with writing(self._engine) as session:
            session.execute(which)


def _begin(
    books: Books, person: str, how: Means, device: str, now: datetime, *, proved_at: datetime | None = None
) -> str:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    ended = or_(col(SessionRow.seen_at) <= now - IDLE, col(SessionRow.started_at) <= now - LONGEST)
    books.execute(delete(SessionRow).where(ended))
    row = SessionRow(
        digest=text_hash(secret),
        id=secrets.token_hex(8),
        person=person,
        how=how,
        device=device,
        started_at=now,
        seen_at=now,
        proved_at=min(proved_at or now, now),
    )
    books.add(row)
    books.tell([staff_episode("signed_in", row.id, now, {"person": person, "how": how})])
    return secret


def _session(row: SessionRow) -> Session:
    return Session.model_validate(row.model_dump(exclude={"digest"}))
