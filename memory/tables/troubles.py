"""What keeps cases from going on, as the last look at the server showed it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class CaseTroubleRow(SQLModel, table=True):
    """One trouble of one case, as `contracts.reconciliation.trouble.CaseTrouble`."""

    __tablename__ = "case_troubles"

    case_id: str = Field(primary_key=True)
    what: str = Field(primary_key=True)
    failures: int
    error: str
    since: datetime = Field(sa_type=UtcDateTime)
    looked_at: datetime = Field(sa_type=UtcDateTime)
