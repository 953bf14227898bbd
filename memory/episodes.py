"""The append-only log of what happened and why, in SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, insert
from sqlmodel import Session, col, select, update

from contracts.episode import Episode
from memory.anchor import Anchor
from memory.chain import Head, Link, Signer, linked
from memory.database import reading, writing
from memory.tables.episodes import EpisodeHeadRow, EpisodeRow
from memory.upsert import table_of

_IDS_AT_ONCE = 500


class SqlEpisodes:
    """`activities.ports.Episodes` on the authoritative database."""

    def __init__(self, engine: Engine, signer: Signer, anchor: Anchor) -> None:
        self._engine = engine
        self._signer = signer
        self._anchor = anchor

    def append(self, episodes: Sequence[Episode]) -> None:
        """Append what is not there yet, in order, in one transaction; anchor the head when due."""
        if not episodes:
            return
        with writing(self._engine) as session:
            head = append_episodes(session, episodes, self._signer)
        self._anchor.saw(head)

    def anchor(self) -> Head:
        """Keep the head outside the database now; returns it."""
        head = self.head()
        self._anchor.keep(head)
        return head

    def head(self) -> Head:
        """Return how many episodes there are and the last one's hash, as signed."""
        with reading(self._engine) as session:
            return read_head(session)

    def of_case(self, case_id: str, limit: int = 1000) -> list[Episode]:
        """Return a case's episodes in the order they were appended, the first `limit` of them."""
        query = (
            select(EpisodeRow)
            .where(col(EpisodeRow.case_id) == case_id)
            .order_by(col(EpisodeRow.position))
            .limit(limit)
        )
        with reading(self._engine) as session:
            return [Link(**row.model_dump()).episode() for row in session.exec(query)]


def read_head(session: Session, *, lock: bool = False) -> Head:
    """Return the head row; with `lock`, nobody else appends until this transaction ends."""
    query = select(EpisodeHeadRow)
    row = session.exec(query.with_for_update() if lock else query).one()
    return Head(**row.model_dump(exclude={"id"}))


def append_episodes(session: Session, episodes: Sequence[Episode], signer: Signer) -> Head:
    """Append in a transaction that is already open; returns the head as it will be once committed.

    The head row is the lock: it is taken first, so that appends of all processes stand in a row.
    """
    head = read_head(session, lock=True)
    links = _new_links(session, episodes, head)
    if not links:
        return head
    session.execute(insert(table_of(EpisodeRow)), [link.model_dump() for link in links])
    last = links[-1]
    signed = signer.sign(last.position, last.hash, last.at)
    session.execute(update(EpisodeHeadRow).values(**signed.model_dump()))
    return signed


def _new_links(session: Session, episodes: Sequence[Episode], head: Head) -> list[Link]:
    """Chain what is not in the log yet behind the head, each id once."""
    fresh: dict[str, Episode] = {}
    for episode in episodes:
        fresh.setdefault(episode.id, episode)
    ids: list[Any] = list(fresh)
    for start in range(0, len(ids), _IDS_AT_ONCE):
        known = select(EpisodeRow.id).where(col(EpisodeRow.id).in_(ids[start : start + _IDS_AT_ONCE]))
        for episode_id in session.exec(known):
            del fresh[episode_id]
    links: list[Link] = []
    previous = head.hash
    for position, episode in enumerate(fresh.values(), head.count + 1):
        links.append(linked(episode, position, previous))
        previous = links[-1].hash
    return links
