"""What models may spend and did: accounts, and what is set aside for calls under way."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class BudgetRow(SQLModel, table=True):
    """One account: a day, a desk's day, or a case.

    Attributes:
        account: `day/2026-11-22`, `desk/DESK/2026-11-22`, `case/CASE`.
        spent_microusd: what calls did cost.
        reserved_microusd: what calls under way may cost at most.
    """

    __tablename__ = "budgets"

    account: str = Field(primary_key=True)
    spent_microusd: int = Field(default=0, sa_type=BigInteger)
    reserved_microusd: int = Field(default=0, sa_type=BigInteger)


class ReservationRow(SQLModel, table=True):
    """Money set aside for one call.

    Attributes:
        state: `open`, `settled`, or `expired`: never settled in time, so counted in full.
        accounts: the accounts it is set aside in, one a line.
        counted_microusd: what the accounts hold for it now, reserved or spent.
    """

    __tablename__ = "budget_reservations"
    __table_args__ = (Index("budget_reservations_open", "state", "expires_at"),)

    id: str = Field(primary_key=True)
    state: str
    accounts: str
    most_microusd: int = Field(sa_type=BigInteger)
    counted_microusd: int = Field(sa_type=BigInteger)
    reserved_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
