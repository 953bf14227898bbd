"""The office's list of cases."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class CaseRow(SQLModel, table=True):
    """One case; its columns are the fields of `contracts.case.CaseRecord`, and what the books add.

    Attributes:
        opened_under: the office version of the worker that opened it; None if that is not known.
        ended_at: when it first came to an end, whatever was undone later; None while it has none.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("cases_by_desk", "desk", "status", "updated_at"),
        Index("cases_by_customer", "customer", "desk", "status", "updated_at"),
        Index("cases_by_opening", "opened_at"),
    )

    id: str = Field(primary_key=True)
    desk: str
    channel: str
    status: str
    summary: str
    outcome: str = ""
    amount_cents: int = Field(default=0, sa_type=BigInteger)
    currency: str = ""
    office_version: str = ""
    opened_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    request: dict[str, Any] = Field(sa_type=JSON)
    by_person: bool = False
    customer: str = ""
    event: int = Field(default=0, sa_type=BigInteger)
    waits_for: str = ""
    opened_under: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
