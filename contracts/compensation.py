"""Undoing: what would be called to take effects back, and what cannot be taken back, in words."""

from datetime import datetime

from contracts.case import CaseRecord
from contracts.effect import EffectReceipt, ProposedEffect
from contracts.frozen import Frozen

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
    person: str
    note: str = ""
    keys: tuple[str, ...] = ()


class Compensation(Frozen):
    """One effect that can be undone.

    Attributes:
        undoes: the applied effect's key.
        operation: the applied effect's operation.
        effect: what undoes it; its step is `undo_step` of the applied one.
    """

    undoes: str
    operation: str
    effect: ProposedEffect
    applied_at: datetime


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
    """

    undone: tuple[EffectReceipt, ...] = ()
    remaining: tuple[CannotUndo, ...] = ()

    @property
    def complete(self) -> bool:
        """True if nothing stays."""
        return not self.remaining

    def words(self) -> str:
        """Return the report as one sentence for a person."""
        done = f"{len(self.undone)} effects were undone" if len(self.undone) != 1 else "1 effect was undone"
        if self.complete:
            return f"{done}; nothing remains."
        rest = "; ".join(f"{left.step}: {left.why}" for left in self.remaining)
        return f"{done}; what remains: {rest}."
