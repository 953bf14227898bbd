"""What would have to be called to take effects back: worked out from the ledger and the manifests."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from temporalio import activity

from activities.ports import Compensations
from contracts.effect import EffectState, OutsideResult, ProposedEffect
from contracts.ids import effect_key
from contracts.ledger import LedgerEntry
from contracts.money import Direction, signed
from contracts.undo import CannotUndo, Compensation, UndoPlan, UndoRequest, undo_step

if TYPE_CHECKING:
    from memory.authoritative.ledger.ledger import SqlLedger


class UndoActivities:
    """Reads the ledger; calls nobody."""

    def __init__(self, outside: Compensations, ledger: "SqlLedger") -> None:
        """Keep the doors; of the outside world only the manifests are read."""
        self._outside = outside
        self._ledger = ledger

    @activity.defn(name="effect.undo_plan")
    async def plan(self, request: UndoRequest) -> UndoPlan:
        """Return what can be undone, the last effect first, and in words what cannot.

        Effects that are undone already, that never happened, or that are themselves an undo are
        left out; a key that was asked for by name is always answered for. What was done after it was
        closed as failed is the case's own that the books opened for it.
        """
        entries = await asyncio.to_thread(self._ledger.of_case, request.case_id)
        late = await asyncio.to_thread(self._ledger.done_after_all, request.case_id)
        known = {entry.order.key: entry for entry in entries}
        wanted = [entry for entry in reversed(entries) if _wanted(entry, request.keys, late)]
        answers = [self._answer(entry, known, late) for entry in wanted]
        strangers = tuple(
            CannotUndo(key=key, step="", why="this case has no such effect")
            for key in request.keys
            if key not in known
        )
        return UndoPlan(
            case_id=request.case_id,
            compensations=summed([answer for answer in answers if isinstance(answer, Compensation)]),
            impossible=(*(answer for answer in answers if isinstance(answer, CannotUndo)), *strangers),
        )

    def _answer(
        self, entry: LedgerEntry, known: Mapping[str, LedgerEntry], late: Mapping[str, str]
    ) -> Compensation | CannotUndo:
        order = entry.order
        undoing = known.get(effect_key(order.case_id, undo_step(order.effect.step)))
        why = why_not(entry, undoing, late.get(order.key, ""))
        try:
            effect = None if why else compensation_of(self._outside, entry)
        except KeyError as missing:
            effect, why = None, f"its undoing needs {missing}, which is not known"
        if effect is None:
            why = (
                why or f"{order.effect.connector} has nothing that undoes {order.effect.operation}: it stays"
            )
            return CannotUndo(key=order.key, step=order.effect.step, why=why)
        return Compensation(
            undoes=order.key,
            operation=order.effect.operation,
            effect=effect,
            applied_at=entry.settled_at or entry.intended_at,
            out_cents=signed(effect.amount_cents, self._direction(order.effect)),
        )

    def _direction(self, effect: ProposedEffect) -> Direction:
        return self._outside.manifest(effect.connector).operations[effect.operation].direction


def compensation_of(outside: Compensations, entry: LedgerEntry) -> ProposedEffect | None:
    """Return what takes an applied effect back, or None; raises KeyError naming what is missing."""
    effect, receipt = entry.order.effect, entry.receipt
    found = outside.compensation(
        effect.connector,
        effect.operation,
        effect.arguments,
        entry.order.key,
        OutsideResult(receipt.outside_reference, receipt.result),
    )
    if found is None:
        return None
    operation, arguments = found
    return ProposedEffect(
        step=undo_step(effect.step),
        connector=effect.connector,
        operation=operation,
        arguments=arguments,
        amount_cents=effect.amount_cents,
        currency=effect.currency,
    )


def summed(compensations: Sequence[Compensation]) -> tuple[Compensation, ...]:
    """Return compensations with what each moves back together with those of its kind: policy limits that."""
    sums: Counter[tuple[str, str]] = Counter()
    for one in compensations:
        sums[one.operation, one.effect.currency] += one.effect.amount_cents
    return tuple(
        one.model_copy(update={"sum_cents": sums[one.operation, one.effect.currency]})
        for one in compensations
    )


def why_not(entry: LedgerEntry, undoing: LedgerEntry | None, dealt_with: str) -> str:
    """Return why an effect cannot be undone as the ledger stands, or nothing.

    Args:
        entry: the effect.
        undoing: the ledger's row of its compensation, if one was begun.
        dealt_with: the case that deals with it, if it was done after it was closed as failed.
    """
    if dealt_with:
        return f"it was done after it was closed as failed: {dealt_with} deals with it"
    if entry.order.compensates is not None:
        return "it is an undo itself"
    reason = entry.receipt.reason
    words = {
        EffectState.APPLIED: _why_not_again(undoing),
        EffectState.COMPENSATED: "it is undone already",
        EffectState.FAILED: "it was never applied",
        EffectState.UNKNOWN: f"nobody knows whether it was applied: {reason or 'look outside first'}",
    }
    return words.get(entry.receipt.state, "it is still under way")


def _why_not_again(undoing: LedgerEntry | None) -> str:
    if undoing is not None and undoing.receipt.state is EffectState.FAILED:
        return f"undoing it was tried and refused: {undoing.receipt.reason}"
    if undoing is not None and undoing.receipt.state is EffectState.UNKNOWN:
        return "nobody knows whether an earlier undo was applied: look outside first"
    return ""


def _wanted(entry: LedgerEntry, keys: tuple[str, ...], late: Mapping[str, str]) -> bool:
    if keys:
        return entry.order.key in keys
    over = entry.receipt.state in (EffectState.COMPENSATED, EffectState.FAILED)
    return entry.order.key in late or (entry.order.compensates is None and not over)
