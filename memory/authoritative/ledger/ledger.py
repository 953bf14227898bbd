"""The ledger in SQL: the authoritative record of every effect.

Every method is one transaction. The row is locked when it is read (`SELECT … FOR UPDATE`;
`BEGIN IMMEDIATE` on SQLite), the rules are `contracts.ledger`, and every
write compares the state and the last call that the rules saw: two processes can never both move it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlmodel import Session, select

from contracts.base import text_hash
from contracts.case import Episode
from contracts.connector import Idempotency, Manifest, Operation
from contracts.effect import EffectOrder, EffectReceipt, EffectState, OutsideResult
from contracts.failure import FailureClass, PermitRefused
from contracts.ledger import (
    CallOutcome,
    Choice,
    Dispatch,
    LedgerCall,
    Next,
    absence_proved_from,
    choose,
    open_calls,
    refusal,
    refused_for_good,
    surely_over,
)
from memory.authoritative.ledger.lookalikes import claim_from, is_taken, lock_unresolved, taken
from memory.authoritative.ledger.permits import check_permit, check_same, redeem, write_operation
from memory.authoritative.ledger.rows import (
    answer_call,
    end_call,
    intend,
    keep_call,
    keep_look_up,
    lock,
    locked,
    move,
    settle,
    settle_calls,
    settle_first_answer,
)
from memory.authoritative.ledger.surplus import keep_surplus
from memory.authoritative.ledger.view import LedgerView, calls_of, receipt_of
from memory.episodic.journal import Books, Journal
from memory.tables.ledger import EffectRow

LOOK_AGAIN = timedelta(seconds=0.5)
"""When another process moved the row, or took what was found: soon, but not at once."""
MOVED = frozenset({"expired", "connector-version", "policy-version"})
"""Why a permit is refused that was good: it is asked for again."""
CLOCK_DIFFERENCE = timedelta(minutes=1)
"""How far the outside system's clock may lag behind ours before a look-up misses its own effect."""


class SqlLedger(LedgerView):
    """The authoritative record of every effect; each method is one transaction."""

    def __init__(self, journal: Journal) -> None:
        """Keep what the books are written by."""
        super().__init__(journal.engine)
        self._journal = journal

    def begin(self, order: EffectOrder, manifest: Manifest, policy_version: str, now: datetime) -> Dispatch:
        """Check and redeem the permit, write the row, and say what may be done about it now.

        Raises:
            PermitRefused: the permit does not cover the order, or its key was begun with another; the log
                says so, unless the world moved since it was issued.
        """
        try:
            return self._begin(order, manifest, policy_version, now)
        except PermitRefused as refused:
            if refused.reason not in MOVED:
                self._journal.append([_refused(order, refused, now)])
            raise

    def _begin(self, order: EffectOrder, manifest: Manifest, policy_version: str, now: datetime) -> Dispatch:
        operation = write_operation(order, manifest)
        with self._journal.writing("an effect is begun", now) as session:
            row = lock(session, order.key) if order.compensates else None
            if row is None:
                refusal = _undo_refusal(session, order, manifest, policy_version, now)
                if refusal is None and intend(session, order, manifest, _idempotency(operation), now):
                    redeem(session, order, manifest, policy_version, now)
                    return _first_call(session, order, now)
                # Refused, begun before, or beaten to it: another process may be ahead of this one.
                row = lock(session, order.key)
                if row is None:
                    if refusal is None:
                        check_permit(session, order, manifest, policy_version, now)
                    raise refusal or PermitRefused("redeemed", "another effect was begun under it")
            check_same(row, order)
            if row.permit_id != order.permit_id and not EffectState(row.state).at_rest:
                check_permit(session, order, manifest, policy_version, now)
            return _next(session, row, operation, now)

    def found_absent(
        self, key: str, last_call: int, manifest: Manifest, *, looked_at: datetime, now: datetime
    ) -> Dispatch:
        """Say what may be done after a look-up that began at `looked_at` found nothing.

        The open calls are proved absent only if the look-up began late enough, and nobody has
        called since (`last_call`).
        """
        with self._journal.writing("a look-up found nothing", now) as session:
            row = locked(session, key)
            calls = calls_of(session, key)
            if EffectState(row.state).at_rest:
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
            settle_calls(session, row, open_calls(calls), "absent")
            if refused := refusal(calls):
                why = f"{refused.why}; no earlier call was applied, a look-up shows"
                settle(session, row, EffectState.FAILED, now, reason=why)
                return _done(row)
            return _next(session, row, operation, now)

    def found_taken(
        self, key: str, last_call: int, manifest: Manifest, why: str, *, looked_at: datetime, now: datetime
    ) -> Dispatch:
        """Say what may be done after a look-up that found something else at our address.

        Once no call of ours can be on its way any more, nothing is sent over it: whether ours was
        never made or was changed there since, only a person can see.
        """
        with self._journal.writing("a look-up found something else", now) as session:
            row = locked(session, key)
            calls, state = calls_of(session, key), EffectState(row.state)
            if state.at_rest:
                return _done(row)
            if row.last_call != last_call or not open_calls(calls):
                return _wait(row, now + LOOK_AGAIN)
            keep_look_up(session, row, calls, CallOutcome.TAKEN, now, began_at=looked_at, why=why)
            proved_from = absence_proved_from(calls, manifest.operations[row.operation].latency)
            if looked_at < proved_from:
                return _wait(row, proved_from)
            if state != EffectState.UNKNOWN:
                settle(session, row, EffectState.UNKNOWN, now, reason=f"{why}; a person must look")
            return _done(row)

    def found(self, key: str, manifest: Manifest, sent: OutsideResult, now: datetime) -> Dispatch:
        """Settle the row as applied by look-up, unless what was found may be another effect's.

        Where two effects cannot be told apart, a claim waits (`lookalikes.claim_from`).
        """
        with self._journal.writing("a look-up found it", now) as session:
            seen = session.get(EffectRow, key)
            alike = lock_unresolved(session, seen.likeness) if seen else ()
            row = locked(session, key)
            resting = EffectState(row.state).at_rest
            waits_until = claim_from(session, row, alike, manifest.operations[row.operation], now)
            if waits_until is not None and now < waits_until:
                return _done(row) if resting else _wait(row, waits_until)
            if sent.reference is not None and is_taken(session, row, sent.reference):
                return _done(row) if resting else _wait(row, now + LOOK_AGAIN)
            if resting:
                if row.state == EffectState.FAILED:
                    keep_surplus(session, row, sent, now)
                return _done(row)
            calls = calls_of(session, key)
            keep_look_up(session, row, calls, CallOutcome.FOUND, now, why=f"found as {sent.reference}")
            settle_calls(session, row, open_calls(calls), "found")
            _apply(session, row, sent, now, looked_up=True)
            return _done(row)

    def look_up_failed(self, key: str, why: str, now: datetime) -> None:
        """Keep that a look-up gave no answer."""
        with self._journal.writing("a look-up failed", now) as session:
            row = locked(session, key)
            keep_look_up(session, row, calls_of(session, key), CallOutcome.AMBIGUOUS, now, why=why)

    def answered(self, key: str, call: int, sent: OutsideResult, now: datetime) -> EffectReceipt:
        """Settle the row as applied by the answer to call `call`, however late it comes."""
        with self._journal.writing("a call was answered", now) as session:
            if receipt := settle_first_answer(session, key, call, sent, now):
                return receipt
            row = locked(session, key)
            answer_call(session, row.case_id, key, call, sent=sent, now=now)
            if EffectState(row.state) in (EffectState.SENT, EffectState.UNKNOWN):
                if row.attempts > 1:
                    settle_calls(session, row, open_calls(calls_of(session, key)), "answer")
                _apply(session, row, sent, now, looked_up=False)
            else:
                keep_surplus(session, row, sent, now)
            return receipt_of(row)

    def call_failed(
        self, key: str, call: int, *, failure: FailureClass, why: str, now: datetime
    ) -> EffectReceipt:
        """Keep how call `call` failed; a refusal settles the row only if no other call is open.

        A refusal speaks for its own call, under a native key too: a token that was rotated or a check
        that fails because the first call was applied says nothing of the first call.
        """
        with self._journal.writing("a call failed", now) as session:
            row = locked(session, key)
            end_call(session, row.case_id, key, call, outcome=CallOutcome(failure.value), why=why, now=now)
            refused = refused_for_good(calls_of(session, key))
            if refused and not EffectState(row.state).at_rest:
                settle(session, row, EffectState.FAILED, now, reason=refused.why)
            return receipt_of(row)

    def give_up(self, order: EffectOrder, why: str, now: datetime) -> EffectReceipt:
        """End the pursuit: `failed` if no call can have been applied, else `unknown`.

        An effect that was never begun is written as `failed`, so that no straggler begins it later.
        """
        with self._journal.writing("an effect is given up", now) as session:
            row = lock(session, order.key)
            if row is None:
                intend(session, order, None, Idempotency(kind="none"), now)
                row = locked(session, order.key)
            state = EffectState(row.state)
            if state.at_rest or state == EffectState.UNKNOWN:
                return receipt_of(row)
            end = EffectState.UNKNOWN if open_calls(calls_of(session, order.key)) else EffectState.FAILED
            settle(session, row, end, now, reason=why)
            return receipt_of(row)

    def resolve(self, key: str, applied: OutsideResult | None, why: str, now: datetime) -> EffectReceipt:
        """Settle an `unknown` row from what a person or the reconciler saw; None: not applied.

        Raises:
            ForbiddenMove: the row is not `unknown` (an `applied` row stays applied, quietly).
        """
        with self._journal.writing("an effect is settled by hand", now) as session:
            row = locked(session, key)
            if applied is not None and EffectState(row.state) == EffectState.APPLIED:
                return receipt_of(row)
            settle_calls(session, row, open_calls(calls_of(session, key)), "person")
            if applied is None:
                settle(session, row, EffectState.FAILED, now, reason=why)
            else:
                _apply(session, row, applied, now, looked_up=True, reason=why)
            return receipt_of(row)


def _idempotency(operation: Operation) -> Idempotency:
    return operation.idempotency or Idempotency(kind="none")


def _refused(order: EffectOrder, refused: PermitRefused, now: datetime) -> Episode:
    told: dict[str, JsonValue] = {"what": order.effect.step, "why": str(refused)}
    same = f"{order.key}#refused-{refused.reason}-{text_hash(order.permit_id)[:12]}"
    return Episode(id=same, case_id=order.case_id, kind="refused", at=now, data=told)


def _undo_refusal(
    session: Session, order: EffectOrder, manifest: Manifest, policy_version: str, now: datetime
) -> PermitRefused | None:
    """Say why a compensation may not begin; None if it may, or if the order is none."""
    if order.compensates is None:
        return None
    try:
        check_permit(session, order, manifest, policy_version, now)
        _check_undo(session, order, order.compensates, manifest)
    except PermitRefused as refused:
        return refused
    return None


def _check_undo(session: Session, order: EffectOrder, compensates: str, manifest: Manifest) -> None:
    """Let a compensation pass only for an applied effect of the same case that it really undoes."""
    undone = lock(session, compensates)
    if undone is None or undone.case_id != order.case_id:
        raise PermitRefused("compensates", f"this case has no effect {compensates}")
    declared = manifest.operations.get(undone.operation)
    undoes = declared is not None and declared.compensation == order.effect.operation
    if undone.connector != order.effect.connector or not undoes:
        raise PermitRefused("compensates", f"{order.effect.operation} does not undo {undone.operation}")
    if undone.state != EffectState.APPLIED:
        raise PermitRefused("compensates", f"what it undoes is {undone.state}, not applied")
    if begun := session.exec(select(EffectRow.key).where(EffectRow.compensates == undone.key)).first():
        raise PermitRefused("compensates", f"{begun} undoes it already")


def _next(session: Books, row: EffectRow, operation: Operation, now: datetime) -> Dispatch:
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


def _first_call(session: Books, order: EffectOrder, now: datetime) -> Dispatch:
    """Put the first send of a fresh row under way; the row was written as sent, to save a statement."""
    keep_call(
        session, order.case_id, order.key, 1, "send", outcome=CallOutcome.UNDER_WAY.value, started_at=now
    )
    receipt = EffectReceipt(key=order.key, state=EffectState.SENT, attempts=1)
    return Dispatch(next=Next.SEND, receipt=receipt, call=1)


def _mark(session: Books, row: EffectRow, calls: Sequence[LedgerCall], now: datetime) -> Dispatch:
    """Put a further send under way, for this caller alone."""
    number = max((call.number for call in calls), default=0) + 1
    changes = {"attempts": row.attempts + 1, "last_call": number, "sent_at": row.sent_at or now}
    move(session, row, EffectState.SENT, now, **changes)
    keep_call(
        session, row.case_id, row.key, number, "send", outcome=CallOutcome.UNDER_WAY.value, started_at=now
    )
    return Dispatch(next=Next.SEND, receipt=receipt_of(row), call=number)


def _done(row: EffectRow) -> Dispatch:
    return Dispatch(next=Next.DONE, receipt=receipt_of(row), call=row.last_call)


def _wait(row: EffectRow, not_before: datetime) -> Dispatch:
    return Dispatch(next=Next.WAIT, receipt=receipt_of(row), call=row.last_call, not_before=not_before)


def _apply(
    session: Books,
    row: EffectRow,
    sent: OutsideResult,
    now: datetime,
    *,
    looked_up: bool,
    reason: str | None = None,
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
