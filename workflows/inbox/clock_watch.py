"""The clock of the running conversation: what happened is kept, what is promised is read again each time."""

import asyncio
from collections.abc import Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.inbox.activities import InboxActivities
    from workflows.inbox.clock.events import ClockEvent, ClockReading, Happening, Terms
    from workflows.inbox.types import ClockQuery
    from workflows.kernel.case_file import CaseFile


class ClockWatch:
    """Tells the case's log when a promise is about to be broken, and when it is, once each.

    Attributes:
        when_silent: called when whoever claimed it did nothing for too long.
    """

    def __init__(self, file: CaseFile) -> None:
        """Begin with nothing that happened."""
        self._file = file
        self._events: list[ClockEvent] = []
        self._told: set[str] = set()
        self.when_silent: Callable[[], None] = lambda: None
        self._task: asyncio.Task[None] | None = None

    def happened(self, kind: Happening, terms: Terms | None = None) -> None:
        """Take in that something happened just now."""
        self._events.append(ClockEvent(at=workflow.now(), kind=kind, terms=terms))

    def start(self) -> None:
        """Begin to watch, beside the story."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Watch no longer, and leave in the log what was kept of what was promised."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._events:
            reading = await self._read()
            self._file.happened("promises", late=[*reading.late])

    async def _watch(self) -> None:
        while True:
            seen = len(self._events)
            reading = await self._read()
            if self._tell(reading):
                await self._file.note(self._file.status)
            await self._until(seen, reading)

    async def _until(self, seen: int, reading: ClockReading) -> None:
        """Wait for the next moment of the clock, or for something to happen."""
        ahead = reading.next_moment
        try:
            await workflow.wait_condition(
                lambda: len(self._events) > seen, timeout=None if ahead is None else ahead - reading.at
            )
        except TimeoutError:
            return

    async def _read(self) -> ClockReading:
        return await self._file.placement.record(
            InboxActivities.clock, ClockQuery(events=tuple(self._events)), "the clock: what is promised"
        )

    def _tell(self, reading: ClockReading) -> bool:
        """Add what is new of warnings and broken promises; say whether there is any."""
        before = len(self._told)
        for timer in reading.owed:
            began = f"{timer.name} {timer.began.isoformat()}"
            due = None if timer.due is None else timer.due.isoformat()
            if timer.late and f"late {began}" not in self._told:
                self._told.add(f"late {began}")
                if timer.name == "owner":
                    self.happened("released")
                    self.when_silent()
                    continue
                self._file.happened("promise_broken", promise=timer.name, due=due)
            warned = timer.warns is not None and timer.warns <= reading.at
            if warned and not timer.late and f"warned {began}" not in self._told:
                self._told.add(f"warned {began}")
                self._file.happened("promise_at_risk", promise=timer.name, due=due)
        return len(self._told) > before
