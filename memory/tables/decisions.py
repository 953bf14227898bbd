"""Every decision, kept with its provenance, and what it was made from."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class DecisionRow(SQLModel, table=True):
    """One decision of one step of one case: columns to count by, and the whole of it in `body`.

    Attributes:
        at: when it was kept; None where that is not known.
        inputs_hash: of what was asked, `contracts.decision.inputs_hash`; it names a `DecisionInputsRow`
            as long as that is kept.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        Index("decisions_by_task", "task", "decided_by", "outcome"),
        Index("decisions_by_time", "at"),
    )

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
    latency_ms: float | None = None
    inputs_hash: str | None = None
    at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    body: dict[str, Any] = Field(sa_type=JSON)


class DecisionInputsRow(SQLModel, table=True):
    """What one or more decisions were made from, redacted, so that they can be made again.

    Attributes:
        hash: of the inputs before they were redacted.
        kept_until: when it may be dropped.
    """

    __tablename__ = "decision_inputs"

    hash: str = Field(primary_key=True)
    task: str
    text: str
    choices: list[str] = Field(sa_type=JSON)
    kept_until: datetime = Field(sa_type=UtcDateTime, index=True)
