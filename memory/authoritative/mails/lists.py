"""Mails in SQL, as lists and cases read them."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from contracts.event import EventStanding
from contracts.mailbox import SOURCE_PREFIX
from mail.arrival import Fate, KeptMail
from mail.place import Join
from memory.authoritative.mails.known import BEGAN
from memory.database import reading
from memory.tables.events import EventRow
from memory.tables.mails import MailboxUidRow, MailRow, MailWordRow

WAITING = EventStanding.WAITING.value


@dataclass(frozen=True)
class MailFilter:
    """Which mails to list; an empty field filters nothing. The newest first."""

    mailbox: str = ""
    fate: Fate | None = None
    conversation: str = ""
    since: datetime | None = None
    limit: int = 50


class MailLists:
    """The mails that are kept; every method is one read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self, wanted: MailFilter) -> list[KeptMail]:
        """Return the mails that pass the filter, the newest first."""
        query = select(MailRow).order_by(col(MailRow.number).desc()).limit(wanted.limit)
        if wanted.mailbox:
            query = query.where(col(MailRow.mailbox) == wanted.mailbox)
        if wanted.fate is not None:
            query = query.where(col(MailRow.fate) == wanted.fate.value)
        if wanted.conversation:
            query = query.where(col(MailRow.conversation) == wanted.conversation)
        if wanted.since is not None:
            query = query.where(col(MailRow.arrived_at) >= wanted.since)
        with reading(self._engine) as session:
            return _kept(session, session.exec(query).all())

    def find(self, number: int) -> KeptMail | None:
        """Return a mail by its number, or None."""
        return self._one(col(MailRow.number) == number)

    def of_digest(self, digest: str) -> KeptMail | None:
        """Return a mail by the digest of its bytes, or None."""
        return self._one(col(MailRow.digest) == digest)

    def raw(self, number: int) -> bytes | None:
        """Return a mail's bytes, as long as they are kept."""
        with reading(self._engine) as session:
            return session.exec(select(MailRow.raw).where(col(MailRow.number) == number)).first()

    def token(self, conversation: str) -> str:
        """Return what stands behind the plus of a conversation's reply address; empty without one."""
        query = select(MailWordRow.word).where(
            col(MailWordRow.digest) == conversation, col(MailWordRow.kind) == "token"
        )
        with reading(self._engine) as session:
            return session.exec(query).first() or ""

    def case_of(self, conversation: str) -> tuple[str, bool]:
        """Return a conversation's case, empty if it has none, and whether what begins it still waits."""
        query = (
            select(EventRow.case_id, EventRow.standing)
            .where(col(EventRow.key) == conversation, col(EventRow.type) == BEGAN)
            .order_by(col(EventRow.position).desc())
        )
        with reading(self._engine) as session:
            found = session.exec(query.limit(1)).first()
        return (found[0], found[1] == WAITING) if found else ("", False)

    def counts(self) -> dict[str, dict[Fate, int]]:
        """Return by mailbox how many mails had which fate."""
        query = select(MailRow.mailbox, MailRow.fate, func.count()).group_by(MailRow.mailbox, MailRow.fate)
        found: dict[str, dict[Fate, int]] = {}
        with reading(self._engine) as session:
            for mailbox, fate, count in session.exec(query):
                found.setdefault(mailbox, {})[Fate(fate)] = count
        return found

    def uids(self, mailbox: str, validity: int) -> set[int]:
        """Return the numbers of a mailbox whose mails are kept, under one UIDVALIDITY."""
        query = select(MailboxUidRow.uid).where(
            col(MailboxUidRow.mailbox) == mailbox, col(MailboxUidRow.validity) == validity
        )
        with reading(self._engine) as session:
            return set(session.exec(query))

    def account(
        self, mailbox: str, validity: int, numbers: Collection[int]
    ) -> tuple[dict[Fate, int], int, int]:
        """Return what became of the mails with these numbers, how many stand aside, and how many wait.

        Args:
            mailbox: its name.
            validity: the UIDVALIDITY that the numbers are under.
            numbers: those that lie there now.
        """
        query = (
            select(MailboxUidRow.uid, MailRow.fate, MailRow.digest, MailRow.conversation)
            .join(MailRow, col(MailRow.digest) == col(MailboxUidRow.digest))
            .where(col(MailboxUidRow.mailbox) == mailbox, col(MailboxUidRow.validity) == validity)
        )
        with reading(self._engine) as session:
            found = {
                digest: (Fate(fate), conversation)
                for uid, fate, digest, conversation in session.exec(query)
                if uid in numbers
            }
            fates = Counter(Fate(fate) for uid, fate, _, _ in session.exec(query) if uid in numbers)
            events = _events(session, {conversation for _, conversation in found.values() if conversation})
        standings = Counter(events[digest].standing for digest in found if digest in events)
        return dict(fates), standings[EventStanding.QUARANTINED.value], standings[WAITING]

    def _one(self, wanted: object) -> KeptMail | None:
        with reading(self._engine) as session:
            rows = session.exec(select(MailRow).where(wanted)).all()  # type: ignore[arg-type]  # a condition
            return next(iter(_kept(session, rows)), None)


def _kept(session: Session, rows: Sequence[MailRow]) -> list[KeptMail]:
    """Return rows as mails, each with what it states and what its event came to."""
    digests = [row.digest for row in rows]
    keys: dict[str, list[str]] = {}
    words = select(MailWordRow).where(col(MailWordRow.digest).in_(digests), col(MailWordRow.kind) == "key")
    for word in session.exec(words.order_by(col(MailWordRow.word))):
        keys.setdefault(word.digest, []).append(word.word)
    events = _events(session, [row.conversation for row in rows if row.conversation])
    return [_mail(row, tuple(keys.get(row.digest, ())), events) for row in rows]


def _events(session: Session, conversations: Iterable[str]) -> dict[str, EventRow]:
    """Return the newest event of each mail of these conversations, by the mail's digest."""
    query = select(EventRow).where(
        col(EventRow.key).in_(set(conversations)), col(EventRow.source).startswith(SOURCE_PREFIX)
    )
    events = session.exec(query.order_by(col(EventRow.position)))
    return {row.event_id.partition(".")[0]: row for row in events}


def _mail(row: MailRow, keys: tuple[str, ...], events: dict[str, EventRow]) -> KeptMail:
    assert row.number is not None
    own, began = events.get(row.digest), events.get(row.conversation)
    return KeptMail(
        number=row.number,
        digest=row.digest,
        mailbox=row.mailbox,
        fate=Fate(row.fate),
        why=row.why,
        arrived_at=row.arrived_at,
        sender=row.sender,
        subject=row.subject,
        sent_at=row.sent_at,
        size=row.size,
        same_as=row.same_as,
        thread=row.thread,
        conversation=row.conversation,
        join=Join(row.joined_by) if row.joined_by else None,
        linked=tuple(row.linked),
        keys=keys,
        contested=row.contested,
        machine=row.machine,
        proof=row.proof,
        case_id=began.case_id if began else "",
        standing=own.standing if own else "",
        standing_why=own.why if own else "",
        has_raw=row.raw is not None,
        moved=row.moved,
    )
