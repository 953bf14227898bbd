"""Writing the ledger's rows, inside a transaction that is open: every move is a compare-and-set."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import Executable, bindparam, insert, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from contracts.connector import Idempotency, Manifest
from contracts.effect import EffectOrder, EffectReceipt, EffectState, OutsideResult
from contracts.ledger import CallOutcome, LedgerCall, check_move, equivalence_key
from memory.database import dialect_of, insert_for, table_of
from memory.episodic.audited import AUDITED
from memory.episodic.journal import Books
from memory.tables.ledger import EffectCallRow, EffectRow

EFFECTS = table_of(EffectRow).c
CALLS = table_of(EffectCallRow).c
MOVE = (
    update(table_of(EffectRow))
    .where(
        EFFECTS.key == bindparam("of_key"),
        EFFECTS.state == bindparam("from_state"),
        EFFECTS.last_call == bindparam("from_call"),
    )
    .returning(EFFECTS.case_id)
)
FIRST_ANSWER = MOVE.where(EFFECTS.attempts == 1, EFFECTS.compensates.is_(None))
UNSET = dict.fromkeys(("outside_reference", "reason", "settled_at"))
"""What the row of a fresh effect does not hold yet."""
KEEP_CALL = insert(table_of(EffectCallRow))
END_CALL = (
    update(table_of(EffectCallRow))
    .where(CALLS.effect_key == bindparam("of_key"), CALLS.number == bindparam("of_call"))
    .returning(CALLS.number)
)


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
    session: Books, order: EffectOrder, manifest: Manifest | None, idempotency: Idempotency, now: datetime
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
    values = {
        "key": order.key,
        "case_id": order.case_id,
        "step": effect.step,
        "connector": effect.connector,
        "operation": effect.operation,
        "arguments": effect.arguments,
        "arguments_hash": effect.arguments_hash,
        "amount_cents": effect.amount_cents,
        "currency": effect.currency,
        "permit_id": order.permit_id if manifest else None,
        "compensates": order.compensates if manifest else None,
        "connector_version": manifest.connector_version if manifest else "",
        "likeness": equivalence_key(order.key, effect, idempotency),
        "state": state.value,
        "result": {},
        "attempts": int(sent),
        "last_call": int(sent),
        "looked_up": False,
        "intended_at": now,
        "sent_at": now if sent else None,
        "updated_at": now,
    }
    if session.execute(_intend(dialect_of(session)), values).first() is None:
        return False
    session.wrote(EffectRow, order.case_id, values | UNSET)
    return True


@cache
def _intend(dialect: str) -> Executable:
    return insert_for(dialect, EffectRow).on_conflict_do_nothing().returning(EFFECTS.key)


def settle_first_answer(
    session: Books, key: str, call: int, sent: OutsideResult, now: datetime
) -> EffectReceipt | None:
    """Settle a row as applied by the answer to its only call, and keep that; None if there is more to it.

    The common case in two statements: the row is `sent`, nothing else was called for it, and it
    undoes no other.
    """
    check_move(key, EffectState.SENT, EffectState.APPLIED)
    values = {
        "state": EffectState.APPLIED.value,
        "outside_reference": sent.reference,
        "result": sent.result,
        "looked_up": False,
        "reason": None,
        "settled_at": now,
        "updated_at": now,
    }
    at = {"of_key": key, "from_state": EffectState.SENT.value, "from_call": call}
    case_id = session.execute(FIRST_ANSWER, values | at).scalar()
    if case_id is None:
        return None
    session.wrote(EffectRow, case_id, values, key)
    answer_call(session, case_id, key, call, sent=sent, now=now)
    return EffectReceipt(
        key=key,
        state=EffectState.APPLIED,
        outside_reference=sent.reference,
        result=sent.result,
        attempts=1,
    )


def settle(session: Books, row: EffectRow, state: EffectState, now: datetime, **changes: Any) -> None:
    """Bring a row to rest in `state`."""
    move(session, row, state, now, settled_at=now, **changes)


def move(session: Books, row: EffectRow, state: EffectState, now: datetime, **changes: Any) -> None:
    """Move a row by compare-and-set, as the state machine allows."""
    check_move(row.key, EffectState(row.state), state)
    values = {"state": state.value, "updated_at": now, **changes}
    at = {"of_key": row.key, "from_state": row.state, "from_call": row.last_call}
    if session.execute(MOVE, values | at).first() is None:
        raise RowMoved(row.key)
    session.wrote(EffectRow, row.case_id, values, row.key)
    for name, value in values.items():
        set_committed_value(row, name, value)


def keep_call(
    session: Books,
    case_id: str,
    key: str,
    number: int,
    kind: Literal["send", "look-up"],
    **values: Any,
) -> None:
    """Write the line of one call."""
    line = {"effect_key": key, "number": number, "kind": kind, "why": ""} | values
    session.execute(KEEP_CALL, line)
    session.wrote(EffectCallRow, case_id, {"ended_at": None, "settled_by": None} | line)


def keep_look_up(
    session: Books,
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
    keep_call(session, row.case_id, row.key, number, "look-up", **line)


def answer_call(
    session: Books, case_id: str, key: str, call: int, *, sent: OutsideResult, now: datetime
) -> None:
    """Keep that a send was answered."""
    why = f"answered {sent.reference or ''}".rstrip()
    end_call(session, case_id, key, call, outcome=CallOutcome.ANSWERED, why=why, now=now)


def end_call(
    session: Books, case_id: str, key: str, call: int, *, outcome: CallOutcome, why: str, now: datetime
) -> None:
    """Keep how a send ended."""
    values = {"outcome": outcome.value, "why": why, "ended_at": now}
    if session.execute(END_CALL, values | {"of_key": key, "of_call": call}).first() is not None:
        session.wrote(EffectCallRow, case_id, values, call_key(key, call))


def settle_calls(
    session: Books,
    row: EffectRow,
    calls: Sequence[LedgerCall],
    settled_by: Literal["found", "absent", "answer", "person"],
) -> None:
    """Keep what made these open calls certain."""
    if calls:
        session.execute(
            update(EffectCallRow)
            .where(
                col(EffectCallRow.effect_key) == row.key,
                col(EffectCallRow.number).in_([call.number for call in calls]),
            )
            .values(settled_by=settled_by)
        )
    for call in calls:
        values = {"settled_by": settled_by}
        session.wrote(EffectCallRow, row.case_id, values, call_key(row.key, call.number))


def call_key(effect: str, number: int) -> str:
    """Return the key of a call's row as one text, as the log names it."""
    return AUDITED[EffectCallRow].key({"effect_key": effect, "number": number})
