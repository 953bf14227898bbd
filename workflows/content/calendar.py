"""The calendar of what is planned, and what became of it: read from our own books."""

from collections.abc import Iterable
from datetime import date, datetime, tzinfo

from pydantic import AwareDatetime

from contracts.base import Frozen
from contracts.case import CaseRecord, Episode


class Planned(Frozen):
    """One article in the calendar.

    Attributes:
        at: when it appears or appeared: as it was last moved to, else as its brief says, else when it began.
        status: of its case; `outcome` is the word for its end.
        waits_for: what keeps it, in words.
    """

    case: str
    plan: str
    title: str
    channels: tuple[str, ...]
    at: AwareDatetime
    status: str
    outcome: str = ""
    waits_for: str = ""


def planned(record: CaseRecord, episodes: Iterable[Episode]) -> Planned:
    """Return the line of one case.

    Args:
        record: its row.
        episodes: of its log; where people moved it, the last word counts.
    """
    said = record.request
    moved = [each.data.get("at") for each in episodes if each.kind == "scheduled"]
    at = next((each for each in (*reversed(moved), said.get("publish_at")) if each), None)
    channels = said.get("channels")
    return Planned(
        case=record.id,
        plan=str(said.get("editorial_plan", "")),
        title=str(said.get("title", "")),
        channels=tuple(str(each) for each in channels) if isinstance(channels, list) else (),
        at=datetime.fromisoformat(str(at)) if at else record.opened_at,
        status=record.status.value,
        outcome=record.outcome,
        waits_for=record.waits_for,
    )


def by_day(lines: Iterable[Planned], zone: tzinfo) -> dict[date, list[Planned]]:
    """Return the articles of each day, as a wall clock in a zone counts days, the earliest first."""
    days: dict[date, list[Planned]] = {}
    for line in sorted(lines, key=lambda each: (each.at, each.case)):
        days.setdefault(line.at.astimezone(zone).date(), []).append(line)
    return days
