"""Passwords of the staff, where an office lets people sign in by one."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class PasswordRow(SQLModel, table=True):
    """One person's; `digest` is argon2id's, with its salt and its cost."""

    __tablename__ = "passwords"

    person: str = Field(primary_key=True)
    digest: str
    set_at: datetime = Field(sa_type=UtcDateTime)
