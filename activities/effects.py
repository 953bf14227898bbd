"""The only way to the outside world for a change: permit, ledger, call, and what to do when it fails."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.beside import runs_beside
from activities.clock import stopwatch
from activities.errors import (
    AMBIGUOUS,
    LONGEST_RETRY_AFTER,
    NOT_APPLIED,
    classify,
    to_application_error,
)
from activities.ports import Outside
from activities.retries import backoff, heartbeats, is_last_attempt
from contracts.connector import Manifest
from contracts.effect import EffectOrder, EffectReceipt, OutsideResult
from contracts.failure import AddressTaken, CallFailed, FailureClass, PermitRefused
from contracts.ledger import START_WITHIN_SECONDS, Dispatch, Next

if TYPE_CHECKING:
    from activities.callers import Callers
    from memory.authoritative.ledger.ledger import SqlLedger

SOONEST = timedelta(milliseconds=50)


@dataclass(frozen=True)
class _Pursuit:
    """One attempt of Temporal's to get one order done."""

    order: EffectOrder
    manifest: Manifest

    @property
    def title(self) -> str:
        return f"{self.order.effect.connector}.{self.order.effect.operation}"

    @property
    def timeout_seconds(self) -> float:
        return self.manifest.operations[self.order.effect.operation].latency.timeout_seconds


class EffectActivities:
    """Executes effects: once, or known to be unknown."""

    def __init__(
        self,
        outside: Outside,
        ledger: "SqlLedger",
        policy_version: Callable[[], str],
        clock: Callable[[], datetime],
        stopwatch: Callable[[], float] = stopwatch,
        *,
        callers: "Callers",
        has_room: Callable[[str], bool] = lambda _connector: True,
    ) -> None:
        """Keep the doors.

        Args:
            outside: the office's connectors.
            ledger: the record of every effect.
            policy_version: the version of the policies in force now.
            clock: the moment, aware, in UTC.
            stopwatch: seconds that only grow, also while the machine is suspended, for how long this
                process was held up.
            callers: who may end a pursuit.
            has_room: whether a connector's limits allow a call now that its queue does not count.
        """
        self._outside = outside
        self._ledger = ledger
        self._policy_version = policy_version
        self._clock = clock
        self._stopwatch = stopwatch
        self._callers = callers
        self._has_room = has_room

    @activity.defn(name="effect.perform")
    async def perform(self, order: EffectOrder) -> EffectReceipt:
        """Get one effect done and return its receipt: `applied`, `failed` or `unknown`.

        Raises:
            ApplicationError: `PermitRefused`, never retried; `NotApplied` and `Ambiguous`, for
                Temporal to come back after the delay they name. On the last attempt the row ends
                instead, and the receipt says how.
        """
        pursuit = _Pursuit(order, self._manifest(order))
        if runs_beside() and not self._has_room(order.effect.connector):
            raise ApplicationError(
                f"{pursuit.title}: its limit is reached, the queue waits", type=NOT_APPLIED
            )
        async with heartbeats():
            marked_at = self._stopwatch()
            dispatch = await self._begin(pursuit)
            if dispatch.next is Next.LOOK_UP:
                looked_at = self._clock()
                try:
                    found: OutsideResult | AddressTaken | None = await self._look_up(pursuit, dispatch)
                except AddressTaken as another:
                    found = another
                except CallFailed as failed:
                    return await self._look_up_failed(pursuit, failed)
                marked_at = self._stopwatch()
                dispatch = await self._conclude(pursuit, dispatch.call, found, looked_at)
            if dispatch.next is Next.SEND:
                return await self._send(pursuit, dispatch.call, marked_at)
            if dispatch.next is Next.DONE:
                return dispatch.receipt
            why = f"{pursuit.title}: an earlier call may still be on its way"
            wait = (dispatch.not_before or self._clock()) - self._clock()
            return await self._later(pursuit, AMBIGUOUS, why, max(wait, SOONEST))

    @activity.defn(name="effect.give_up")
    async def give_up(self, order: EffectOrder) -> EffectReceipt:
        """End a pursuit that Temporal has ended: `failed` if surely not applied, else `unknown`."""
        await self._callers.demand(order.case_id, "give up")
        return await self._end(order, "it was pursued as long as its options allow")

    def _manifest(self, order: EffectOrder) -> Manifest:
        try:
            return self._outside.manifest(order.effect.connector)
        except KeyError as unknown:
            refused = PermitRefused("operation", f"the office has no connector {order.effect.connector}")
            raise to_application_error(refused) from unknown

    async def _begin(self, pursuit: _Pursuit) -> Dispatch:
        try:
            return await asyncio.to_thread(
                self._ledger.begin, pursuit.order, pursuit.manifest, self._policy_version(), self._clock()
            )
        except PermitRefused as refused:
            raise to_application_error(refused) from refused

    async def _send(self, pursuit: _Pursuit, call: int, marked_at: float) -> EffectReceipt:
        try:
            sent = await self._call(pursuit, marked_at)
        except CallFailed as failed:
            return await self._failed(pursuit, call, failed)
        return await asyncio.to_thread(self._ledger.answered, pursuit.order.key, call, sent, self._clock())

    async def _call(self, pursuit: _Pursuit, marked_at: float) -> OutsideResult:
        """Make the call that was marked, within the bounds that absence is later proved by."""
        order = pursuit.order
        if self._stopwatch() - marked_at > START_WITHIN_SECONDS:
            raise CallFailed("this worker was held up and did not call", exception="HeldUp", sent=False)
        try:
            async with asyncio.timeout(pursuit.timeout_seconds):
                return await self._outside.send(
                    order.effect.connector, order.effect.operation, order.effect.arguments, order.key
                )
        except TimeoutError as late:
            raise CallFailed(
                f"no answer within {pursuit.timeout_seconds} s", exception="ReadTimeout"
            ) from late
        except CallFailed:
            raise
        except Exception as broken:
            # A defect of ours in the middle of a call says nothing about the outside world.
            raise CallFailed(
                f"the connector broke: {type(broken).__name__}", exception=type(broken).__name__
            ) from broken

    async def _failed(self, pursuit: _Pursuit, call: int, failed: CallFailed) -> EffectReceipt:
        failure = classify(pursuit.manifest, pursuit.order.effect.operation, failed)
        receipt = await asyncio.to_thread(
            self._ledger.call_failed,
            pursuit.order.key,
            call,
            failure=failure,
            why=failed.why,
            now=self._clock(),
        )
        if receipt.state.at_rest:
            return receipt
        kind = NOT_APPLIED if failure is FailureClass.NOT_APPLIED_RETRY else AMBIGUOUS
        return await self._later(pursuit, kind, failed.why, _asked_to_wait(failed))

    async def _look_up(self, pursuit: _Pursuit, dispatch: Dispatch) -> OutsideResult | None:
        """Ask the outside system for an effect whose answer was lost; None if it shows none now."""
        order = pursuit.order
        assert dispatch.sent_at is not None
        try:
            async with asyncio.timeout(pursuit.timeout_seconds):
                return await self._outside.look_up(
                    order.effect.connector,
                    order.effect.operation,
                    order.effect.arguments,
                    order.key,
                    dispatch.sent_at,
                    taken=dispatch.taken,
                )
        except TimeoutError as late:
            raise CallFailed("the look-up gave no answer in time", exception="ReadTimeout") from late

    async def _conclude(
        self,
        pursuit: _Pursuit,
        last_call: int,
        found: OutsideResult | AddressTaken | None,
        looked_at: datetime,
    ) -> Dispatch:
        key, manifest, now = pursuit.order.key, pursuit.manifest, self._clock()
        if isinstance(found, AddressTaken):
            return await asyncio.to_thread(
                self._ledger.found_taken, key, last_call, manifest, found.why, looked_at=looked_at, now=now
            )
        if found is not None:
            return await asyncio.to_thread(self._ledger.found, key, manifest, found, now)
        return await asyncio.to_thread(
            self._ledger.found_absent, key, last_call, manifest, looked_at=looked_at, now=now
        )

    async def _look_up_failed(self, pursuit: _Pursuit, failed: CallFailed) -> EffectReceipt:
        await asyncio.to_thread(self._ledger.look_up_failed, pursuit.order.key, failed.why, self._clock())
        return await self._later(pursuit, AMBIGUOUS, f"look-up: {failed.why}", _asked_to_wait(failed))

    async def _later(self, pursuit: _Pursuit, kind: str, why: str, wait: timedelta | None) -> EffectReceipt:
        """Raise for Temporal to come back; where it would not, end the row and return its receipt.

        A try beside the workflow is the last of its kind only: the effect's queue comes after it.
        """
        delay = wait if wait is not None else backoff(activity.info())
        if not runs_beside() and is_last_attempt(activity.info(), self._clock(), delay):
            return await self._end(pursuit.order, why)
        raise ApplicationError(why, type=kind, next_retry_delay=delay)

    async def _end(self, order: EffectOrder, why: str) -> EffectReceipt:
        return await asyncio.to_thread(self._ledger.give_up, order, why, self._clock())


def _asked_to_wait(failed: CallFailed) -> timedelta | None:
    seconds = failed.retry_after_seconds
    if seconds is None or not seconds > 0:
        return None
    return min(timedelta(seconds=min(seconds, LONGEST_RETRY_AFTER.total_seconds())), LONGEST_RETRY_AFTER)
