"""Models' answers that may be used again."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class AnswerRow(SQLModel, table=True):
    """One answer by its key, which holds input, model, prompt and policy version.

    Attributes:
        size_bytes: the body's length as JSON.
    """

    __tablename__ = "model_answers"

    key: str = Field(primary_key=True)
    kept_at: datetime = Field(sa_type=UtcDateTime, index=True)
    size_bytes: int = Field(sa_type=BigInteger)
    body: dict[str, Any] = Field(sa_type=JSON)
