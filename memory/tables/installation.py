"""Which installation of Kontor these books are."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class InstallationRow(SQLModel, table=True):
    """The only row: made once, and copied with the books wherever they go."""

    __tablename__ = "installation"

    one: int = Field(default=1, primary_key=True)
    identity: str
    made_at: datetime = Field(sa_type=UtcDateTime)
