"""Every verdict, kept so that it can be computed again."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class VerdictRow(SQLModel, table=True):
    """One verdict: columns to find and count by, and the whole of it in `body`.

    Attributes:
        at: when it was given; None where that is not known.
    """

    __tablename__ = "verdicts"
    __table_args__ = (
        Index("verdicts_by_case", "case_id", "position"),
        Index("verdicts_by_conflict", "conflict"),
        Index("verdicts_by_time", "at"),
    )

    id: str = Field(primary_key=True)
    case_id: str
    position: int = Field(sa_type=BigInteger)
    step: str
    outcome: str
    policy_version: str
    conflict: bool = False
    at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    body: dict[str, Any] = Field(sa_type=JSON)
