"""The log as an outbox: what of it is for whom, told once or tried to the end, in SQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy import select as grouped
from sqlmodel import Session, col, select

from contracts.case import Episode
from contracts.reconciliation.divergence import Divergence, DivergenceKind, divergence_id
from contracts.subscription import Announcement, AnnouncementStanding, Subscription, SubscriptionStanding
from memory.authoritative.reconciliation import divergences
from memory.database import insert_into, reading, writing
from memory.episodic.chain import Link
from memory.episodic.journal import RESERVED, Books, Journal
from memory.tables.announcements import AnnouncementRow, SubscriptionRow
from memory.tables.episodes import EpisodeHeadRow, EpisodeRow

WAITING, DELIVERED, FAILED = (standing.value for standing in AnnouncementStanding)
AT_ONCE = 500
"""Episodes of one transaction."""
KEPT = timedelta(days=90)
"""How long the books say of an announcement that it was delivered."""


class SqlAnnouncements:
    """How far the log was told to each subscription; each method is one transaction."""

    def __init__(self, journal: Journal) -> None:
        """Take what writes the books: a subscription that ended is people's."""
        self._journal = journal
        self._engine = journal.engine

    def take(self, subscription: Subscription, now: datetime) -> bool:
        """Put what is new in the log, and wanted, on its way; a new subscription begins at the log's end.

        Several processes may do so at once: each episode is taken once, in its order.

        Returns:
            Whether there may be more.
        """
        with writing(self._engine) as session:
            row = session.get(SubscriptionRow, subscription.name, with_for_update=True)
            if row is None:
                head = session.exec(select(EpisodeHeadRow.count)).first() or 0
                values = {"name": subscription.name, "position": head, "why": ""}
                session.execute(insert_into(session, SubscriptionRow).values(values).on_conflict_do_nothing())
                return False
            links = _links(session, row.position)
            wanted = [
                _values(subscription.name, link.position, now)
                for link in links
                if link.kind not in RESERVED and subscription.wants(link.episode())
            ]
            if wanted:
                session.execute(insert_into(session, AnnouncementRow).values(wanted).on_conflict_do_nothing())
            if links:
                row.position = links[-1].position
                session.add(row)
            return len(links) == AT_ONCE

    def due(self, name: str, limit: int, now: datetime) -> list[Announcement]:
        """Return what a subscription is to be told now, in the log's order; nothing if it has ended."""
        query = (
            select(AnnouncementRow, EpisodeRow)
            .join(EpisodeRow, col(EpisodeRow.position) == col(AnnouncementRow.position))
            .join(SubscriptionRow, col(SubscriptionRow.name) == col(AnnouncementRow.subscription))
            .where(col(AnnouncementRow.subscription) == name, col(SubscriptionRow.ended_at).is_(None))
            .where(col(AnnouncementRow.standing) == WAITING, col(AnnouncementRow.next_at) <= now)
            .order_by(col(AnnouncementRow.position))
            .limit(limit)
        )
        with reading(self._engine) as session:
            return [_announcement(row, episode) for row, episode in session.exec(query)]

    def next_at(self, name: str) -> datetime | None:
        """Return when the next announcement of a subscription is due; None if none is."""
        query = (
            select(func.min(AnnouncementRow.next_at))
            .join(SubscriptionRow, col(SubscriptionRow.name) == col(AnnouncementRow.subscription))
            .where(col(AnnouncementRow.subscription) == name, col(SubscriptionRow.ended_at).is_(None))
            .where(col(AnnouncementRow.standing) == WAITING)
        )
        with reading(self._engine) as session:
            return session.exec(query).one()

    def delivered(self, told: Announcement, now: datetime) -> None:
        """Write that an announcement was taken."""
        with writing(self._engine) as session:
            done = {"standing": DELIVERED, "attempts": told.attempts + 1, "delivered_at": now, "why": ""}
            session.execute(_this(told).values(done))
            this = col(SubscriptionRow.name) == told.subscription
            session.execute(update(SubscriptionRow).where(this).values(delivered_at=now, why=""))

    def refused(self, told: Announcement, why: str, again_at: datetime | None, now: datetime) -> None:
        """Write that a try was in vain.

        Args:
            told: what was tried.
            why: how the try ended.
            again_at: when it is tried again; None if that was the last time. Then, if the subscription took
                nothing since the first try, it ends, and a person gets a case.
            now: the moment.
        """
        first_at = told.first_at or now
        standing = FAILED if again_at is None else WAITING
        tried = {"standing": standing, "attempts": told.attempts + 1, "first_at": first_at, "why": why}
        with self._journal.writing("an announcement was tried in vain", now) as session:
            session.execute(_this(told).values(tried | ({"next_at": again_at} if again_at else {})))
            row = session.get(SubscriptionRow, told.subscription, with_for_update=True)
            if row is None or row.ended_at is not None:
                return
            row.why = why
            session.add(row)
            if again_at is None and (row.delivered_at is None or row.delivered_at < first_at):
                _end(session, row, f"nothing was taken since {first_at:%Y-%m-%d %H:%M}Z, at last: {why}", now)

    def end(self, name: str, why: str, now: datetime) -> None:
        """End a subscription; what waits for it stays, and a person gets a case."""
        with self._journal.writing("a subscription ended", now) as session:
            row = session.get(SubscriptionRow, name, with_for_update=True)
            if row is not None and row.ended_at is None:
                _end(session, row, why, now)

    def resume(self, name: str, now: datetime) -> int:
        """Tell a subscription again, also what was tried in vain; returns how many wait then."""
        with writing(self._engine) as session:
            this = col(AnnouncementRow.subscription) == name
            again = {"standing": WAITING, "attempts": 0, "first_at": None, "next_at": now}
            session.execute(
                update(AnnouncementRow)
                .where(this, col(AnnouncementRow.standing).in_((WAITING, FAILED)))
                .values(again)
            )
            row = session.get(SubscriptionRow, name)
            if row is not None:
                row.ended_at, row.why = None, ""
                session.add(row)
            waits = select(func.count()).select_from(AnnouncementRow)
            return session.exec(waits.where(this, col(AnnouncementRow.standing) == WAITING)).one()

    def standings(self) -> list[SubscriptionStanding]:
        """Return where each subscription stands that was ever told of, by name."""
        standing = col(AnnouncementRow.standing)
        counts = grouped(
            col(AnnouncementRow.subscription), standing, func.count(col(AnnouncementRow.position))
        ).group_by(col(AnnouncementRow.subscription), standing)
        with reading(self._engine) as session:
            found = {(name, how): count for name, how, count in session.execute(counts)}
            return [
                SubscriptionStanding(
                    waiting=found.get((row.name, WAITING), 0),
                    failed=found.get((row.name, FAILED), 0),
                    delivered=found.get((row.name, DELIVERED), 0),
                    **row.model_dump(),
                )
                for row in session.exec(select(SubscriptionRow).order_by(col(SubscriptionRow.name)))
            ]

    def newest(self, name: str, limit: int) -> list[Announcement]:
        """Return a subscription's announcements, the newest first."""
        query = (
            select(AnnouncementRow, EpisodeRow)
            .join(EpisodeRow, col(EpisodeRow.position) == col(AnnouncementRow.position))
            .where(col(AnnouncementRow.subscription) == name)
            .order_by(col(AnnouncementRow.position).desc())
            .limit(limit)
        )
        with reading(self._engine) as session:
            return [_announcement(row, episode) for row, episode in session.exec(query)]

    def drop_old(self, now: datetime) -> None:
        """Drop what was delivered long ago."""
        with writing(self._engine) as session:
            session.execute(
                delete(AnnouncementRow).where(
                    col(AnnouncementRow.standing) == DELIVERED,
                    col(AnnouncementRow.delivered_at) < now - KEPT,
                )
            )


def _links(session: Session, after: int) -> Sequence[Link]:
    query = select(EpisodeRow).where(col(EpisodeRow.position) > after)
    rows = session.exec(query.order_by(col(EpisodeRow.position)).limit(AT_ONCE))
    return [Link(**row.model_dump()) for row in rows]


def _values(name: str, position: int, now: datetime) -> dict[str, Any]:
    values = {"subscription": name, "position": position, "standing": WAITING}
    return values | {"attempts": 0, "next_at": now, "why": ""}


def _this(told: Announcement) -> Any:
    """Return an update of an announcement, if it still waits."""
    row = AnnouncementRow
    return update(row).where(
        col(row.subscription) == told.subscription,
        col(row.position) == told.position,
        col(row.standing) == WAITING,
    )


def _end(session: Books, row: SubscriptionRow, why: str, now: datetime) -> None:
    """End a subscription within a transaction, and let a person know."""
    row.ended_at, row.why = now, why
    session.add(row)
    kind = DivergenceKind.SUBSCRIPTION_ENDED
    found = Divergence(
        id=divergence_id(kind, row.name, now.isoformat(), ""),
        kind=kind,
        connector=row.name,
        operation="announcement",
        reference=row.name,
        found_at=now,
        why=why,
    )
    divergences.keep(session, found, now)


def _announcement(row: AnnouncementRow, episode: EpisodeRow) -> Announcement:
    values = row.model_dump(exclude={"delivered_at"})
    told: Episode = Link(**episode.model_dump()).episode()
    return Announcement.model_validate(values | {"episode": told})
