"""The queue of waiting approvals, their answers, signed links, and what each person has seen listed."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field, SQLModel

from memory.tables.columns import UtcDateTime

WAITING = "waiting"
"""`ApprovalRow.status` of a request without an end; afterwards it is the outcome."""


class ApprovalRow(SQLModel, table=True):
    """One request; `request` is the whole `contracts.approval.ApprovalRequest`.

    The columns beside it are what lists and counts of overrides filter by.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        Index("approvals_waiting", "status", "requested_at"),
        Index("approvals_by_case", "case_id", "step"),
        Index("approvals_closed", "closed_at"),
    )

    id: str = Field(primary_key=True)
    case_id: str
    desk: str
    step: str
    status: str = WAITING
    what: str
    asked_by: str
    amount_cents: int = Field(sa_type=BigInteger)
    currency: str
    arguments_hash: str
    policies: list[str] = Field(sa_type=JSON)
    roles: list[str] = Field(sa_type=JSON)
    needed: int
    policy_version: str
    office_version: str
    by_model: str = ""
    connectors: dict[str, str] = Field(sa_type=JSON)
    requested_at: datetime = Field(sa_type=UtcDateTime)
    deadline: datetime = Field(sa_type=UtcDateTime)
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    level: int = 0
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    agreed_cents: int | None = Field(default=None, sa_type=BigInteger)
    approval: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    request: dict[str, Any] = Field(sa_type=JSON)


class AnswerRow(SQLModel, table=True):
    """One answer with its standing; never its token. `request_id` is empty if nothing was asked."""

    __tablename__ = "approval_answers"
    __table_args__ = (
        Index("approval_answers_by_request", "request_id", "position"),
        Index("approval_answers_by_time", "at"),
    )

    id: str = Field(primary_key=True)
    request_id: str
    position: int
    case_id: str
    person: str
    choice: str
    standing: str
    why: str
    on_behalf_of: str = ""
    verdict_id: str = ""
    token_id: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)
    answer: dict[str, Any] | None = Field(default=None, sa_type=JSON)


class ApprovalTokenRow(SQLModel, table=True):
    """A signed link that was made; the link itself, a secret, is not kept.

    Attributes:
        presented_as: hash of the answer that it was shown with at the door.
        redeemed_by: the answer that used it up.
    """

    __tablename__ = "approval_tokens"
    __table_args__ = (Index("approval_tokens_by_request", "request_id", "person"),)

    id: str = Field(primary_key=True)
    request_id: str
    person: str
    arguments_hash: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    presented_as: str | None = None
    redeemed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    redeemed_by: str | None = None


class ApprovalListingRow(SQLModel, table=True):
    """A request as it was last listed to a person: what a bulk answer may touch.

    Attributes:
        listed_at: when they first saw it with these arguments.
        first_listed_at: when they first saw it; None where that is not known.
    """

    __tablename__ = "approval_listings"

    person: str = Field(primary_key=True)
    request_id: str = Field(primary_key=True)
    arguments_hash: str
    listed_at: datetime = Field(sa_type=UtcDateTime)
    first_listed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AttentionRow(SQLModel, table=True):
    """One look of a person at a request.

    Attributes:
        left_at: when they turned to something else; None if nobody saw that.
        visible_seconds: how long it was in sight, where the door can tell.
    """

    __tablename__ = "attention"

    request_id: str = Field(primary_key=True)
    person: str = Field(primary_key=True)
    shown_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    visible_seconds: float | None = None
