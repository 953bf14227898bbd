"""How far the log was told to whom, and what is on its way there."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class SubscriptionRow(SQLModel, table=True):
    """How far one subscription was told of the log, as `contracts.subscription.SubscriptionStanding`."""

    __tablename__ = "subscriptions"

    name: str = Field(primary_key=True)
    position: int = Field(sa_type=BigInteger)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    why: str = ""


class AnnouncementRow(SQLModel, table=True):
    """One episode for one subscription, as `contracts.subscription.Announcement`."""

    __tablename__ = "announcements"
    __table_args__ = (
        Index("announcements_by_due", "subscription", "standing", "next_at"),
        Index("announcements_by_delivered", "delivered_at"),
    )

    subscription: str = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    standing: str
    attempts: int = 0
    first_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_at: datetime = Field(sa_type=UtcDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    why: str = ""
