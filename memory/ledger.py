"""The ledger in SQL: the authoritative record of every effect.

Every method is one transaction. The row is locked when it is read (`SELECT … FOR UPDATE`;
`BEGIN IMMEDIATE` on SQLite), the rules are `contracts.ledger` and `contracts.dispatch`, and every
write compares the state and the last call that the rules saw: two processes can never both move it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import JsonValue
from sqlmodel import Session, select

from contracts.dispatch import (
    Choice,
    Dispatch,
    Next,
    absence_proved_from,
    choose,
    open_calls,
    surely_over,
)
from contracts.effect import EffectOrder, EffectReceipt, EffectState
from contracts.failure import FailureClass, PermitRefused
from contracts.ledger import CallOutcome, LedgerCall
from contracts.manifest import Idempotency, Manifest, Operation
from memory.alike import claim_from, is_taken, lock_unresolved, taken
from memory.database import writing
from memory.ledger_rows import (
    end_call,
    intend,
    keep_call,
    keep_look_up,
    lock,
    locked,
    move,
    settle,
    settle_calls,
)
from memory.ledger_view import LedgerView, calls_of, receipt_of
from memory.permits import check_permit, check_same, redeem, write_operation
from memory.tables.ledger import EffectRow

LOOK_AGAIN = timedelta(seconds=0.5)
"""When another process moved the row, or took what was found: soon, but not at once."""
CLOCK_DIFFERENCE = timedelta(minutes=1)
"""How far the outside system's clock may lag behind ours before a look-up misses its own effect."""
AT_REST = (EffectState.APPLIED, EffectState.FAILED, EffectState.COMPENSATED)


class Sent(Protocol):
    """What a call or a look-up brought back."""

    @property
    def reference(self) -> str | None:
        """The outside system's own id."""

    @property
    def result(self) -> dict[str, JsonValue]:
        """The declared result fields."""


class SqlLedger(LedgerView):
    """`activities.ports.Ledger` on the authoritative database."""

    def begin(self, order: EffectOrder, manifest: Manifest, policy_version: str, now: datetime) -> Dispatch:
        """Check and redeem the permit, write the row, and say what may be done about it now.

        Raises:
            PermitRefused: the permit does not cover the order, or its key was begun with another.
        """
        operation = write_operation(order, manifest)
        with writing(self._engine) as session:
            row = lock(session, order.key)
            if row is None:
                refusal = _refusal(session, order, manifest, policy_version, now)
                if refusal is None and intend(session, order, manifest, _idempotency(operation), now):
                    redeem(session, order, now)
                    return _first_call(session, order, now)
                # Refused, or beaten to it: another process may have begun this very effect meanwhile.
                row = lock(session, order.key)
                if row is None:
                    raise refusal or PermitRefused("redeemed", "another effect was begun under it")
            check_same(row, order)
            if row.permit_id != order.permit_id and EffectState(row.state) not in AT_REST:
                check_permit(session, order, manifest, policy_version, now)
            return _next(session, row, operation, now)

    def found_absent(
        self, key: str, last_call: int, manifest: Manifest, *, looked_at: datetime, now: datetime
    ) -> Dispatch:
        """Say what may be done after a look-up that began at `looked_at` found nothing.

        The open calls are proved absent only if the look-up began late enough, and nobody has
        called since (`last_call`).
        """
        with writing(self._engine) as session:
            row = locked(session, key)
            calls = calls_of(session, key)
            if EffectState(row.state) in AT_REST:
                return _done(row)
            if row.last_call != last_call or not open_calls(calls):
                return _wait(row, now + LOOK_AGAIN)
            operation = manifest.operations[row.operation]
            proved_from = absence_proved_from(calls, operation.latency)
            proved = looked_at >= proved_from
            outcome = CallOutcome.ABSENT if proved else CallOutcome.NOTHING_YET
            keep_look_up(session, row, calls, outcome, now, began_at=looked_at)
            if not proved:
                return _wait(row, proved_from)
            settle_calls(session, key, open_calls(calls), "absent")
            return _next(session, row, operation, now)

    def found(self, key: str, manifest: Manifest, sent: Sent, now: datetime) -> Dispatch:
        """Settle the row as applied by look-up, unless what was found may be another effect's.

        Where two effects cannot be told apart, a claim waits (`memory.alike.claim_from`).
        """
        with writing(self._engine) as session:
            seen = session.get(EffectRow, key)
            alike = lock_unresolved(session, seen.likeness) if seen else ()
            row = locked(session, key)
            if EffectState(row.state) in AT_REST:
                return _done(row)
            waits_until = claim_from(session, row, alike, manifest.operations[row.operation])
            if waits_until is not None and now < waits_until:
                return _wait(row, waits_until)
            if sent.reference is not None and is_taken(session, row, sent.reference):
                return _wait(row, now + LOOK_AGAIN)
            calls = calls_of(session, key)
            keep_look_up(session, row, calls, CallOutcome.FOUND, now, why=f"found as {sent.reference}")
            settle_calls(session, key, open_calls(calls), "found")
            _apply(session, row, sent, now, looked_up=True)
            return _done(row)

    def look_up_failed(self, key: str, why: str, now: datetime) -> None:
        """Keep that a look-up gave no answer."""
        with writing(self._engine) as session:
            row = locked(session, key)
            keep_look_up(session, row, calls_of(session, key), CallOutcome.AMBIGUOUS, now, why=why)

    def answered(self, key: str, call: int, sent: Sent, now: datetime) -> EffectReceipt:
        """Settle the row as applied by the answer to call `call`, however late it comes."""
        with writing(self._engine) as session:
            row = locked(session, key)
            why = f"answered {sent.reference or ''}".rstrip()
            end_call(session, key, call, outcome=CallOutcome.ANSWERED, why=why, now=now)
            if EffectState(row.state) in (EffectState.SENT, EffectState.UNKNOWN):
                if row.attempts > 1:
                    settle_calls(session, key, open_calls(calls_of(session, key)), "answer")
                _apply(session, row, sent, now, looked_up=False)
            return receipt_of(row)

    def call_failed(
        self, key: str, call: int, *, manifest: Manifest, failure: FailureClass, why: str, now: datetime
    ) -> EffectReceipt:
        """Keep how call `call` failed; a final failure settles the row if no other call is open.

        Under a native key the system's answer speaks for every call with that key.
        """
        with writing(self._engine) as session:
            row = locked(session, key)
            end_call(session, key, call, outcome=CallOutcome(failure.value), why=why, now=now)
            final = failure == FailureClass.NOT_APPLIED_FINAL and row.last_call == call
            if not final or EffectState(row.state) in AT_REST:
                return receipt_of(row)
            others = open_calls(calls_of(session, key))
            native = _idempotency(manifest.operations[row.operation]).kind == "native_key"
            if native:
                settle_calls(session, key, others, "answer")
            if native or not others:
                settle(session, row, EffectState.FAILED, now, reason=why)
            return receipt_of(row)

    def give_up(self, order: EffectOrder, why: str, now: datetime) -> EffectReceipt:
        """End the pursuit: `failed` if no call can have been applied, else `unknown`.

        An effect that was never begun is written as `failed`, so that no straggler begins it later.
        """
        with writing(self._engine) as session:
            row = lock(session, order.key)
            if row is None:
                intend(session, order, None, Idempotency(kind="none"), now)
                row = locked(session, order.key)
            state = EffectState(row.state)
            if state in AT_REST or state == EffectState.UNKNOWN:
                return receipt_of(row)
            end = EffectState.UNKNOWN if open_calls(calls_of(session, order.key)) else EffectState.FAILED
            settle(session, row, end, now, reason=why)
            return receipt_of(row)

    def resolve(self, key: str, applied: Sent | None, why: str, now: datetime) -> EffectReceipt:
        """Settle an `unknown` row from what a person or the reconciler saw; None: not applied.

        Raises:
            ForbiddenMove: the row is not `unknown` (an `applied` row stays applied, quietly).
        """
        with writing(self._engine) as session:
            row = locked(session, key)
            if applied is not None and EffectState(row.state) == EffectState.APPLIED:
                return receipt_of(row)
            settle_calls(session, key, open_calls(calls_of(session, key)), "person")
            if applied is None:
                settle(session, row, EffectState.FAILED, now, reason=why)
            else:
                _apply(session, row, applied, now, looked_up=True, reason=why)
            return receipt_of(row)


def _idempotency(operation: Operation) -> Idempotency:
    return operation.idempotency or Idempotency(kind="none")


def _refusal(
    session: Session, order: EffectOrder, manifest: Manifest, policy_version: str, now: datetime
) -> PermitRefused | None:
    try:
        check_permit(session, order, manifest, policy_version, now)
        _check_undo(session, order, manifest)
    except PermitRefused as refused:
        return refused
    return None


def _check_undo(session: Session, order: EffectOrder, manifest: Manifest) -> None:
    """Let a compensation pass only for an applied effect of the same case that it really undoes."""
    if order.compensates is None:
        return
    undone = lock(session, order.compensates)
    if undone is None or undone.case_id != order.case_id:
        raise PermitRefused("compensates", f"this case has no effect {order.compensates}")
    declared = manifest.operations.get(undone.operation)
    undoes = declared is not None and declared.compensation == order.effect.operation
    if undone.connector != order.effect.connector or not undoes:
        raise PermitRefused("compensates", f"{order.effect.operation} does not undo {undone.operation}")
    if undone.state != EffectState.APPLIED:
        raise PermitRefused("compensates", f"what it undoes is {undone.state}, not applied")
    if begun := session.exec(select(EffectRow.key).where(EffectRow.compensates == undone.key)).first():
        raise PermitRefused("compensates", f"{begun} undoes it already")


def _next(session: Session, row: EffectRow, operation: Operation, now: datetime) -> Dispatch:
    calls = calls_of(session, row.key)
    state, idempotency = EffectState(row.state), _idempotency(operation)
    match choose(state, calls, idempotency, operation.latency, now):
        case Choice.DONE:
            return _done(row)
        case Choice.SEND:
            return _mark(session, row, calls, now)
        case Choice.WAIT:
            return _wait(row, surely_over(calls, operation.latency))
        case Choice.LOOK_UP:
            return Dispatch(
                next=Next.LOOK_UP,
                receipt=receipt_of(row),
                call=row.last_call,
                sent_at=min(call.started_at for call in open_calls(calls)) - CLOCK_DIFFERENCE,
                taken=taken(session, row),
            )
        case Choice.UNKNOWN:
            if state != EffectState.UNKNOWN:
                reason = "the answer was lost and this system cannot be asked; a person must look"
                settle(session, row, EffectState.UNKNOWN, now, reason=reason)
            return _done(row)


def _first_call(session: Session, order: EffectOrder, now: datetime) -> Dispatch:
    """Put the first send of a fresh row under way; the row was written as sent, to save a statement."""
    keep_call(session, order.key, 1, "send", outcome=CallOutcome.UNDER_WAY.value, started_at=now)
    receipt = EffectReceipt(key=order.key, state=EffectState.SENT, attempts=1)
    return Dispatch(next=Next.SEND, receipt=receipt, call=1)


def _mark(session: Session, row: EffectRow, calls: Sequence[LedgerCall], now: datetime) -> Dispatch:
    """Put a further send under way, for this caller alone."""
    number = max((call.number for call in calls), default=0) + 1
    changes = {"attempts": row.attempts + 1, "last_call": number, "sent_at": row.sent_at or now}
    move(session, row, EffectState.SENT, now, **changes)
    keep_call(session, row.key, number, "send", outcome=CallOutcome.UNDER_WAY.value, started_at=now)
    return Dispatch(next=Next.SEND, receipt=receipt_of(row), call=number)


def _done(row: EffectRow) -> Dispatch:
    return Dispatch(next=Next.DONE, receipt=receipt_of(row), call=row.last_call)


def _wait(row: EffectRow, not_before: datetime) -> Dispatch:
    return Dispatch(next=Next.WAIT, receipt=receipt_of(row), call=row.last_call, not_before=not_before)


def _apply(
    session: Session, row: EffectRow, sent: Sent, now: datetime, *, looked_up: bool, reason: str | None = None
) -> None:
    """Settle a row as applied; what it undoes becomes compensated in the same transaction."""
    settle(
        session,
        row,
        EffectState.APPLIED,
        now,
        reason=reason,
        outside_reference=sent.reference,
        result=sent.result,
        looked_up=looked_up,
    )
    if row.compensates is not None:
        undone = locked(session, row.compensates)
        if undone.state == EffectState.APPLIED:
            settle(session, undone, EffectState.COMPENSATED, now, reason=f"undone by {row.key}")
