"""The case's own row and episodes: how the office's books follow a workflow."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from temporalio import activity

from contracts.base import Frozen
from contracts.case import WAITS, CaseRecord, Episode, Served

if TYPE_CHECKING:
    from memory.authoritative.case_writer import SqlCaseWriter


class CaseNote(Frozen):
    """Where a case stands now, and what happened since the last note."""

    record: CaseRecord
    episodes: tuple[Episode, ...] = ()


class CaseActivities:
    """Writes notes into the books; writing one twice changes nothing."""

    def __init__(
        self,
        books: "SqlCaseWriter",
        served: Served | None = None,
        *,
        redact: Callable[[str], str] = lambda text: text,
        office_version: str | None = None,
    ) -> None:
        """Keep the doors.

        Args:
            books: where notes are written.
            served: what this process serves beside its workflows.
            redact: takes secrets and personal data out of what an outside system said.
            office_version: of the office that this process serves; cases that it opens begin under it.
        """
        self._books = books
        self._served = served or Served()
        self._redact = redact
        self._office_version = office_version

    @activity.defn(name="case.open")
    async def open(self, note: CaseNote) -> Served:
        """Write a case's first note; return what may be done beside its workflow, and what was begun."""
        await asyncio.to_thread(self._write, note, self._office_version)
        begun = await asyncio.to_thread(self._books.begun, note.record.id)
        return self._served.model_copy(update={"begun": begun}) if begun else self._served

    @activity.defn(name="case.note")
    async def note(self, note: CaseNote) -> None:
        """Write the case's row and its new episodes in one commit."""
        await asyncio.to_thread(self._write, note)

    def _write(self, note: CaseNote, opened_under: str | None = None) -> None:
        record, episodes = note.record, note.episodes
        if record.waits_for:
            record = record.model_copy(update={"waits_for": self._redact(record.waits_for)})
            episodes = tuple(self._redacted(episode) for episode in episodes)
        self._books.record(record, episodes, opened_under)

    def _redacted(self, episode: Episode) -> Episode:
        why = episode.data.get("why")
        if episode.kind != WAITS or not isinstance(why, str):
            return episode
        return episode.model_copy(update={"data": {**episode.data, "why": self._redact(why)}})
