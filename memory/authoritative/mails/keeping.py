"""Mails in SQL: each is kept once, placed, and handed on, all in one commit."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import update
from sqlmodel import col, select

from contracts.base import canonical_json
from contracts.event import Event, EventReception
from contracts.mailbox import SOURCE_PREFIX
from mail.arrival import Arrival, Fate, Transport, case_number, fate_of
from mail.known import tag_of
from mail.place import Place, people_of, place, sender_of
from mail.reply_address import token_of
from mail.topic import stem
from memory.authoritative.events import accept_event
from memory.authoritative.mails.known import BEGAN, known_to
from memory.database import insert_into, take_turn, writing
from memory.episodic.journal import Books, Journal
from memory.tables.mails import MailboxUidRow, MailRow, MailWordRow

JOINED = "mail.joined"
"""The type of the events of mails that join a conversation."""
HANDED_ON = {Fate.BEGINS: BEGAN, Fate.JOINS: JOINED}


class MailboxFull(Exception):
    """Too many mails of the mailbox wait: nothing was kept, and it may come again."""


class MailKeeper:
    """Keeps mails as they come; another delivery, and another look at a mailbox, finds what was done."""

    def __init__(self, journal: Journal, own: frozenset[str], key: Callable[[], bytes]) -> None:
        """Take what writes the books.

        Args:
            journal: the books.
            own: all addresses of ours.
            key: of our reply addresses, read when it is needed; empty makes none.
        """
        self._journal = journal
        self._own = own
        self._key = key

    def keep(
        self,
        arrival: Arrival,
        lies: Transport | None,
        *,
        kept_for: timedelta,
        most_waiting: int,
        now: datetime,
    ) -> int:
        """Keep a mail; returns its number.

        Args:
            arrival: the mail, read.
            lies: where it lies in its mailbox; None where it was handed in.
            kept_for: how long its bytes are kept.
            most_waiting: how many mails of its mailbox may wait.
            now: the moment.

        Raises:
            MailboxFull: so many wait already.
        """
        with self._journal.writing("a mail came in", now) as session:
            take_turn(session, "mails")
            number = session.exec(select(MailRow.number).where(col(MailRow.digest) == arrival.digest)).first()
            if number is None:
                number = self._new(session, arrival, now + kept_for, most_waiting, now)
            if lies is not None:
                values = {
                    **lies.model_dump(),
                    "mailbox": arrival.mailbox,
                    "digest": arrival.digest,
                    "found_at": now,
                }
                session.execute(insert_into(session, MailboxUidRow).values(values).on_conflict_do_nothing())
            return number

    def _new(self, session: Books, arrival: Arrival, until: datetime, most: int, now: datetime) -> int:
        placed = self._placed(session, arrival)
        fate, why = fate_of(arrival, placed)
        row = MailRow(
            digest=arrival.digest,
            mailbox=arrival.mailbox,
            fate=fate.value,
            why=why,
            arrived_at=now,
            size=len(arrival.raw),
            proof=arrival.proof,
            kept_until=until,
            raw=None if fate is Fate.COPY else arrival.raw,
        )
        _describe(row, arrival, placed)
        session.add(row)
        session.flush()
        assert row.number is not None
        if fate in HANDED_ON:
            assert placed is not None
            self._index(session, arrival, placed)
            event = event_of(arrival, placed, fate)
            if accept_event(session, event, most, {}, now)[0] is EventReception.FULL:
                raise MailboxFull(f"{most} mails of {arrival.mailbox} wait already")
        return row.number

    def _placed(self, session: Books, arrival: Arrival) -> Place | None:
        if arrival.mail is None or arrival.written.machine is not None:
            return None
        return place(arrival.mail, known_to(session, arrival.mail, arrival.keys), arrival.keys)

    def _index(self, session: Books, arrival: Arrival, placed: Place) -> None:
        """Write what the mail, and a conversation that may begin with it, is found by."""
        assert arrival.mail is not None
        words = {("person", each) for each in people_of(arrival.mail, self._own)}
        words |= {("writer", each) for each in {sender_of(arrival.mail)} - {""}}
        words |= {("key", each) for each in placed.keys}
        words.add(("tag", tag_of(arrival.digest)))
        if key := self._key():
            words.add(("token", token_of(arrival.digest, key)))
        session.add_all(
            MailWordRow(digest=arrival.digest, kind=kind, word=word) for kind, word in sorted(words)
        )

    def drop_old(self, now: datetime) -> int:
        """Drop the bytes of mails that were kept long enough; returns of how many."""
        old = (col(MailRow.kept_until) <= now, col(MailRow.raw).is_not(None))
        with writing(self._journal.engine) as session:
            dropped = session.execute(
                update(MailRow).where(*old).values(raw=None).returning(col(MailRow.number))
            )
            return len(dropped.all())


def _describe(row: MailRow, arrival: Arrival, placed: Place | None) -> None:
    """Write into a row what was read, and where it belongs."""
    mail = arrival.mail
    if mail is not None:
        row.content, row.message_id, row.sent_at = mail.content, mail.message_id, mail.date
        row.sender, row.subject, row.stem = mail.sender.address, mail.subject, stem(mail.subject)
        row.answers = list(dict.fromkeys((*mail.in_reply_to, *mail.references)))
    if arrival.written.machine is not None:
        row.machine = arrival.written.machine.value
    if placed is not None:
        row.same_as, row.contested = placed.same_as, placed.contested
        row.thread, row.conversation, row.linked = placed.thread, placed.conversation, list(placed.linked)
        row.joined_by = placed.join.value if placed.join else ""


def event_of(arrival: Arrival, placed: Place, fate: Fate) -> Event:
    """Return a mail as an event of its mailbox: what was read, for the request that it makes."""
    mail = arrival.mail
    assert mail is not None
    said = {
        "id": case_number(placed.conversation),
        "digest": mail.digest,
        "sender": mail.sender.address,
        "subject": mail.subject,
        "text": mail.text,
        "date": mail.date.isoformat() if mail.date else None,
        "message_id": mail.message_id,
        "keys": sorted(placed.keys),
        "key": min(placed.keys) if len(placed.keys) == 1 else None,
    }
    body = canonical_json(said).encode()
    return Event(
        source=f"{SOURCE_PREFIX}{arrival.mailbox}",
        id=mail.digest,
        type=HANDED_ON[fate],
        key=placed.conversation,
        occurred_at=mail.date,
        digest=sha256(body).hexdigest(),
        body=body,
    )
