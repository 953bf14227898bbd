"""Waiting for something outside, by word or by looking: it reminds once, and always ends."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.carry import WaitsIn
    from contracts.waits import Wait
    from workflows.kernel.case import CaseRun

LOOK_FIRST = timedelta(minutes=5)
LOOK_AT_LAST = timedelta(hours=6)
"""How soon the outside system is looked at again, and how seldom at last, twice as long each time."""


class TakenBack(Exception):
    """Somebody took the case back (signal `withdraw`) while it waited."""


async def until(
    case: CaseRun,
    happened: Callable[[], bool],
    wait: Wait,
    *,
    look: Callable[[], Awaitable[None]],
    remind: Callable[[], Awaitable[None]] | None,
) -> bool:
    """Wait until something has happened outside; False if it has not when the wait ends.

    Whoever learns of it sends the case a word; a system that sends none is looked at. A run whose history
    grows long hands the wait over to another, which calls this again.

    Args:
        case: the case that waits.
        happened: says whether it has; asked again after each word and each look.
        wait: its moments.
        look: looks at the outside system; what it cannot say now is looked at later.
        remind: reminds whoever shall do it; None if that was done.

    Raises:
        TakenBack: nobody wants the case any more.
    """
    case.waits_in = WaitsIn.OUTSIDE
    pause = LOOK_FIRST
    while not happened():
        if case.gate.withdrawn:
            raise TakenBack
        case.gate.take_news()
        await _look(look)
        if happened():
            break
        now = workflow.now()
        if now >= wait.ends_at:
            return False
        if remind is not None and wait.remind_at is not None and now >= wait.remind_at:
            await remind()
            remind = None
            continue
        case.gate.go_over()
        due = min(wait.ends_at, now + pause, wait.remind_at if remind and wait.remind_at else wait.ends_at)
        pause = min(2 * pause, LOOK_AT_LAST)
        try:
            await workflow.wait_condition(
                lambda: happened() or case.gate.withdrawn or case.gate.news, timeout=due - now
            )
        except TimeoutError:
            continue
    return True


async def _look(look: Callable[[], Awaitable[None]]) -> None:
    try:
        await look()
    except ActivityError as silent:
        if is_cancelled_exception(silent):
            raise
        workflow.logger.warning("it could not be looked at now: %s", silent.cause)
