"""Telling others: a page of what one subscription is due."""

from collections.abc import Callable
from datetime import datetime

from temporalio import activity

from activities.ports import Announcer
from contracts.subscription import AnnouncedPage


class AnnouncingActivities:
    """Tells what is due; a step that dies tells it once more, under the same id."""

    def __init__(self, announcer: Announcer, clock: Callable[[], datetime]) -> None:
        """Keep the doors.

        Args:
            announcer: sends, and writes what came of it.
            clock: the moment, aware, in UTC.
        """
        self._announcer = announcer
        self._clock = clock

    @activity.defn(name="out.announce")
    async def announce(self, subscription: str) -> AnnouncedPage:
        """Tell a subscription what it is due."""
        return await self._announcer.page(subscription, self._clock, activity.heartbeat)
