"""The only way to change the books: a transaction that appends to the log what it changed and why."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, bindparam, insert, select, update
from sqlmodel import Session, SQLModel

from contracts.case import Episode
from memory.database import table_of, transaction
from memory.episodic import boundary
from memory.episodic.anchor import Anchor
from memory.episodic.audited import AUDITED, Said
from memory.episodic.chain import ChainHead, Link, Signer, linked
from memory.tables.episodes import EpisodeHeadRow, EpisodeRow

EPISODES = table_of(EpisodeRow).c
HEAD = table_of(EpisodeHeadRow).c
READ_HEAD = select(HEAD.count, HEAD.hash, HEAD.at, HEAD.key_id, HEAD.signature)
LOCK_HEAD = READ_HEAD.with_for_update()
MOVE_HEAD = (
    update(table_of(EpisodeHeadRow))
    .where(HEAD.count == bindparam("from_count"), HEAD.hash == bindparam("from_hash"))
    .returning(HEAD.count)
)
KNOWN = select(EPISODES.id).where(EPISODES.id.in_(bindparam("ids", expanding=True)))
APPEND = insert(table_of(EpisodeRow))
WRITTEN = "written"
"""The kind of the episodes that say what rows hold from now on."""
RESERVED = frozenset({WRITTEN, boundary.KIND})
_IDS_AT_ONCE = 500


class ReservedKind(ValueError):
    """Somebody hands in an episode of a kind that only the journal itself may write."""


class Books(Session):
    """A transaction that changes the books, and keeps what it changed and tells until its end."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.told: list[Episode] = []
        self.written: dict[str, dict[str, dict[str, Said]]] = {}

    def tell(self, episodes: Sequence[Episode]) -> None:
        """Append these to the log, each id once.

        Raises:
            ReservedKind: one says what rows hold; only `wrote` may.
        """
        for episode in episodes:
            if episode.kind in RESERVED:
                raise ReservedKind(f"an episode of the kind {episode.kind!r} cannot be handed in")
        self.told += episodes

    def wrote(self, model: type[SQLModel], case_id: str, values: Mapping[str, Any], key: str = "") -> None:
        """Say in the log what columns of a row hold from now on.

        Args:
            model: the type of the row; it must be audited.
            case_id: the case that the change belongs to.
            values: the columns that were written; for a new row all of them.
            key: the row's; empty where its columns are among the values.
        """
        table = AUDITED[model]
        key = key or table.key(values)
        rows = self.written.setdefault(case_id, {}).setdefault(table.name, {})
        rows[key] = rows.get(key, {}) | table.said(key, values)

    def wrote_row(self, row: SQLModel, case_id: str) -> None:
        """Say in the log what a whole row holds from now on."""
        self.wrote(type(row), case_id, row.model_dump())


class Journal:
    """Opens the transactions that change the books, and chains what they tell to the log.

    The head of the log is touched last: nobody waits for it longer than it takes to append and commit.
    """

    def __init__(self, engine: Engine, signer: Signer, anchor: Anchor) -> None:
        self.engine = engine
        self._signer = signer
        self._anchor = anchor
        self._head: ChainHead | None = None
        self._boundary_told = False

    @contextmanager
    def writing(self, what: str, at: datetime) -> Iterator[Books]:
        """One transaction: what changes and what the log says of it are committed together.

        Args:
            what: a few words for what is done, for people.
            at: the moment that the log names.
        """
        marks = self._boundary(at)
        with transaction(self.engine, Books) as books:
            yield books
            head = self._append(books, what, at, marks)
        if head is not None:
            self._head, self._boundary_told = head, True
            self._anchor.saw(head)

    def append(self, episodes: Sequence[Episode]) -> None:
        """Append what is not there yet, in order, in a transaction of its own."""
        if episodes:
            with self.writing("", episodes[-1].at) as books:
                books.tell(episodes)

    def _boundary(self, at: datetime) -> list[Episode]:
        """Return what the log must say before the first row it tells of; read before any lock is taken."""
        return [] if self._boundary_told else boundary.marks(self.engine, at)

    def _append(self, books: Books, what: str, at: datetime, marks: list[Episode]) -> ChainHead | None:
        """Chain what the transaction told and wrote behind the head; returns the head it will have."""
        if not (books.told or books.written):
            return None
        books.flush()  # all rows before the head, in every transaction: none waits in a circle
        told = [*marks, *books.told]
        written = [
            Episode(
                id=f"{WRITTEN}-{uuid4().hex}",
                case_id=case_id,
                kind=WRITTEN,
                at=at,
                data={"what": what, "rows": rows},
            )
            for case_id, rows in books.written.items()
        ]
        # SQLite's writers queue before they begin: the head is where this process left it, unless
        # another one wrote. Elsewhere the head must be locked before it is known.
        guess = self._head if self.engine.dialect.name == "sqlite" else None
        moved = self._move(books, guess, told, written) if guess else None
        moved = moved or self._move(books, read_head(books, lock=True), told, written)
        if moved is None:
            raise RuntimeError("the head of the log moved although it was locked")
        return moved

    def _move(
        self, books: Books, head: ChainHead, told: Sequence[Episode], written: Sequence[Episode]
    ) -> ChainHead | None:
        """Append behind `head`, if that is the head; None if it is not, and nothing was done."""
        links = _links(head, [*_unknown(books, told), *written])
        if not links:
            return head
        last = links[-1]
        signed = self._signer.sign(last.position, last.hash, last.at)
        behind = {"from_count": head.count, "from_hash": head.hash}
        if books.execute(MOVE_HEAD, dict(signed) | behind).first() is None:
            return None
        books.execute(APPEND, [dict(link) for link in links])
        return signed


def read_head(session: Session, *, lock: bool = False) -> ChainHead:
    """Return the head row; with `lock`, nobody else appends until this transaction ends."""
    row = session.execute(LOCK_HEAD if lock else READ_HEAD).one()
    return ChainHead(**row._mapping)


def _unknown(session: Session, told: Sequence[Episode]) -> list[Episode]:
    """Return the episodes that are not in the log yet, each id once."""
    fresh: dict[str, Episode] = {}
    for episode in told:
        fresh.setdefault(episode.id, episode)
    ids = list(fresh)
    for start in range(0, len(ids), _IDS_AT_ONCE):
        for episode_id in session.scalars(KNOWN, {"ids": ids[start : start + _IDS_AT_ONCE]}):
            del fresh[episode_id]
    return list(fresh.values())


def _links(head: ChainHead, episodes: Sequence[Episode]) -> list[Link]:
    links: list[Link] = []
    previous = head.hash
    for position, episode in enumerate(episodes, head.count + 1):
        links.append(linked(episode, position, previous))
        previous = links[-1].hash
    return links
