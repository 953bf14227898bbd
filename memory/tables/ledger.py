"""The tables of effects, of every call made for them, and of permits."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from contracts.effect import EffectOrder, EffectState, ProposedEffect
from memory.tables.columns import UtcDateTime

STATES = ", ".join(f"'{state.value}'" for state in EffectState)


class EffectRow(SQLModel, table=True):
    """One effect; its key is unique, and so are its permit and what it undoes.

    Attributes:
        permit_id: empty only where the effect was given up before it was begun.
        likeness: `contracts.ledger.equivalence_key`: equal for effects that a look-up cannot tell apart.
        attempts: how many sends were marked.
        last_call: number of the last send; every further send compares and sets it.
    """

    __tablename__ = "effects"
    __table_args__ = (
        CheckConstraint(f"state IN ({STATES})", name="effects_state"),
        Index("effects_by_likeness", "likeness", "state"),
        Index("effects_by_reference", "connector", "outside_reference"),
        Index("effects_by_state", "state", "updated_at"),
        Index("effects_by_change", "connector", "updated_at"),
        Index("effects_by_case", "case_id", "state"),
    )

    key: str = Field(primary_key=True)
    case_id: str
    step: str
    connector: str
    operation: str
    arguments: dict[str, Any] = Field(sa_type=JSON)
    arguments_hash: str
    amount_cents: int = Field(sa_type=BigInteger)
    currency: str
    permit_id: str | None = Field(default=None, unique=True)
    compensates: str | None = Field(default=None, unique=True, foreign_key="effects.key")
    connector_version: str
    likeness: str
    state: str
    outside_reference: str | None = None
    result: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    attempts: int = 0
    last_call: int = 0
    looked_up: bool = False
    reason: str | None = None
    intended_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def order(self) -> EffectOrder:
        """What the row was begun with."""
        effect = ProposedEffect(
            step=self.step,
            connector=self.connector,
            operation=self.operation,
            arguments=self.arguments,
            amount_cents=self.amount_cents,
            currency=self.currency,
        )
        return EffectOrder(
            case_id=self.case_id,
            key=self.key,
            effect=effect,
            permit_id=self.permit_id or "",
            compensates=self.compensates,
        )


class EffectCallRow(SQLModel, table=True):
    """One call made for an effect; see `contracts.ledger.LedgerCall`."""

    __tablename__ = "effect_attempts"
    __table_args__ = (Index("effect_attempts_by_time", "started_at"),)

    effect_key: str = Field(primary_key=True, foreign_key="effects.key")
    number: int = Field(primary_key=True)
    kind: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str
    settled_by: str | None = None
    why: str = ""


class PermitRow(SQLModel, table=True):
    """Leave to execute one effect; redeemed at most once, by one key.

    Attributes:
        amount_cents: the money that may move; None where it was issued before permits said so.
        currency: of that money.
    """

    __tablename__ = "permits"

    id: str = Field(primary_key=True)
    effect_key: str = Field(index=True)
    case_id: str = Field(index=True)
    connector: str
    operation: str
    arguments_hash: str
    connector_version: str
    policy_version: str
    office_version: str
    basis: str
    amount_cents: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = None
    expires_at: datetime = Field(sa_type=UtcDateTime)
    redeemed_by: str | None = None
    redeemed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
