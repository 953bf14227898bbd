"""Reading the ledger: one effect, a case's effects, the newest that pass a filter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, and_, func
from sqlmodel import Session, col, select

from contracts.effect import EffectReceipt, EffectState
from contracts.ledger import CallOutcome, LedgerCall, LedgerEntry
from contracts.reconciliation.divergence import DivergenceKind
from memory.authoritative.reconciliation import divergences
from memory.database import reading
from memory.tables.divergences import DivergenceRow
from memory.tables.ledger import EffectCallRow, EffectRow

PAGE = 500
"""Keys in one `IN (…)`: well below the limits of both engines."""


@dataclass(frozen=True)
class EffectFilter:
    """Which effects to list; an empty field filters nothing.

    Attributes:
        since: effects intended at this moment or later.
        limit: at most so many, the newest first.
    """

    case_id: str = ""
    connector: str = ""
    operation: str = ""
    state: EffectState | None = None
    since: datetime | None = None
    limit: int = 50


class LedgerView:
    """The ledger for those who only look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, key: str) -> EffectReceipt | None:
        """Return where an effect stands, or None if it was never intended."""
        with reading(self._engine) as session:
            row = session.get(EffectRow, key)
            return receipt_of(row) if row else None

    def entry(self, key: str) -> LedgerEntry | None:
        """Return one effect with its order and calls, or None if it was never intended."""
        with reading(self._engine) as session:
            row = session.get(EffectRow, key)
            return entry_of(row, calls_of(session, key)) if row else None

    def of_case(self, case_id: str) -> tuple[LedgerEntry, ...]:
        """Return a case's effects, in the order they were begun."""
        query = (
            select(EffectRow)
            .where(col(EffectRow.case_id) == case_id)
            .order_by(col(EffectRow.intended_at), col(EffectRow.key))
        )
        with reading(self._engine) as session:
            return _entries(session, session.exec(query).all())

    def done_after_all(self, case_id: str) -> dict[str, str]:
        """Return a case's effects that were done though they are closed as failed, and nobody has dealt with.

        Returns:
            By effect key, the id of the case that deals with it.
        """
        late = select(DivergenceRow).where(
            col(DivergenceRow.effect_case) == case_id,
            col(DivergenceRow.kind) == DivergenceKind.LATE.value,
            col(DivergenceRow.standing).in_(divergences.UNSETTLED),
        )
        with reading(self._engine) as session:
            found = [divergences.divergence_of(row) for row in session.exec(late)]
        return {one.effect_key: divergences.case_id(one) for one in found}

    def beginning_with(self, key: str, limit: int) -> tuple[LedgerEntry, ...]:
        """Return the effects whose keys begin so; an exact key is returned alone."""
        if exact := self.entry(key):
            return (exact,)
        query = (
            select(EffectRow)
            .where(col(EffectRow.key).startswith(key, autoescape=True))
            .order_by(col(EffectRow.key))
            .limit(limit)
        )
        with reading(self._engine) as session:
            return _entries(session, session.exec(query).all())

    def newest(self, wanted: EffectFilter) -> tuple[LedgerEntry, ...]:
        """Return the effects that pass the filter, the newest intended first."""
        order = (col(EffectRow.intended_at).desc(), col(EffectRow.key))
        query = select(EffectRow).order_by(*order).limit(wanted.limit)
        for column, value in (
            (col(EffectRow.case_id), wanted.case_id),
            (col(EffectRow.connector), wanted.connector),
            (col(EffectRow.operation), wanted.operation),
            (col(EffectRow.state), wanted.state.value if wanted.state else ""),
        ):
            if value:
                query = query.where(column == value)
        if wanted.since is not None:
            query = query.where(col(EffectRow.intended_at) >= wanted.since)
        with reading(self._engine) as session:
            return _entries(session, session.exec(query).all())

    def count(self) -> dict[EffectState, int]:
        """Return how many effects there are in each state."""
        query = select(col(EffectRow.state), func.count()).group_by(col(EffectRow.state))
        with reading(self._engine) as session:
            return {EffectState(state): count for state, count in session.exec(query)}

    def held_up(self, limit: int = 500) -> tuple[LedgerEntry, ...]:
        """Return effects that wait: their last send was not let through, and they will try again.

        A secret that is missing or was rotated, a limit that is reached, a system that is away: the
        last call says which. The longest waiting come first.
        """
        last = col(EffectCallRow.number) == col(EffectRow.last_call)
        query = (
            select(EffectRow)
            .join(EffectCallRow, and_(col(EffectCallRow.effect_key) == col(EffectRow.key), last))
            .where(
                col(EffectRow.state) == EffectState.SENT.value,
                col(EffectCallRow.outcome) == CallOutcome.NOT_APPLIED_RETRY.value,
            )
            .order_by(col(EffectRow.intended_at), col(EffectRow.key))
            .limit(limit)
        )
        with reading(self._engine) as session:
            return _entries(session, session.exec(query).all())


def calls_of(session: Session, key: str) -> tuple[LedgerCall, ...]:
    """Return every call made for one effect, in order."""
    query = (
        select(EffectCallRow).where(col(EffectCallRow.effect_key) == key).order_by(col(EffectCallRow.number))
    )
    return tuple(call_of(row) for row in session.exec(query))


def call_of(row: EffectCallRow) -> LedgerCall:
    """Return a call's row as its contract."""
    return LedgerCall.model_validate(row.model_dump(exclude={"effect_key"}))


def receipt_of(row: EffectRow) -> EffectReceipt:
    """Return where a row stands."""
    return EffectReceipt(
        key=row.key,
        state=EffectState(row.state),
        outside_reference=row.outside_reference,
        result=row.result,
        attempts=row.attempts,
        looked_up=row.looked_up,
        reason=row.reason,
    )


def entry_of(row: EffectRow, calls: Sequence[LedgerCall]) -> LedgerEntry:
    """Return a row with its calls as their contract."""
    return LedgerEntry(
        order=row.order,
        receipt=receipt_of(row),
        calls=tuple(calls),
        connector_version=row.connector_version,
        intended_at=row.intended_at,
        sent_at=row.sent_at,
        settled_at=row.settled_at,
    )


def _entries(session: Session, rows: Sequence[EffectRow]) -> tuple[LedgerEntry, ...]:
    calls: dict[str, list[LedgerCall]] = {row.key: [] for row in rows}
    for keys in _pages(list(calls)):
        query = (
            select(EffectCallRow)
            .where(col(EffectCallRow.effect_key).in_(keys))
            .order_by(col(EffectCallRow.number))
        )
        for row in session.exec(query):
            calls[row.effect_key].append(call_of(row))
    return tuple(entry_of(row, calls[row.key]) for row in rows)


def _pages(keys: list[str]) -> Iterable[list[str]]:
    return (keys[start : start + PAGE] for start in range(0, len(keys), PAGE))
