"""The case's own row and episodes: how the office's books follow a workflow."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import Field
from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.admission import NOT_ON_RECORD
from contracts.base import Frozen
from contracts.case import WAITS, CaseRecord, Episode, Served

if TYPE_CHECKING:
    from activities.grounds import CaseGrounds
    from memory.authoritative.case_writer import SqlCaseWriter


class CaseNote(Frozen):
    """Where a case stands now, and what happened since the last note.

    Attributes:
        part_of: the case whose request this one's is a part of; empty for one that came by a door itself.
    """

    record: CaseRecord
    episodes: tuple[Episode, ...] = ()
    part_of: str = Field(default="", exclude_if=lambda given: not given)


class CaseActivities:
    """Writes notes into the books; writing one twice changes nothing."""

    def __init__(
        self,
        books: "SqlCaseWriter",
        served: Served | None = None,
        *,
        grounds: "CaseGrounds",
        redact: Callable[[str], str] = lambda text: text,
        office_version: str | None = None,
    ) -> None:
        """Keep the doors.

        Args:
            books: where notes are written.
            served: what this process serves beside its workflows.
            grounds: who may write of a case.
            redact: takes secrets and personal data out of what an outside system said.
            office_version: of the office that this process serves; cases that it opens begin under it.
        """
        self._books = books
        self._served = served or Served()
        self._grounds = grounds
        self._redact = redact
        self._office_version = office_version

    @activity.defn(name="case.open")
    async def open(self, note: CaseNote) -> Served:
        """Write a case's first note; return what may be done beside its workflow, and what was begun.

        Raises:
            ApplicationError: `NotOnRecord`, never retried: no door let this run in.
        """
        await self._refuse(note, "opening", await self._grounds.no_opening(note.record, note.part_of))
        await asyncio.to_thread(self._write, note, self._office_version, opens=True)
        begun = await asyncio.to_thread(self._books.begun, note.record.id)
        return self._served.model_copy(update={"begun": begun}) if begun else self._served

    @activity.defn(name="case.note")
    async def note(self, note: CaseNote) -> None:
        """Write the case's row and its new episodes in one commit.

        Raises:
            ApplicationError: `NotOnRecord`, never retried: it is not the case that writes.
        """
        await self._refuse(note, "note", await self._grounds.no_caller(note.record.id))
        await asyncio.to_thread(self._write, note)

    async def _refuse(self, note: CaseNote, what: str, why: str) -> None:
        if not why:
            return
        who = activity.info().workflow_run_id or activity.info().activity_id
        await asyncio.to_thread(self._books.refuse, note.record.id, f"{what}-{who}", why, datetime.now(UTC))
        raise ApplicationError(why, type=NOT_ON_RECORD, non_retryable=True)

    def _write(self, note: CaseNote, opened_under: str | None = None, *, opens: bool = False) -> None:
        record, episodes = note.record, note.episodes
        if record.waits_for:
            record = record.model_copy(update={"waits_for": self._redact(record.waits_for)})
            episodes = tuple(self._redacted(episode) for episode in episodes)
        run_id = activity.info().workflow_run_id if opens and activity.in_activity() else None
        self._books.record(record, episodes, opened_under, run_id=run_id)

    def _redacted(self, episode: Episode) -> Episode:
        why = episode.data.get("why")
        if episode.kind != WAITS or not isinstance(why, str):
            return episode
        return episode.model_copy(update={"data": {**episode.data, "why": self._redact(why)}})
