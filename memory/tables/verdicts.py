"""Every verdict, kept so that it can be computed again."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field, SQLModel


class VerdictRow(SQLModel, table=True):
    """One verdict: columns to find and count by, and the whole of it in `body`."""

    __tablename__ = "verdicts"
    __table_args__ = (
        Index("verdicts_by_case", "case_id", "position"),
        Index("verdicts_by_conflict", "conflict"),
    )

    id: str = Field(primary_key=True)
    case_id: str
    position: int = Field(sa_type=BigInteger)
    step: str
    outcome: str
    policy_version: str
    conflict: bool = False
    body: dict[str, Any] = Field(sa_type=JSON)
