"""Which cases have a place in a limit over several cases."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class ReservationRow(SQLModel, table=True):
    """One case's place in one row of cases; `scope` is a hash, so that no customer stands here."""

    __tablename__ = "reservations"
    __table_args__ = (Index("reservations_by_scope", "scope", "place"),)

    case_id: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    place: int = Field(sa_type=BigInteger)
    allowed: bool
    taken_at: datetime = Field(sa_type=UtcDateTime)
