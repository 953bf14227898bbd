"""A person's word about mails: one is taken out of its conversation again, or its sender is vouched for."""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlmodel import Session, col, select

from contracts.base import canonical_json
from contracts.case import Episode
from contracts.event import Event, EventStanding
from contracts.mailbox import SOURCE_PREFIX
from mail.arrival import Fate, case_number
from memory.authoritative.events import accept_event
from memory.authoritative.mails.keeping import JOINED
from memory.authoritative.mails.known import BEGAN
from memory.database import take_turn
from memory.episodic.journal import Books, Journal
from memory.tables.events import EventRow
from memory.tables.mails import MailRow

NO_LIMIT = 1_000_000
BY_A_PERSON = "person:"
"""Before the name of whoever vouched for a sender."""


class CannotMove(ValueError):
    """A mail that cannot be taken out; says why."""


class MailMoves:
    """What people say about mails; each method is one transaction."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def unjoin(self, number: int, why: str, by: str, now: datetime) -> list[int]:
        """Take a mail out of its conversation, with those of it that answer it; it begins one of its own.

        Args:
            number: the mail's.
            why: the person's reason.
            by: who says so.
            now: the moment.

        Returns:
            The numbers of the mails that were moved, itself first.

        Raises:
            CannotMove: it joined nothing, or its words are gone.
        """
        with self._journal.writing("a mail was taken out of its conversation", now) as session:
            take_turn(session, "mails")
            row = session.exec(select(MailRow).where(col(MailRow.number) == number)).first()
            if row is None or row.fate != Fate.JOINS.value:
                raise CannotMove(f"mail {number} joined no conversation")
            left = row.conversation
            moved = [row, *_answers(session, row)]
            for each in moved:
                _pass(session, each, left)
                each.conversation, each.moves = row.digest, each.moves + 1
            row.fate, row.joined_by, row.linked = Fate.BEGINS.value, "", [left, *row.linked]
            row.why, row.moved = f"taken out by {by}: {why}", f"by {by} on {now:%Y-%m-%d %H:%M}Z: {why}"
            session.add_all(moved)
            for each in moved:
                accept_event(session, _event(session, each, left), NO_LIMIT, {}, now)
            _tell(session, left, row, now)
            return [each.number for each in moved if each.number is not None]

    def vouch(self, number: int, by: str, now: datetime) -> list[int]:
        """Let a mail be taken although nothing proves its sender; the events to replay are returned.

        Raises:
            CannotMove: it has no conversation.
        """
        with self._journal.writing("a mail was vouched for", now) as session:
            row = session.exec(select(MailRow).where(col(MailRow.number) == number)).first()
            if row is None or not row.conversation:
                raise CannotMove(f"mail {number} is in no conversation")
            row.proof = row.proof or f"{BY_A_PERSON}{by}"
            session.add(row)
            aside = select(EventRow.position).where(
                col(EventRow.key) == row.conversation,
                col(EventRow.source).startswith(SOURCE_PREFIX),
                col(EventRow.standing) == EventStanding.QUARANTINED.value,
            )
            return [position for position in session.exec(aside) if position is not None]


def _answers(session: Session, row: MailRow) -> list[MailRow]:
    """Return the later mails of a conversation that answer a mail of it, or one that does."""
    query = select(MailRow).where(
        col(MailRow.conversation) == row.conversation, col(MailRow.number) > row.number
    )
    ids, found = {row.message_id} - {""}, []
    for each in session.exec(query.order_by(col(MailRow.number))):
        if ids & set(each.answers):
            ids |= {each.message_id} - {""}
            found.append(each)
    return found


def _events(session: Session, row: MailRow, conversation: str) -> Sequence[EventRow]:
    """Return a mail's events in a conversation, the oldest first."""
    query = select(EventRow).where(
        col(EventRow.key) == conversation, col(EventRow.source) == f"{SOURCE_PREFIX}{row.mailbox}"
    )
    every = session.exec(query.order_by(col(EventRow.position))).all()
    return [each for each in every if each.event_id.partition(".")[0] == row.digest]


def _pass(session: Session, row: MailRow, conversation: str) -> None:
    """Let nothing more be done about a mail in the conversation that it leaves."""
    for event in _events(session, row, conversation):
        if event.standing in (EventStanding.WAITING.value, EventStanding.QUARANTINED.value):
            event.standing, event.why = (
                EventStanding.PASSED.value,
                "its mail was taken out of the conversation",
            )
            session.add(event)


def _event(session: Session, row: MailRow, left: str) -> Event:
    """Return the event of a mail in the conversation that it is in now."""
    body = next((each.body for each in reversed(_events(session, row, left)) if each.body), b"")
    if not body:
        raise CannotMove(f"the words of mail {row.number} were forgotten: nothing can begin with it")
    said: dict[str, Any] = json.loads(body) | {"id": case_number(row.conversation)}
    written = canonical_json(said).encode()
    return Event(
        source=f"{SOURCE_PREFIX}{row.mailbox}",
        id=f"{row.digest}.{row.moves}",
        type=BEGAN if row.fate == Fate.BEGINS.value else JOINED,
        key=row.conversation,
        occurred_at=row.sent_at,
        digest=sha256(written).hexdigest(),
        body=written,
    )


def _tell(session: Books, left: str, row: MailRow, now: datetime) -> None:
    """Tell the case that a mail leaves."""
    query = select(EventRow.case_id).where(col(EventRow.key) == left, col(EventRow.type) == BEGAN)
    for case_id in {each for each in session.exec(query) if each}:
        data = {
            "source": f"{SOURCE_PREFIX}{row.mailbox}",
            "type": "mail.unjoined",
            "number": row.number,
            "what": row.why,
        }
        identity = f"mail-{row.digest}-{row.moves}-unjoined"
        session.tell([Episode(id=identity, case_id=case_id, kind="event", at=now, data=data)])
