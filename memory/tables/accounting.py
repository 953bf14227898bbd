"""Accounting exports: the authoritative side that a shop's bookkeeping brings."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class AccountingExportRow(SQLModel, table=True):
    """One imported file, known by its content; `records` are read so far, good and bad."""

    __tablename__ = "accounting_exports"

    id: str = Field(primary_key=True)
    name: str
    records: int = Field(default=0, sa_type=BigInteger)
    fresh: int = Field(default=0, sa_type=BigInteger)
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AccountingLineRow(SQLModel, table=True):
    """One line; its id is its content and which of several equal ones it is, so that exports overlap well."""

    __tablename__ = "accounting_lines"
    __table_args__ = (
        Index("accounting_lines_by_goods", "customer", "sku", "at"),
        Index("accounting_lines_by_finding", "kind", "finding"),
    )

    id: str = Field(primary_key=True)
    export_id: str
    number: int = Field(sa_type=BigInteger)
    occurrence: int
    invoice: str
    sku: str
    description: str
    quantity: int = Field(sa_type=BigInteger)
    at: datetime = Field(sa_type=UtcDateTime)
    unit_price: str
    amount_cents: int = Field(sa_type=BigInteger)
    customer: str
    country: str
    kind: str
    finding: str = ""
    excess: int = Field(default=0, sa_type=BigInteger)


class AccountingSeenRow(SQLModel, table=True):
    """How often a content was met while one file is being read; emptied at its end."""

    __tablename__ = "accounting_seen"

    export_id: str = Field(primary_key=True)
    content: str = Field(primary_key=True)
    count: int


class AccountingBadRow(SQLModel, table=True):
    """A line that could not be read."""

    __tablename__ = "accounting_bad_lines"

    export_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    why: str
