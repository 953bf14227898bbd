"""Which open case works on what."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class ClaimRow(SQLModel, table=True):
    """One thing (an order line) held by one case."""

    __tablename__ = "claims"

    claim: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    claimed_at: datetime = Field(sa_type=UtcDateTime)


class PieceClaimRow(SQLModel, table=True):
    """Pieces of one account that one case asks for, and that our books do not hold for done yet."""

    __tablename__ = "piece_claims"

    account: str = Field(primary_key=True)
    case_id: str = Field(primary_key=True)
    pieces: int
    claimed_at: datetime = Field(sa_type=UtcDateTime)
