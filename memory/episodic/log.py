"""The append-only log of what happened and why, in SQL."""

from collections.abc import Sequence

from sqlmodel import col, select

from contracts.case import Episode
from memory.database import reading
from memory.episodic.anchor import Anchor
from memory.episodic.chain import ChainHead, Link
from memory.episodic.journal import WRITTEN, Journal, read_head
from memory.tables.episodes import EpisodeRow


class SqlEpisodes:
    """The append-only log on the authoritative database (`activities.ports.EpisodeLog`)."""

    def __init__(self, journal: Journal, anchor: Anchor) -> None:
        self._journal = journal
        self._anchor = anchor

    def append(self, episodes: Sequence[Episode]) -> None:
        """Append what is not there yet, in order, in one transaction; anchor the head when due."""
        self._journal.append(episodes)

    def anchor(self) -> ChainHead:
        """Keep the head outside the database now; returns it."""
        head = self.head()
        self._anchor.keep(head)
        return head

    def head(self) -> ChainHead:
        """Return how many episodes there are and the last one's hash, as signed."""
        with reading(self._journal.engine) as session:
            return read_head(session)

    def knows(self, episode_id: str) -> bool:
        """Say whether an episode is in the log."""
        query = select(EpisodeRow.id).where(col(EpisodeRow.id) == episode_id)
        with reading(self._journal.engine) as session:
            return session.exec(query).first() is not None

    def of_case(self, case_id: str, limit: int = 1000, *, told_only: bool = False) -> list[Episode]:
        """Return a case's episodes in the order they were appended, the first `limit` of them.

        Args:
            case_id: the case.
            limit: at most so many.
            told_only: leave out those that say what rows hold.
        """
        query = (
            select(EpisodeRow)
            .where(col(EpisodeRow.case_id) == case_id)
            .order_by(col(EpisodeRow.position))
            .limit(limit)
        )
        if told_only:
            query = query.where(col(EpisodeRow.kind) != WRITTEN)
        with reading(self._journal.engine) as session:
            return [Link(**row.model_dump()).episode() for row in session.scalars(query)]
