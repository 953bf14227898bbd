"""The cases that doors let in, and what outside systems told for them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class AdmissionRow(SQLModel, table=True):
    """One case; its columns are the fields of `contracts.admission.Admission`."""

    __tablename__ = "admissions"

    case_id: str = Field(primary_key=True)
    request_hash: str
    by: str
    admitted_at: datetime = Field(sa_type=UtcDateTime)
    run_id: str | None = None
    reopens: bool = False


class OutsideReadRow(SQLModel, table=True):
    """What an outside system told last when it was asked this for a case.

    Attributes:
        arguments_hash: `content_hash` of what it was asked; a customer's address stands nowhere.
        told: by the desk's contract; None if there is no such thing.
    """

    __tablename__ = "outside_reads"

    connector: str = Field(primary_key=True)
    operation: str = Field(primary_key=True)
    arguments_hash: str = Field(primary_key=True)
    told: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    read_at: datetime = Field(sa_type=UtcDateTime)
