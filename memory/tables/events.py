"""What came in from outside, byte for byte, and what became of it."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class EventRow(SQLModel, table=True):
    """One event, as `contracts.event.EventRecord`.

    Attributes:
        contested: empty, or the digest of bytes that came with an id which other bytes have.
    """

    __tablename__ = "events_in"
    __table_args__ = (
        Index("events_in_once", "source", "event_id", "contested", unique=True),
        Index("events_in_by_standing", "source", "standing", "position"),
        Index("events_in_by_digest", "source", "digest"),
        Index("events_in_by_case", "case_id"),
        Index("events_in_by_key", "key"),
    )

    position: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True, nullable=False
        ),
    )
    source: str
    event_id: str
    contested: str = ""
    type: str
    key: str
    structured: bool
    occurred_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    digest: str
    body: bytes = Field(sa_type=LargeBinary)
    standing: str
    case_id: str = ""
    attempts: int = 0
    why: str = ""
    rests_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    fetched: bool = False
