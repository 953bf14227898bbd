"""Mails that came in: their bytes for a while, where each belongs, and their numbers in mailboxes."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime


class MailRow(SQLModel, table=True):
    """One mail by the digest of its bytes, as `mail.arrival.KeptMail`.

    Attributes:
        content: `mail.message.Mail.content`; empty for what was not read.
        stem: its subject, to be compared.
        answers: the Message-IDs that it refers to.
        raw: its bytes until `kept_until`; None after that, when its words were forgotten, and for a copy.
        moves: how often a person took it out of a conversation.
    """

    __tablename__ = "mails"
    __table_args__ = (
        Index("mails_by_digest", "digest", unique=True),
        Index("mails_by_message_id", "message_id"),
        Index("mails_by_content", "content"),
        Index("mails_by_conversation", "conversation"),
        Index("mails_by_kept", "kept_until"),
    )

    number: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True, nullable=False
        ),
    )
    digest: str
    mailbox: str
    fate: str
    why: str
    arrived_at: datetime = Field(sa_type=UtcDateTime)
    content: str = ""
    message_id: str = ""
    sender: str = ""
    subject: str = ""
    stem: str = ""
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    size: int = Field(default=0, sa_type=BigInteger)
    same_as: str = ""
    thread: str = ""
    conversation: str = ""
    joined_by: str = ""
    answers: list[str] = Field(default_factory=list, sa_type=JSON)
    linked: list[str] = Field(default_factory=list, sa_type=JSON)
    contested: bool = False
    machine: str = ""
    proof: str = ""
    moved: str = ""
    moves: int = 0
    kept_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    raw: bytes | None = Field(default=None, sa_type=LargeBinary)


class MailWordRow(SQLModel, table=True):
    """What a mail is found by.

    Attributes:
        kind: `writer` and `person` (an address), `key` (what it states); of the mail that a conversation may
            begin with also its `tag` and the `token` of its reply address.
    """

    __tablename__ = "mail_words"
    __table_args__ = (Index("mail_words_by_word", "kind", "word"),)

    digest: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    word: str = Field(primary_key=True)


class MailboxUidRow(SQLModel, table=True):
    """One number of a mailbox, and the mail that lies there."""

    __tablename__ = "mailbox_uids"

    mailbox: str = Field(primary_key=True)
    validity: int = Field(primary_key=True, sa_type=BigInteger)
    uid: int = Field(primary_key=True, sa_type=BigInteger)
    digest: str
    found_at: datetime = Field(sa_type=UtcDateTime)
