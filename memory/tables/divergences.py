"""The other side of the books: what outside systems list, how far we read, and what does not fit."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class ListingCursorRow(SQLModel, table=True):
    """How far one connector's listing, and our own ledger against it, have been read.

    Attributes:
        cursor: the listing's own, where it is to be read on; None is its beginning.
        direction: how the listing runs, as far as it has shown; empty if nothing is known.
        covered_until: everything listed up to then has been read, where the newest comes first.
        walk: the run that `cursor` belongs to, where the newest comes first.
        first_at: when the reconciler first met this connector.
        ledger_at: effects that changed until then have been compared.
        ledger_key: within a page that was cut: the last key that was compared at `ledger_at`.
        walked_at: when the listing was last read to its end.
        subjects_at, subjects_key: as `ledger_at` and `ledger_key`, of the subjects that effects are for.
    """

    __tablename__ = "listing_cursors"

    connector: str = Field(primary_key=True)
    cursor: str | None = None
    direction: str = ""
    covered_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    walk: str = ""
    first_at: datetime = Field(sa_type=UtcDateTime)
    ledger_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ledger_key: str = ""
    walked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    subjects_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    subjects_key: str = ""


class OutsideEntryRow(SQLModel, table=True):
    """One thing an outside system lists, and how it stands to our books."""

    __tablename__ = "outside_entries"
    __table_args__ = (
        Index("outside_entries_by_standing", "connector", "standing", "seen_at"),
        Index("outside_entries_by_key", "connector", "key"),
    )

    connector: str = Field(primary_key=True)
    operation: str = Field(primary_key=True)
    reference: str = Field(primary_key=True)
    key: str | None = None
    amount_cents: int = Field(sa_type=BigInteger)
    at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    standing: str
    effect_key: str | None = None
    subject: str = ""


class DivergenceRow(SQLModel, table=True):
    """One divergence; `standing` is `open`, `case` (people have it), `healed` or `closed`."""

    __tablename__ = "divergences"
    __table_args__ = (
        Index("divergences_by_standing", "standing", "found_at"),
        Index("divergences_by_effect", "effect_key"),
        Index("divergences_by_case", "effect_case", "standing"),
        Index("divergences_by_reference", "connector", "reference"),
    )

    id: str = Field(primary_key=True)
    kind: str
    connector: str
    operation: str
    reference: str = ""
    effect_key: str = ""
    effect_case: str = ""
    ours_cents: int = Field(sa_type=BigInteger)
    theirs_cents: int = Field(sa_type=BigInteger)
    at_stake_cents: int = Field(sa_type=BigInteger)
    currency: str
    found_at: datetime = Field(sa_type=UtcDateTime)
    standing: str
    rounds: int = 0
    why: str = ""
    resolution: str = ""
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
