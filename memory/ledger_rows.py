"""Writing the ledger's rows, inside a transaction that is open: every move is a compare-and-set."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from contracts.dispatch import likeness
from contracts.effect import EffectOrder, EffectState
from contracts.ledger import CallOutcome, LedgerCall, check_move
from contracts.manifest import Idempotency, Manifest
from memory.tables.ledger import EffectCallRow, EffectRow
from memory.upsert import insert_into


class RowMoved(RuntimeError):
    """A row changed although it was locked; the transaction is rolled back and nothing was sent."""


def lock(session: Session, key: str) -> EffectRow | None:
    """Return an effect's row and keep others from moving it; None if there is none."""
    query = select(EffectRow).where(col(EffectRow.key) == key).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one_or_none()


def locked(session: Session, key: str) -> EffectRow:
    """Return the row of an effect that must be there, as `lock` does."""
    row = lock(session, key)
    if row is None:
        raise KeyError(f"no effect {key} in the ledger")
    return row


def intend(
    session: Session, order: EffectOrder, manifest: Manifest | None, idempotency: Idempotency, now: datetime
) -> bool:
    """Insert the row; False if its key, permit or undone effect stands in the ledger already.

    With a manifest the row is `intended` and at once `sent`, its first call to be kept by the
    caller in this transaction. Without one it is the row of an effect that was given up before it
    was begun: it takes the key and no permit.
    """
    effect, state = order.effect, EffectState.INTENDED
    if manifest is not None:
        check_move(order.key, state, EffectState.SENT)
        state = EffectState.SENT
    sent = state is EffectState.SENT
    inserted = session.execute(
        insert_into(session, EffectRow)
        .values(
            key=order.key,
            case_id=order.case_id,
            step=effect.step,
            connector=effect.connector,
            operation=effect.operation,
            arguments=effect.arguments,
            arguments_hash=effect.arguments_hash,
            amount_cents=effect.amount_cents,
            currency=effect.currency,
            permit_id=order.permit_id if manifest else None,
            compensates=order.compensates if manifest else None,
            connector_version=manifest.connector_version if manifest else "",
            likeness=likeness(order.key, effect, idempotency),
            state=state.value,
            result={},
            attempts=int(sent),
            last_call=int(sent),
            looked_up=False,
            intended_at=now,
            sent_at=now if sent else None,
            updated_at=now,
        )
        .on_conflict_do_nothing()
        .returning(col(EffectRow.key))
    )
    return inserted.first() is not None


def settle(session: Session, row: EffectRow, state: EffectState, now: datetime, **changes: Any) -> None:
    """Bring a row to rest in `state`."""
    move(session, row, state, now, settled_at=now, **changes)


def move(session: Session, row: EffectRow, state: EffectState, now: datetime, **changes: Any) -> None:
    """Move a row by compare-and-set, as the state machine allows."""
    check_move(row.key, EffectState(row.state), state)
    values = {"state": state.value, "updated_at": now, **changes}
    moved = session.execute(
        update(EffectRow)
        .where(
            col(EffectRow.key) == row.key,
            col(EffectRow.state) == row.state,
            col(EffectRow.last_call) == row.last_call,
        )
        .values(**values)
        .returning(col(EffectRow.key))
        .execution_options(synchronize_session=False)
    )
    if moved.first() is None:
        raise RowMoved(row.key)
    for name, value in values.items():
        set_committed_value(row, name, value)


def keep_call(
    session: Session,
    key: str,
    number: int,
    kind: Literal["send", "look-up"],
    **values: Any,
) -> None:
    """Write the line of one call."""
    session.execute(
        insert_into(session, EffectCallRow).values(
            effect_key=key, number=number, kind=kind, **({"why": ""} | values)
        )
    )


def keep_look_up(
    session: Session,
    row: EffectRow,
    calls: Sequence[LedgerCall],
    outcome: CallOutcome,
    now: datetime,
    *,
    why: str = "",
    began_at: datetime | None = None,
) -> None:
    """Write the line of a look-up that ended now with `outcome`."""
    number = max((call.number for call in calls), default=0) + 1
    line = {"outcome": outcome.value, "started_at": began_at or now, "ended_at": now, "why": why}
    keep_call(session, row.key, number, "look-up", **line)


def end_call(session: Session, key: str, call: int, *, outcome: CallOutcome, why: str, now: datetime) -> None:
    """Keep how a send ended."""
    session.execute(
        update(EffectCallRow)
        .where(col(EffectCallRow.effect_key) == key, col(EffectCallRow.number) == call)
        .values(outcome=outcome.value, why=why, ended_at=now)
    )


def settle_calls(
    session: Session,
    key: str,
    calls: Sequence[LedgerCall],
    settled_by: Literal["found", "absent", "answer", "person"],
) -> None:
    """Keep what made these open calls certain."""
    if calls:
        session.execute(
            update(EffectCallRow)
            .where(
                col(EffectCallRow.effect_key) == key,
                col(EffectCallRow.number).in_([call.number for call in calls]),
            )
            .values(settled_by=settled_by)
        )
