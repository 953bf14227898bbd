"""Semantic memory's truth: the text and its standing, and which vectors do not yet agree with it."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Integer, Text
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class MemoryRow(SQLModel, table=True):
    """One passage or fact.

    A row is *live*, and has a vector in every collection, while `retired_at` is empty. What a
    correction replaced stays on record with the id of its successor.
    """

    __tablename__ = "memories"
    __table_args__ = (
        Index("memories_by_source", "source"),
        Index("memories_by_customer", "customer"),
        Index("memories_by_case", "case_id"),
        Index("memories_by_kind", "kind", "retired_at"),
    )

    id: str = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    kind: str
    source: str
    case_id: str = ""
    customer: str = ""
    at: datetime = Field(sa_type=UtcDateTime)
    valid_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    supersedes: str | None = None
    superseded_by: str | None = None
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    written_at: datetime = Field(sa_type=UtcDateTime)


class MemoryMark(SQLModel, table=True):
    """In this collection, this memory's vector may not agree with its row; it must be looked at.

    A mark is written in the transaction that changes the row and removed after the vector store
    has taken the change. Numbers are never used twice: removing a mark that was read can never
    remove one that came later.
    """

    __tablename__ = "memory_marks"
    __table_args__ = (
        Index("memory_marks_by_collection", "collection", "number"),
        {"sqlite_autoincrement": True},
    )

    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    collection: str
    memory_id: str


class MemoryCollection(SQLModel, table=True):
    """A set of vectors that one embedder made of the live rows.

    `state` is `building` until it was compared and switched to, then `ready`, and `dropped` once
    its vectors are gone. `loaded_as` is the name the embedder was asked for by (`minilm`, a folder),
    so that a process whose own embedder is another one can load it.
    """

    __tablename__ = "memory_collections"

    name: str = Field(primary_key=True)
    embedder: str
    loaded_as: str
    weights_hash: str
    dimension: int
    state: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class MemoryAlias(SQLModel, table=True):
    """Which collection recall reads (`alias` is `current`), and which one it read before."""

    __tablename__ = "memory_aliases"

    alias: str = Field(primary_key=True)
    collection: str
    previous: str | None = None
    switched_at: datetime = Field(sa_type=UtcDateTime)
