"""The append-only log, its signed head, and which rows are older than what it tells."""

from sqlalchemy import BigInteger, Column, Index, Integer, Text
from sqlmodel import Field, SQLModel


class EpisodeRow(SQLModel, table=True):
    """One episode at its position; triggers refuse UPDATE, DELETE and an INSERT anywhere but the end.

    `previous` is the hash of the row before it, `hash` covers this row's content and `previous`.
    Every hashed column is text, `at` too (ISO 8601 in UTC with microseconds, which sorts by time), so
    that what is hashed is byte for byte what is stored, on both engines.
    """

    __tablename__ = "episodes"
    __table_args__ = (Index("episodes_by_case", "case_id", "position"),)

    position: int = Field(
        sa_column=Column(
            BigInteger().with_variant(Integer, "sqlite"),
            primary_key=True,
            autoincrement=False,
            nullable=False,
        )
    )
    id: str = Field(unique=True)
    case_id: str
    kind: str
    at: str
    data: str = Field(sa_type=Text)
    previous: str
    hash: str


class EpisodeHeadRow(SQLModel, table=True):
    """The one row that says how many episodes there are and the last one's hash, signed."""

    __tablename__ = "episode_head"

    id: int = Field(primary_key=True)
    count: int = Field(sa_type=BigInteger)
    hash: str
    at: str = ""
    key_id: str = ""
    signature: str = ""


class UnloggedRow(SQLModel, table=True):
    """A row that was written before the log told of rows; triggers refuse every change of this list.

    `key` is the row's primary key as `memory.episodic.audited.AuditedTable.key` joins it.
    """

    __tablename__ = "unlogged_rows"

    table_name: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
