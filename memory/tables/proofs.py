"""What people said through which door, until it is used; and by what they show who they are."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class ProofRow(SQLModel, table=True):
    """One proof; its columns are the fields of `contracts.proof.Proof`, and by what it was used up."""

    __tablename__ = "proofs"
    __table_args__ = (Index("proofs_about", "about", "act", "person"),)

    id: str = Field(primary_key=True)
    person: str
    how: str
    door: str
    act: str
    about: str
    arguments_hash: str
    said: str
    proved_at: datetime = Field(sa_type=UtcDateTime)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    redeemed_by: str | None = None
    redeemed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class EnrolmentRow(SQLModel, table=True):
    """One credential of one person; its columns are the fields of `contracts.proof.Enrolment`."""

    __tablename__ = "enrolments"

    person: str = Field(primary_key=True)
    how: str = Field(primary_key=True)
    credential: str = Field(primary_key=True)
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
