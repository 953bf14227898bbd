"""Every decision, kept with its provenance."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field, SQLModel


class DecisionRow(SQLModel, table=True):
    """One decision of one step of one case: columns to count by, and the whole of it in `body`."""

    __tablename__ = "decisions"
    __table_args__ = (Index("decisions_by_task", "task", "decided_by", "outcome"),)

    case_id: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    position: int = Field(sa_type=BigInteger)
    task: str
    outcome: str
    decided_by: str
    name: str
    version: str
    confidence: float | None = None
    cost_microusd: int = Field(default=0, sa_type=BigInteger)
    body: dict[str, Any] = Field(sa_type=JSON)
