"""What effects are done for: accounts, and the shares of effects that are booked on them."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class AccountRow(SQLModel, table=True):
    """One account.

    Attributes:
        version: how often it was booked on; whoever does counts it up from what they saw.
    """

    __tablename__ = "accounts"

    name: str = Field(primary_key=True)
    version: int


class ShareRow(SQLModel, table=True):
    """The part of one effect that falls on one account; see `contracts.shares.Share`.

    It is booked when the effect is permitted, before there is a row of it in the ledger.
    """

    __tablename__ = "shares"
    __table_args__ = (Index("shares_by_account", "account"),)

    effect_key: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    case_id: str
    operation: str
    quantity: int
    amount_cents: int = Field(sa_type=BigInteger)
