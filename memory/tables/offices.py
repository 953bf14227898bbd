"""Offices by their content, and the releases that put one of them in force."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class OfficeFileRow(SQLModel, table=True):
    """The content of a file, once, however many versions have it; `digest` is its SHA-256."""

    __tablename__ = "office_files"

    digest: str = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)


class OfficeVersionRow(SQLModel, table=True):
    """One version of an office: `files` are digests by path."""

    __tablename__ = "office_versions"

    version: str = Field(primary_key=True)
    files: dict[str, Any] = Field(sa_type=JSON)


class OfficeReleaseRow(SQLModel, table=True):
    """One release; its columns are the fields of `contracts.office.Release`."""

    __tablename__ = "office_releases"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version: str
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
    changes: dict[str, Any] = Field(sa_type=JSON)
    note: str = ""
    anyway: bool = False
    problems: list[str] = Field(default_factory=list, sa_type=JSON)
