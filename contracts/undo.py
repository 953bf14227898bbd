"""What the policies read before an effect is undone: by the desk after a failure, or by a person."""

from collections.abc import Mapping
from typing import Literal

from contracts.frozen import Frozen

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
        amount_cents: the money that moves back, 0 for none.
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
