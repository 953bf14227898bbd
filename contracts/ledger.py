"""The ledger's rules in one place: which moves a row may make, and what each call to it left behind."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from contracts.effect import EffectOrder, EffectReceipt, EffectState
from contracts.frozen import Frozen

MOVES: dict[EffectState, frozenset[EffectState]] = {
    EffectState.INTENDED: frozenset({EffectState.SENT, EffectState.FAILED}),
    EffectState.SENT: frozenset(
        {EffectState.SENT, EffectState.APPLIED, EffectState.FAILED, EffectState.UNKNOWN}
    ),
    EffectState.UNKNOWN: frozenset({EffectState.SENT, EffectState.APPLIED, EffectState.FAILED}),
    EffectState.APPLIED: frozenset({EffectState.COMPENSATED}),
    EffectState.FAILED: frozenset(),
    EffectState.COMPENSATED: frozenset(),
}
"""Section 4 of the design, with two moves more: `sent → sent` is a further call, and
`unknown → sent` is the reconciler's, which sends a surely absent effect again under its first key.
`intended → failed` closes an effect that was given up before any call."""


class ForbiddenMove(ValueError):
    """The state machine does not allow this move; the row stays as it was."""

    def __init__(self, key: str, old: EffectState, new: EffectState) -> None:
        """Name the row and the move."""
        super().__init__(f"effect {key} cannot move from {old.value} to {new.value}")


def check_move(key: str, old: EffectState, new: EffectState) -> None:
    """Let a move of the state machine pass.

    Raises:
        ForbiddenMove: it is none.
    """
    if new not in MOVES[old]:
        raise ForbiddenMove(key, old, new)


class CallOutcome(StrEnum):
    """What one call showed when it ended, or that nobody saw it end."""

    UNDER_WAY = "under-way"
    ANSWERED = "answered"
    NOT_APPLIED_RETRY = "not-applied-retry"
    NOT_APPLIED_FINAL = "not-applied-final"
    AMBIGUOUS = "ambiguous"
    FOUND = "found"
    NOTHING_YET = "nothing-yet"
    ABSENT = "absent"


class LedgerCall(Frozen):
    """One call that was made for an effect: a send or a look-up.

    Attributes:
        number: from 1, over sends and look-ups together.
        ended_at: None while nobody saw it end; after a crash it stays None.
        settled_by: what made an ambiguous send certain later: a look-up that found the effect or
            proved it absent, the answer to another call, or a person.
        why: words for a person; never a secret.
    """

    number: int
    kind: Literal["send", "look-up"]
    started_at: datetime
    ended_at: datetime | None = None
    outcome: CallOutcome = CallOutcome.UNDER_WAY
    settled_by: Literal["found", "absent", "answer", "person"] | None = None
    why: str = ""

    @property
    def unresolved(self) -> bool:
        """True for a send that may or may not have been applied."""
        open_ends = (CallOutcome.UNDER_WAY, CallOutcome.AMBIGUOUS)
        return self.kind == "send" and self.outcome in open_ends and self.settled_by is None


class LedgerEntry(Frozen):
    """One effect as the ledger knows it, with every call.

    Attributes:
        order: what was ordered, with the permit it was redeemed under.
        connector_version: the manifest's version when the effect was intended.
        sent_at: when the first call was marked; None if there was none.
        settled_at: when it came to rest the last time; None while it is under way.
    """

    order: EffectOrder
    receipt: EffectReceipt
    calls: tuple[LedgerCall, ...] = ()
    connector_version: str
    intended_at: datetime
    sent_at: datetime | None = None
    settled_at: datetime | None = None
