"""Waiting for something outside, by word or by looking: it reminds once, and always ends."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Literal

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.approvals.messages import Withdrawal
    from contracts.carry import WaitsIn
    from contracts.waits import Wait
    from workflows.kernel.case import CaseRun

TAKE_BACK = "take_back"
"""The update by which a case that waits outside ends; one that does not wait so has no such update."""
WAITS_NO_MORE = "WaitsNoMore"
"""The error type of a `take_back` that came when the wait was over."""
LOOK_FIRST = timedelta(seconds=10)
LOOK_AT_LAST = timedelta(hours=6)
"""How soon the outside system is looked at again, and how seldom at last, twice as long each time."""

Moment = tuple[datetime, Literal["remind", "end", "look"]]
Look = Callable[[], Awaitable[None]]
Remind = Callable[[], Awaitable[None]]


class Waited(Enum):
    """What became of a wait.

    `HAPPENED`: what was waited for. `OVER`: it has not, and the outside system said so at the end.
    `UNANSWERED`: nobody knows, for that system did not answer when the wait ended.
    """

    HAPPENED = auto()
    OVER = auto()
    UNANSWERED = auto()


class TakenBack(Exception):
    """Somebody took the case back (signal `withdraw`, update `take_back`) while it waited.

    Attributes:
        withdrawal: why, and who if they said so.
    """

    def __init__(self, withdrawal: Withdrawal) -> None:
        super().__init__(withdrawal.why)
        self.withdrawal = withdrawal


async def until(
    case: CaseRun,
    happened: Callable[[], bool],
    wait: Wait,
    *,
    look: Look | None,
    remind: Remind | None,
    waits_in: WaitsIn = WaitsIn.OUTSIDE,
) -> Waited:
    """Wait until something has happened outside, or the wait ends.

    Whoever learns of it sends the case a word; a system that sends none is looked at. A run whose history
    grows long hands the wait over to another, which calls this again.

    Args:
        case: the case that waits.
        happened: says whether it has; asked again after each word and each look.
        wait: its moments.
        look: looks at the outside system; what it cannot say now is looked at later. None if only a word
            can tell.
        remind: reminds whoever shall do it; None if that was done.
        waits_in: the part of the story, for the run that goes on with it.

    Raises:
        TakenBack: nobody wants the case any more.
    """
    case.waits_in = waits_in
    gate, looks = case.gate, case.gate.looks
    # By how long it has waited: so another run of the case looks no more often than this one.
    often = max(LOOK_FIRST, min(workflow.now() - wait.begins_at, LOOK_AT_LAST))
    looks.every(often if look else None, LOOK_AT_LAST)
    looks.begin()
    looks.wanted = look is not None
    workflow.set_update_handler(TAKE_BACK, _taking_back(case, waits_in))
    try:
        while True:
            if (withdrawal := gate.take_withdrawal()) is not None:
                raise TakenBack(withdrawal)
            if happened():
                return Waited.HAPPENED
            if looks.due:
                looks.taken()
                await _look(look)
                continue
            gate.go_over()
            moment, what = _next_moment(wait, remind, looks.moment())
            if not await gate.quiet_until(moment, lambda: happened() or gate.withdrawn, "outside"):
                continue
            if what == "end":
                return await _last_look(happened, look)
            if what == "look":
                looks.come(moment)
            elif remind is not None:
                await remind()
                remind = None
    finally:
        case.waits_in = WaitsIn.PLAN
        workflow.set_update_handler(TAKE_BACK, None)


def _taking_back(case: CaseRun, waits_in: WaitsIn) -> Callable[[Withdrawal], Awaitable[None]]:
    async def take_back(withdrawal: Withdrawal) -> None:
        said = withdrawal.said(case.file.case_id)
        await case.gate.proving.demand(said, withdrawal.by, withdrawal.proof)
        if case.waits_in is not waits_in:
            raise ApplicationError("it waits so no more", type=WAITS_NO_MORE, non_retryable=True)
        case.gate.withdraw(withdrawal)

    return take_back


def _next_moment(wait: Wait, remind: Remind | None, look_at: datetime | None) -> Moment:
    moments: list[Moment] = [(wait.ends_at, "end")]
    if remind is not None and wait.remind_at is not None:
        moments.append((wait.remind_at, "remind"))
    if look_at is not None:
        moments.append((look_at, "look"))
    return min(moments, key=lambda moment: moment[0])


async def _last_look(happened: Callable[[], bool], look: Look | None) -> Waited:
    """Look once more before saying that it never happened."""
    answered = await _look(look)
    if happened():
        return Waited.HAPPENED
    return Waited.OVER if answered else Waited.UNANSWERED


async def _look(look: Look | None) -> bool:
    """Look, where there is something to look at; return whether there was an answer."""
    if look is None:
        return True
    try:
        await look()
    except ActivityError as silent:
        if is_cancelled_exception(silent):
            raise
        workflow.logger.warning("it could not be looked at now: %s", silent.cause)
        return False
    return True
