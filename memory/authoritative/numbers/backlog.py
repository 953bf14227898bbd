"""What our books and the outside world do not agree on, and effects whose end nobody knows."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, and_, literal, or_, select

from contracts.effect import EffectState
from memory.authoritative.numbers.moments import seconds_between
from memory.authoritative.numbers.number import Scope
from memory.authoritative.reconciliation import divergences
from memory.database import table_of
from memory.tables.columns import UtcDateTime
from memory.tables.divergences import DivergenceRow
from memory.tables.ledger import EffectRow

DIVERGENCES, EFFECTS = table_of(DivergenceRow).c, table_of(EffectRow).c
WITHOUT_WORD = timedelta(minutes=5)
"""An effect that was sent so long ago without an answer is in doubt."""
OPEN = DIVERGENCES.standing.in_((divergences.OPEN, divergences.CASE))


def differences(_scope: Scope) -> Select[Any]:
    """Return every open divergence, as one."""
    return select(
        DIVERGENCES.connector,
        DIVERGENCES.kind,
        DIVERGENCES.effect_case.label("case_id"),
        literal(1).label("value"),
    ).where(OPEN)


def stakes(_scope: Scope) -> Select[Any]:
    """Return every open divergence, and the money that it is about."""
    return select(
        DIVERGENCES.connector,
        DIVERGENCES.currency,
        DIVERGENCES.effect_case.label("case_id"),
        DIVERGENCES.at_stake_cents.label("value"),
    ).where(OPEN)


def ages(scope: Scope) -> Select[Any]:
    """Return every open divergence, and how long ago it was found."""
    now = literal(scope.now, UtcDateTime())
    return select(
        DIVERGENCES.connector,
        DIVERGENCES.effect_case.label("case_id"),
        seconds_between(DIVERGENCES.found_at, now).label("value"),
    ).where(OPEN)


def doubts(scope: Scope) -> Select[Any]:
    """Return every effect whose end is unknown, or that was sent and not answered for minutes, as one."""
    silent = and_(EFFECTS.state == EffectState.SENT.value, EFFECTS.sent_at <= scope.now - WITHOUT_WORD)
    return select(EFFECTS.connector, EFFECTS.operation, EFFECTS.case_id, literal(1).label("value")).where(
        or_(EFFECTS.state == EffectState.UNKNOWN.value, silent)
    )
