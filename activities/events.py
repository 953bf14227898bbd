"""Taking up what waits of a source: a page of events, in order where they are about the same."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from temporalio import activity

from activities.ports import Dispatch
from contracts.event import EventHandled, EventRecord, EventsPage, EventStanding

if TYPE_CHECKING:
    from memory.authoritative.events import SqlEvents

PAGE = 200
AT_ONCE = 20
"""Things that events are taken up about at the same time."""
MOST_ATTEMPTS = 6
"""So often an event is tried that failed for no reason that passes; then a person looks at it."""
FIRST_REST = timedelta(seconds=1)
LONGEST_ERROR_CHARS = 500


class EventActivities:
    """Takes up events; the same one twice finds what was done."""

    def __init__(self, books: "SqlEvents", dispatch: Dispatch, clock: Callable[[], datetime]) -> None:
        """Keep the doors.

        Args:
            books: the events.
            dispatch: does what the office says about one.
            clock: the moment, aware, in UTC.
        """
        self._books = books
        self._dispatch = dispatch
        self._clock = clock

    @activity.defn(name="events.take_up")
    async def take_up(self, source: str) -> EventsPage:
        """Take up the next events of a source; one that fails keeps those behind it about the same."""
        events = await asyncio.to_thread(self._books.waiting, source, PAGE, self._clock())
        slots = asyncio.Semaphore(AT_ONCE)

        async def in_order(about: Sequence[EventRecord]) -> int:
            count = 0
            async with slots:
                for event in about:
                    activity.heartbeat()
                    if not await self._one(event):
                        break
                    count += 1
            return count

        done = sum(await asyncio.gather(*(in_order(about) for about in _by_key(events))))
        rests = await asyncio.to_thread(self._books.next_rest, source)
        rest = max(0.1, (rests - self._clock()).total_seconds()) if rests else 0.0
        return EventsPage(handled=done, more=len(events) == PAGE, rest_seconds=rest)

    async def _one(self, event: EventRecord) -> bool:
        """Take up one event; False if it has to be tried again.

        Raises:
            RPCError: the server is away, which is no fault of the event's.
        """
        try:
            handled = await self._dispatch.handle(activity.client(), event)
        except Exception as error:
            if self._dispatch.passes(error):
                raise
            why = f"{type(error).__name__}: {error}"[:LONGEST_ERROR_CHARS]
            if event.attempts + 1 < MOST_ATTEMPTS:
                rest = FIRST_REST * 2**event.attempts
                await asyncio.to_thread(self._books.failed, event, why, rest, self._clock())
                return False
            handled = EventHandled(
                standing=EventStanding.QUARANTINED, why=f"tried {MOST_ATTEMPTS} times: {why}"
            )
        await asyncio.to_thread(self._books.handled, event, handled, self._clock())
        return True


def _by_key(events: Sequence[EventRecord]) -> list[list[EventRecord]]:
    """Put events together that are about the same, in their order; one about nothing stands alone."""
    found: dict[str, list[EventRecord]] = {}
    for event in events:
        found.setdefault(f"key {event.key}" if event.key else f"number {event.position}", []).append(event)
    return list(found.values())
