"""What may be done about an effect now: section 4's table as pure functions of its row and the clock.

How a look-up proves absence. A call that is cut or times out may still be committed by the outside
system afterwards, so a look-up that finds nothing proves nothing while that can happen. Three
bounds make it end. (1) A call that was marked in the ledger must begin within
`START_WITHIN_SECONDS`, or its worker drops it unmade. (2) A call that has begun is over, on our
side, after the operation's `timeout_seconds`, connection closed. (3) The outside system commits
what it had read within `settle_seconds` after that, as its manifest declares. So absence is
proved by a look-up that *begins* after the end of every open call plus `settle_seconds`, where the
end of a call that nobody saw end is its mark plus (1) and (2).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.canonical import content_hash
from contracts.effect import EffectReceipt, EffectState, ProposedEffect
from contracts.frozen import Frozen
from contracts.ledger import LedgerCall
from contracts.manifest import Idempotency, Latency

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


def choose(
    state: EffectState,
    calls: Sequence[LedgerCall],
    idempotency: Idempotency,
    latency: Latency,
    now: datetime,
) -> Choice:
    """Return what may be done about a row: the table of section 4.

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
    if idempotency.kind == "native_key" and key_is_kept(calls, idempotency, latency, now):
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


def likeness(key: str, effect: ProposedEffect, idempotency: Idempotency) -> str:
    """Return a hash that two effects share if a look-up cannot tell them apart.

    Where the system keeps our key or reference, no two effects are alike.
    """
    if idempotency.kind != "lookup":
        return content_hash({"key": key})
    told = {name: effect.arguments.get(name) for name in idempotency.told_apart_by}
    return content_hash({"connector": effect.connector, "operation": effect.operation, "told": told})
