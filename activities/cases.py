"""The case's own row and episodes: how the office's books follow a workflow."""

import asyncio

from temporalio import activity

from activities.ports import Bookkeeper
from contracts.case import CaseRecord
from contracts.episode import Episode
from contracts.frozen import Frozen


class CaseNote(Frozen):
    """Where a case stands now, and what happened since the last note."""

    record: CaseRecord
    episodes: tuple[Episode, ...] = ()


class CaseActivities:
    """Writes notes into the books; writing one twice changes nothing."""

    def __init__(self, books: Bookkeeper) -> None:
        """Keep the books' door."""
        self._books = books

    @activity.defn(name="case.note")
    async def note(self, note: CaseNote) -> None:
        """Write the case's row and its new episodes in one commit."""
        await asyncio.to_thread(self._books.record, note.record, note.episodes)
