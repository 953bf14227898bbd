"""What the books know that a mail may have to do with."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlmodel import Session, col, or_, select

from contracts.case import CaseStatus
from mail.known import Conversation, Known, KnownMail
from mail.message import Mail
from mail.place import sender_of, tokens_of
from mail.topic import tags
from memory.tables.cases import CaseRow
from memory.tables.events import EventRow
from memory.tables.mails import MailRow, MailWordRow

BEGAN = "mail.new"
"""The type of the events of mails that begin a conversation."""
ENDED = tuple(status.value for status in CaseStatus if status.ended)
MOST_CONVERSATIONS = 200
"""Of one sender: the newest count."""
PLACED = ("begins", "joins")


def known_to(session: Session, mail: Mail, keys: Collection[str]) -> Known:
    """Return what the books know that a mail may have to do with that states these keys."""
    ids = [each for each in (mail.message_id, *mail.in_reply_to, *mail.references) if each]
    query = select(MailRow).where(
        col(MailRow.fate).in_(PLACED),
        or_(col(MailRow.message_id).in_(ids), col(MailRow.content) == mail.content),
    )
    mails = [_mail(row) for row in session.exec(query.order_by(col(MailRow.number)))]
    tokens = dict(_found(session, "token", tokens_of(mail)))
    there = {each.conversation for each in mails} | set(tokens.values())
    sender = {sender_of(mail)} - {""}
    for kind, words in (("writer", sender), ("person", sender), ("key", keys), ("tag", tags(mail.subject))):
        there |= {conversation for _, conversation in _found(session, kind, words)}
    return Known(mails=tuple(mails), conversations=tuple(conversations(session, there)), tokens=tokens)


def _mail(row: MailRow) -> KnownMail:
    return KnownMail(
        digest=row.digest,
        content=row.content,
        message_id=row.message_id,
        date=row.sent_at,
        thread=row.thread,
        conversation=row.conversation,
    )


def _found(session: Session, kind: str, words: Iterable[str]) -> list[tuple[str, str]]:
    """Return the words of a kind that are known, each with the conversation of its mail, the newest."""
    wanted = list(words)
    if not wanted:
        return []
    query = (
        select(MailWordRow.word, MailRow.conversation)
        .join(MailRow, col(MailRow.digest) == col(MailWordRow.digest))
        .where(col(MailWordRow.kind) == kind, col(MailWordRow.word).in_(wanted))
        .order_by(col(MailRow.number).desc())
        .limit(MOST_CONVERSATIONS)
    )
    return [(word, conversation) for word, conversation in session.exec(query)]


def conversations(session: Session, ids: Collection[str]) -> list[Conversation]:
    """Return conversations by what their mails say; nothing of one is kept beside them."""
    rows = session.exec(
        select(MailRow.digest, MailRow.conversation, MailRow.stem).where(
            col(MailRow.conversation).in_(ids), col(MailRow.fate).in_(PLACED)
        )
    ).all()
    of = {digest: conversation for digest, conversation, _ in rows}
    subjects: dict[str, set[str]] = defaultdict(set)
    for _, conversation, stem in rows:
        subjects[conversation] |= {stem} - {""}
    words: dict[tuple[str, str], set[str]] = defaultdict(set)
    wanted = select(MailWordRow).where(col(MailWordRow.digest).in_(list(of)))
    for word in session.exec(wanted):
        words[of[word.digest], word.kind].add(word.word)
    ended = _ended(session, ids)
    return [
        Conversation(
            id=each,
            people=frozenset(words[each, "person"]),
            writers=frozenset(words[each, "writer"]),
            subjects=frozenset(subjects[each]),
            keys=frozenset(words[each, "key"]),
            is_open=each not in ended,
        )
        for each in sorted(subjects.keys() | set(of.values()))
    ]


def _ended(session: Session, ids: Collection[str]) -> set[str]:
    """Return those of the conversations whose case has ended."""
    query = (
        select(EventRow.key)
        .join(CaseRow, col(CaseRow.id) == col(EventRow.case_id))
        .where(col(EventRow.key).in_(ids), col(EventRow.type) == BEGAN, col(CaseRow.status).in_(ENDED))
    )
    return set(session.exec(query))
