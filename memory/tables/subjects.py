"""What accounts belong to, and how far the reconciler has compared it with what its system says."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class SubjectRow(SQLModel, table=True):
    """One subject that our books hold something of, or that a listing showed.

    Attributes:
        subject: its own id at its system.
        before: `contracts.shares.Subject.before`; None where nobody kept it: then the first comparison takes
            what it finds beyond our books for what stood there before.
        learned: `before` is such a first comparison's.
        cases: those whose effects named it, whether they booked anything or not.
        is_open: it is compared at every run: somebody works on it, or something about it differs.
        looked_at: when it was looked at last.
    """

    __tablename__ = "subjects"
    __table_args__ = (Index("subjects_open", "connector", "is_open", "looked_at"),)

    name: str = Field(primary_key=True)
    connector: str
    subject: str
    before: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    learned: bool = False
    cases: list[str] = Field(default_factory=list, sa_type=JSON)
    is_open: bool = False
    looked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
