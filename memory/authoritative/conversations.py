"""Conversations in SQL: a turn once, whoever sends it how often, and who has the conversation now."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from contracts.case import Episode
from contracts.conversation import (
    FORGOTTEN_WORDS,
    ConversationRecord,
    ConversationRefused,
    Message,
    PersonWord,
    Reply,
    Turn,
    TurnPath,
    WordKind,
    same_words,
)
from memory.database import reading, take_turn, writing
from memory.episodic.journal import Books, Journal
from memory.tables.conversations import ConversationRow, TurnRow

WAITING_PATHS = (TurnPath.UNKNOWN, TurnPath.ASKED, TurnPath.HELD)
"""After which somebody waits for a person."""
MOST_MEASURED = 100_000


class SqlConversations:
    """Each method is one transaction; raises whatever the database's driver raises."""

    def __init__(self, journal: Journal) -> None:
        """Take what writes the books."""
        self._journal = journal
        self._engine = journal.engine

    def find(self, conversation: str, message_id: str) -> Turn | None:
        """Return the turn of a message; None if it is new."""
        with reading(self._engine) as session:
            row = _turn_of(session, conversation, message_id)
        return _turn(row) if row else None

    def keep(self, message: Message, reply: Reply, now: datetime, took_ms: float = 0.0) -> Turn:
        """Keep a customer's turn with its answer; a person who has the conversation by now silences it.

        The same message again is the turn that was kept first.

        Raises:
            MessageDiffers: its id came before with other words.
        """
        with writing(self._engine) as session:
            take_turn(session, message.conversation)
            if kept := _turn_of(session, message.conversation, message.id):
                return same_words(_turn(kept), message)
            row = _conversation(session, message.conversation, message.customer, now)
            if row.owner:
                reply = Reply(path=TurnPath.HELD, text="")
            if reply.path in WAITING_PATHS:
                row.waits_since = row.waits_since or now
            return _add(session, row, _answered(message, reply, now, took_ms))

    def person(self, word: PersonWord, now: datetime) -> Turn:
        """Keep what a person does in a conversation; it is on record who did what, not their words.

        Raises:
            ConversationRefused: somebody else has it, they do not, or it never began.
        """
        with self._journal.writing("a person in a conversation", now) as session:
            take_turn(session, word.conversation)
            if kept := _turn_of(session, word.conversation, word.id):
                return _turn(kept)
            row = session.get(ConversationRow, word.conversation)
            if row is None:
                raise ConversationRefused(
                    f"{word.conversation} never began: `kontor chat waiting` lists who waits"
                )
            _hand(row, word)
            session.tell([_episode(word, now)])
            turn = Turn(
                conversation=word.conversation,
                number=0,
                message_id=word.id,
                said="",
                answer=word.text,
                path=TurnPath.PERSON,
                by=word.person,
                at=now,
            )
            return _add(session, row, turn)

    def turns(self, conversation: str, after: int = 0) -> tuple[Turn, ...]:
        """Return the turns of a conversation behind a number, in their order."""
        query = select(TurnRow).where(col(TurnRow.conversation) == conversation, col(TurnRow.number) > after)
        with reading(self._engine) as session:
            return tuple(_turn(row) for row in session.exec(query.order_by(col(TurnRow.number))))

    def record(self, conversation: str) -> ConversationRecord | None:
        """Return how a conversation stands; None if it never began."""
        with reading(self._engine) as session:
            row = session.get(ConversationRow, conversation)
            return _record(session, row) if row else None

    def waiting(self, limit: int = 100) -> tuple[ConversationRecord, ...]:
        """Return the conversations that wait for a person, or that one has; who waits longest first."""
        query = (
            select(ConversationRow)
            .where(col(ConversationRow.waits_since).is_not(None) | (col(ConversationRow.owner) != ""))
            .order_by(func.coalesce(col(ConversationRow.waits_since), col(ConversationRow.updated_at)))
            .limit(limit)
        )
        with reading(self._engine) as session:
            return tuple(_record(session, row) for row in session.exec(query).all())

    def took(self, since: datetime) -> dict[str, list[float]]:
        """Return by path how long customers' turns took since a moment, in ms, the newest so many."""
        query = (
            select(TurnRow.path, TurnRow.took_ms)
            .where(col(TurnRow.at) >= since, col(TurnRow.path) != TurnPath.PERSON.value)
            .order_by(col(TurnRow.at).desc())
            .limit(MOST_MEASURED)
        )
        found: dict[str, list[float]] = defaultdict(list)
        with reading(self._engine) as session:
            for path, took_ms in session.exec(query):
                found[path].append(took_ms)
        return dict(found)


def forget_turns(session: Books, customer: str) -> int:
    """Blank what a customer and people said in their conversations; returns how many turns it was.

    What was quoted to them from the office's documents stays: it is nobody's.
    """
    theirs = select(ConversationRow.id).where(func.lower(col(ConversationRow.customer)) == customer.lower())
    ids = list(session.exec(theirs))
    mine = col(TurnRow.conversation).in_(ids)
    said = update(TurnRow).where(mine, col(TurnRow.said) != "").values(said=FORGOTTEN_WORDS)
    count = session.execute(said.returning(col(TurnRow.number))).all()
    told = update(TurnRow).where(mine, col(TurnRow.by) != "", col(TurnRow.answer) != "")
    session.execute(told.values(answer=FORGOTTEN_WORDS))
    session.execute(update(ConversationRow).where(col(ConversationRow.id).in_(ids)).values(customer=""))
    return len(count)


def _hand(row: ConversationRow, word: PersonWord) -> None:
    """Let a person take a conversation, speak in it or give it back."""
    if row.owner not in ("", word.person):
        raise ConversationRefused(f"{row.owner} has {row.id}: they give it back with `kontor chat back`")
    if word.kind is WordKind.GIVE_BACK and not row.owner:
        raise ConversationRefused(f"nobody has {row.id}: it need not be given back")
    if word.kind is WordKind.REPLY and not word.text.strip():
        raise ConversationRefused("an empty reply tells nobody anything: write its text")
    row.owner = "" if word.kind is WordKind.GIVE_BACK else word.person
    row.waits_since = None if word.kind is not WordKind.TAKE else row.waits_since


def _conversation(session: Session, id_: str, customer: str, now: datetime) -> ConversationRow:
    row = session.get(ConversationRow, id_)
    if row is None:
        row = ConversationRow(id=id_, customer=customer, begun_at=now, updated_at=now)
        session.add(row)
    row.customer = row.customer or customer
    return row


def _answered(message: Message, reply: Reply, now: datetime, took_ms: float) -> Turn:
    return Turn(
        conversation=message.conversation,
        number=0,
        message_id=message.id,
        said=message.text,
        answer=reply.text,
        path=reply.path,
        source=reply.source,
        memory_id=reply.memory_id,
        score=reply.score,
        took_ms=round(took_ms, 2),
        at=now,
    )


def _add(session: Session, row: ConversationRow, turn: Turn) -> Turn:
    """Give a turn its number, and write it."""
    row.turns += 1
    row.updated_at = turn.at
    numbered = turn.model_copy(update={"number": row.turns})
    session.add(row)
    session.flush()  # the conversation stands before its turn
    session.add(TurnRow.model_validate(numbered.model_dump(mode="python") | {"path": numbered.path.value}))
    return numbered


def _turn_of(session: Session, conversation: str, message_id: str) -> TurnRow | None:
    query = select(TurnRow).where(
        col(TurnRow.conversation) == conversation, col(TurnRow.message_id) == message_id
    )
    return session.exec(query).first()


def _turn(row: TurnRow) -> Turn:
    return Turn.model_validate(row.model_dump())


def _record(session: Session, row: ConversationRow) -> ConversationRecord:
    last = (
        select(TurnRow.said)
        .where(col(TurnRow.conversation) == row.id, col(TurnRow.said) != "")
        .order_by(col(TurnRow.number).desc())
        .limit(1)
    )
    said: Sequence[Any] = session.exec(last).all()
    return ConversationRecord.model_validate({**row.model_dump(), "question": said[0] if said else ""})


def _episode(word: PersonWord, now: datetime) -> Episode:
    return Episode(
        id=f"{word.conversation}#{word.kind}-{word.id}",
        case_id=word.conversation,
        kind=f"conversation_{word.kind}",
        at=now,
        data={"by": word.person},
    )
