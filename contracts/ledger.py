"""The ledger's rules in one place: which moves a row may make, and what each call to it left behind."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from contracts.base import Frozen, content_hash
from contracts.connector import Idempotency, Latency
from contracts.effect import EffectOrder, EffectReceipt, EffectState, ProposedEffect

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
"""`docs/decisions/0012` says why: `sent → sent` is a further call, and
`unknown → sent` is the reconciler's, which sends a surely absent effect again under its first key.
`intended → failed` closes an effect that was given up before any call."""


class ForbiddenMove(ValueError):
    """The state machine does not allow this move; the row stays as it was."""

    def __init__(self, key: str, old: EffectState, new: EffectState) -> None:
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
    TAKEN = "taken"


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


START_WITHIN_SECONDS = 5.0
"""How long a marked call may wait before its first byte; a worker that was held up longer drops it."""


class Next(StrEnum):
    """What the caller does with a dispatch."""

    DONE = "done"
    SEND = "send"
    LOOK_UP = "look-up"
    WAIT = "wait"


class Dispatch(Frozen):
    """The ledger's answer to a worker.

    Attributes:
        next: `done`: the receipt is final; `send`: make call `call`; `look-up`: ask the outside
            system; `wait`: try again, not before `not_before`.
        call: for `send` the number of the marked call; else the number of the last send.
        sent_at: for `look-up`, when the earliest open call was marked.
        taken: for `look-up`, outside references that belong to other effects of ours.
    """

    next: Next
    receipt: EffectReceipt
    call: int = 0
    sent_at: datetime | None = None
    taken: tuple[str, ...] = ()
    not_before: datetime | None = None


class Choice(StrEnum):
    """What the rules say about a row."""

    DONE = "done"
    SEND = "send"
    LOOK_UP = "look-up"
    WAIT = "wait"
    UNKNOWN = "unknown"


def open_calls(calls: Sequence[LedgerCall]) -> tuple[LedgerCall, ...]:
    """Return the sends that may or may not have been applied."""
    return tuple(call for call in calls if call.unresolved)


def refusal(calls: Sequence[LedgerCall]) -> LedgerCall | None:
    """Return the last send if the system refused it for good; it speaks for no other call."""
    last = next((call for call in reversed(calls) if call.kind == "send"), None)
    return last if last is not None and last.outcome is CallOutcome.NOT_APPLIED_FINAL else None


def refused_for_good(calls: Sequence[LedgerCall]) -> LedgerCall | None:
    """Return the refusal that ends an effect: nothing may have been applied before or beside it."""
    return None if open_calls(calls) else refusal(calls)


def choose(
    state: EffectState,
    calls: Sequence[LedgerCall],
    idempotency: Idempotency,
    latency: Latency,
    now: datetime,
) -> Choice:
    """Return what may be done about a row: the table of `docs/decisions/0012`.

    Args:
        state: where the row stands.
        calls: every call made for it, in order.
        idempotency: what the outside system can do about a retry.
        latency: the operation's bounds.
        now: the moment.
    """
    if state not in (EffectState.INTENDED, EffectState.SENT, EffectState.UNKNOWN):
        return Choice.DONE
    if not open_calls(calls):
        return Choice.SEND
    key_serves = idempotency.kind == "native_key" and refusal(calls) is None
    if key_serves and key_is_kept(calls, idempotency, latency, now):
        return Choice.SEND
    if idempotency.kind != "none" and idempotency.lookup is not None:
        return Choice.LOOK_UP
    return Choice.WAIT if now < surely_over(calls, latency) else Choice.UNKNOWN


def key_is_kept(
    calls: Sequence[LedgerCall], idempotency: Idempotency, latency: Latency, now: datetime
) -> bool:
    """Say whether a call made now still reaches the system while it remembers our key.

    The retention counts from the first call that no look-up has disproved since; the call itself
    may take until its timeout.
    """
    if idempotency.retention_seconds is None:
        return True
    disproved = max((call.number for call in calls if call.settled_by == "absent"), default=0)
    first = min(call.started_at for call in calls if call.kind == "send" and call.number > disproved)
    arrives_by = now + timedelta(seconds=START_WITHIN_SECONDS + latency.timeout_seconds)
    return arrives_by < first + timedelta(seconds=idempotency.retention_seconds)


def surely_over(calls: Sequence[LedgerCall], latency: Latency) -> datetime:
    """Return the moment from which no open call is on its way any more, on our side.

    Raises:
        ValueError: no call is open.
    """
    unseen = timedelta(seconds=START_WITHIN_SECONDS + latency.timeout_seconds)
    return max(call.ended_at or call.started_at + unseen for call in open_calls(calls))


def absence_proved_from(calls: Sequence[LedgerCall], latency: Latency) -> datetime:
    """Return the moment from which a look-up that finds nothing proves the open calls absent.

    Raises:
        ValueError: no call is open.
    """
    settle = latency.timeout_seconds if latency.settle_seconds is None else latency.settle_seconds
    return surely_over(calls, latency) + timedelta(seconds=settle)


def key_forgotten_from(
    calls: Sequence[LedgerCall], idempotency: Idempotency, latency: Latency
) -> datetime | None:
    """Return from when a call under our key surely does the effect anew, counted from its latest call.

    Before, it may be answered with what an open call did. None: for ever, as far as anybody knows.

    Raises:
        ValueError: no call is open.
    """
    if idempotency.retention_seconds is None:
        return None
    return absence_proved_from(calls, latency) + timedelta(seconds=idempotency.retention_seconds)


def equivalence_key(key: str, effect: ProposedEffect, idempotency: Idempotency) -> str:
    """Return a hash that two effects share if a look-up cannot tell them apart.

    Where nothing is looked up, or our key or reference is what is looked for, no two effects are alike.
    """
    compared = idempotency.lookup is not None and idempotency.told_apart_by
    if idempotency.kind != "lookup" and not compared:
        return content_hash({"key": key})
    told = {name: effect.arguments.get(name) for name in idempotency.told_apart_by}
    return content_hash({"connector": effect.connector, "operation": effect.operation, "told": told})
