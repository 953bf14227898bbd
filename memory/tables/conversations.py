"""Conversations with customers, and their turns."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class ConversationRow(SQLModel, table=True):
    """One conversation, as `contracts.conversation.ConversationRecord`."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("conversations_by_wait", "waits_since"),
        Index("conversations_by_customer", "customer"),
    )

    id: str = Field(primary_key=True)
    customer: str = ""
    owner: str = ""
    waits_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    turns: int = 0
    begun_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class TurnRow(SQLModel, table=True):
    """One turn, as `contracts.conversation.Turn`; a message's id is one turn of its conversation."""

    __tablename__ = "conversation_turns"
    __table_args__ = (
        Index("conversation_turns_by_message", "conversation", "message_id", unique=True),
        Index("conversation_turns_by_time", "at"),
    )

    conversation: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    message_id: str
    said: str = Field(sa_type=Text)
    answer: str = Field(sa_type=Text)
    path: str
    source: str = ""
    memory_id: str = ""
    score: float = 0.0
    by: str = ""
    took_ms: float = 0.0
    at: datetime = Field(sa_type=UtcDateTime)
