"""Undoing: what would be called to take effects back, and what cannot be taken back, in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from contracts.base import Frozen
from contracts.bounds import Text
from contracts.case import CaseRecord
from contracts.counted import counted
from contracts.effect import EffectReceipt, ProposedEffect

UNDO = "undo-"


def undo_step(step: str) -> str:
    """Return the name of the step that undoes `step`; with the case it makes the undo's key."""
    return UNDO + step


class UndoRequest(Frozen):
    """Which effects of a case to undo.

    Attributes:
        keys: these; empty means all that are applied.
    """

    case_id: str
    keys: tuple[str, ...] = ()


class UndoCase(Frozen):
    """A person's wish to undo an ended case, or some of its effects.

    Attributes:
        record: the case's row as it stood.
        person: who asks, a person of `staff.toml`.
        keys: these effects; empty means all that are applied.
    """

    record: CaseRecord
    person: Text
    note: Text = ""
    keys: tuple[str, ...] = ()


class Compensation(Frozen):
    """One effect that can be undone.

    Attributes:
        undoes: the applied effect's key.
        operation: the applied effect's operation.
        effect: what undoes it; its step is `undo_step` of the applied one.
        sum_cents: the money that the same operation moves back with it, over every way it was paid.
        out_cents: the money out that it takes back; negative where money came in.
    """

    undoes: str
    operation: str
    effect: ProposedEffect
    applied_at: datetime
    sum_cents: int = 0
    out_cents: int = 0


class CannotUndo(Frozen):
    """One effect that stays, and why, in words for a person."""

    key: str
    step: str
    why: str


class UndoPlan(Frozen):
    """What can be undone, in the order to do it in (the last effect first), and what cannot."""

    case_id: str
    compensations: tuple[Compensation, ...] = ()
    impossible: tuple[CannotUndo, ...] = ()


class UndoReport(Frozen):
    """What became of an undo.

    Attributes:
        undone: the receipts of compensations that were applied.
        remaining: effects that stay, with the reason.
        back_cents: the money out that was taken back, less the money in.
    """

    undone: tuple[EffectReceipt, ...] = ()
    remaining: tuple[CannotUndo, ...] = ()
    back_cents: int = 0

    @property
    def complete(self) -> bool:
        """True if nothing stays."""
        return not self.remaining

    @property
    def staying(self) -> tuple[str, ...]:
        """The steps whose effects stay."""
        return tuple(left.step.removeprefix(UNDO) for left in self.remaining)

    def words(self) -> str:
        """Return the report as one sentence for a person."""
        done = counted(len(self.undone), "effect was undone", "effects were undone")
        if self.complete:
            return f"{done}; nothing remains."
        rest = "; ".join(f"{left.step}: {left.why}" for left in self.remaining)
        return f"{done}; what remains: {rest}."


NAMESPACE = "undo"
"""Policies about undoing speak of `undo::Action::"do"` and `undo::Action::"unattended"`, for every desk."""


class UndoFacts(Frozen):
    """The facts of a plan that compensates. A plan with the fact `undoes` is judged as an undo.

    Attributes:
        desk: whose effect is undone.
        undoes: the operation that was applied, for instance `refund`; the plan's own effect is its
            compensation, for instance `void_refund`.
        because: the case failed half way, or a person asked.
        asked_by: that person; empty after a failure.
        amount_cents: the money that moves back by this operation in all, 0 for none.
        days_since_applied: whole days since the effect was applied.
    """

    desk: str
    undoes: str
    because: Literal["failure", "person"]
    asked_by: str = ""
    amount_cents: int = 0
    days_since_applied: int = 0


def is_undo(facts: Mapping[str, object]) -> bool:
    """Say whether a plan with these facts compensates something."""
    return "undoes" in facts
