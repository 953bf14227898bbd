"""An office's inbox: its file, its calendar, its books."""

from collections.abc import Callable
from datetime import datetime

from activities.ports import OwnOffice
from contracts.office import OfficeInvalid, read_text
from models.local.language import language_of
from policy.staff import FILE as STAFF_FILE
from policy.staff import read_staff
from workflows.inbox.clock.events import ClockReading
from workflows.inbox.clock.reckoning import read_clock
from workflows.inbox.inbox_file import InboxFile, InboxOfOffice
from workflows.inbox.types import BegunCase, ClockQuery, Route, RouteQuery
from workflows.inbox.words import WordQuery


class OfficeInbox:
    """`workflows.inbox.activities.InboxOffice` of an installation."""

    def __init__(self, own: OwnOffice, clock: Callable[[], datetime]) -> None:
        """Keep the office; its file is read when it is first asked."""
        self._own = own
        self._clock = clock
        self._file: InboxFile | None = None

    def route(self, query: RouteQuery) -> Route:
        """Return where a mail goes; raises OfficeInvalid where the office has no sound `inbox.toml`."""
        file = self._inbox()
        topic = file.topics.get(query.topic)
        team = query.team if query.team in file.teams else file.team_of(query.topic)
        level = file.level_of(query.sender)
        return Route(
            topic=query.topic if topic else "",
            desk=topic.desk if topic else "",
            begins=tuple(topic.begins.split(".")) if topic and topic.begins else (),
            team=team,
            roles=(file.teams[team].role, *file.teams[team].escalates_to),
            level=level,
            language=language_of(query.text),
            terms=file.terms(query.topic, level),
        )

    def may(self, query: WordQuery) -> str:
        """Say why a person may not act on what these roles are asked; empty if they may."""
        staff, _ = read_staff(read_text(self._own.office / STAFF_FILE))
        if query.person not in staff.people:
            return f"nobody named {query.person!r} is on the staff"
        held = staff.standing(query.person, self._clock()).roles
        return "" if set(held) & set(query.roles) else f"{query.person} is none of {', '.join(query.roles)}"

    def clock(self, query: ClockQuery) -> ClockReading:
        """Return what is promised and used, now."""
        now = self._clock()
        return read_clock(query.events, now, self._own.calendar.working_hours(now))

    def standing(self, key: str) -> BegunCase:
        """Return where the case stands that an effect began, by our ledger and our books."""
        receipt = self._own.ledger.find(key)
        case_id = (receipt.outside_reference if receipt else None) or ""
        record = self._own.cases.find(case_id) if case_id else None
        if record is None:
            return BegunCase(case=case_id)
        return BegunCase(
            case=case_id, ended=record.status.ended, status=record.status.value, outcome=record.outcome
        )

    def _inbox(self) -> InboxFile:
        if self._file is None:
            read = InboxOfOffice(self._own.office)
            if read.file is None:
                raise OfficeInvalid(read.problems or [read.missing()])
            self._file = read.file
        return self._file
