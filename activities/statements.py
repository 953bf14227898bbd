"""The reconciler's look at single subjects: each line of an order against our books, a page at a time."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import MISFIT, REFUSED
from activities.ports import Manifests, Statements
from activities.retries import heartbeats
from contracts.reconciliation.messages import SubjectsCompared, Walk

if TYPE_CHECKING:
    from memory.authoritative.reconciliation.subjects import SqlSubjects

UNFIT = (MISFIT, REFUSED)
"""What a system gives that nobody can compare; the others are compared all the same."""


class StatementActivities:
    """Reads what systems say, and writes where our books differ. It mends nothing."""

    def __init__(
        self,
        readers: Mapping[str, Statements],
        outside: Manifests,
        books: "SqlSubjects",
        clock: Callable[[], datetime],
    ) -> None:
        """Keep the doors.

        Args:
            readers: by connector, who reads what it says.
            outside: the office's connectors.
            books: our side, and what was found.
            clock: the moment, aware, in UTC.
        """
        self._readers = readers
        self._outside = outside
        self._books = books
        self._clock = clock

    @activity.defn(name="reconcile.subjects")
    async def subjects(self, walk: Walk) -> SubjectsCompared:
        """Compare a page of subjects: those that effects changed for since the last look, then open ones.

        Raises:
            ApplicationError: the system did not answer; nothing counts as looked at.
        """
        reader = self._readers.get(walk.connector)
        if reader is None:
            return SubjectsCompared()
        page = await asyncio.to_thread(self._books.due, walk, reader.by, self._clock())
        pause = 1 / self._outside.manifest(walk.connector).rate_limit_per_second
        found, unread, vanished = 0, list[str](), list[str]()
        async with heartbeats():
            for id_, cases in page.ids.items():
                try:
                    statement = await reader.statement(walk.connector, id_)
                except ApplicationError as misfit:
                    if misfit.type not in UNFIT:
                        raise
                    unread.append(f"{walk.connector}/{id_} ({misfit.message})")
                    continue
                if statement is None:
                    one = await asyncio.to_thread(self._books.gone, walk.connector, id_, cases, self._clock())
                else:
                    one = await asyncio.to_thread(self._books.compare, walk, statement, cases, self._clock())
                found += one.found
                vanished += one.vanished
                await asyncio.sleep(pause)
            await asyncio.to_thread(self._books.looked, walk.connector, page, self._clock())
        return SubjectsCompared(
            subjects=len(page.ids) - len(unread),
            found=found,
            unread=tuple(unread),
            vanished=tuple(vanished),
            more=page.more,
        )
