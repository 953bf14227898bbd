"""Silence is noticed: a source that says nothing for longer than it should, and what it told of meanwhile.

A source's silence ends when it says something by itself; what was fetched for it ends none.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from connectors.extraction import Extraction, ExtractionFailed
from connectors.sources.delivery import Delivery, DeliveryRefused
from connectors.sources.reading import STRUCTURED, read_event
from contracts.base import Arguments, Frozen
from contracts.case import Episode
from contracts.event import Event, EventReception, MissedPage, MissedQuery, SilenceLook
from contracts.failure import CallFailed
from contracts.ids import CONTROL_QUEUE
from contracts.source import OF_SOURCES, MissedListing, Source
from logs import is_expected
from service.words import when
from workflows.kernel.source_silence import SourceSilenceWorkflow

if TYPE_CHECKING:
    from bootstrap.installation import Installation

SEEN_SECONDS = 30.0
"""How soon after it began a silence is seen."""
OVERLAP = timedelta(days=1)
"""What was listed so long before a silence is asked for again: an event may be lost before the last one."""
PAGE = 100
MOST_REFUSED = 10
"""That are named of one page."""
SHORTEST_WAIT_SECONDS = 1.0


class Silent(Frozen):
    """A source that is silent.

    Attributes:
        heard_at: when it last said something; None if it never did.
        due_at: by when it should have.
    """

    source: str
    heard_at: datetime | None
    due_at: datetime

    def words(self, zone: ZoneInfo) -> str:
        """Return it for people."""
        heard = f"nothing came since {when(self.heard_at, zone)}" if self.heard_at else "nothing ever came"
        return f"silent: {heard}, something was due by {when(self.due_at, zone)}"


def silent_sources(kontor: "Installation", now: datetime) -> list[Silent]:
    """Return the sources that have said nothing for longer than their files allow."""
    watched = [source for source in kontor.event_sources.values() if source.silence is not None]
    if not watched:
        return []
    heard = kontor.events.heard()
    looked = (_silence_of(kontor, source, heard) for source in watched)
    return [each for each in looked if each is not None and each.due_at <= now]


def _silence_of(kontor: "Installation", source: Source, heard: Mapping[str, datetime]) -> Silent | None:
    """Return a source with when it is due; None while nobody knows when its time began."""
    assert source.silence is not None
    heard_at = heard.get(source.name)
    # One that never said anything is waited for since the office that names it is in force.
    release = None if heard_at else kontor.offices.in_force()
    began = heard_at or (release.at if release else None)
    if began is None:
        return None
    minutes = source.silence.after_minutes
    if source.silence.hours == "office":
        due = kontor.calendar.after(minutes / 60, began)
    else:
        due = began + timedelta(minutes=minutes)
    return Silent(source=source.name, heard_at=heard_at, due_at=due)


class OfficeSources:
    """What a worker does about silence (`activities.ports.SourceWatch`)."""

    def __init__(self, kontor: "Installation") -> None:
        self._kontor = kontor

    async def look(self, source: str, now: datetime) -> SilenceLook:
        """Say whether a source is silent, and where what it told of is listed."""
        return await asyncio.to_thread(self._look, source, now)

    def _look(self, name: str, now: datetime) -> SilenceLook:
        kontor = self._kontor
        source = kontor.event_sources.get(name)
        found = next((each for each in silent_sources(kontor, now) if each.source == name), None)
        if found is None or source is None or source.silence is None:
            return SilenceLook()
        return SilenceLook(
            silent=True,
            channel=source.channel if source.silence.listing else "",
            since=(found.heard_at - OVERLAP) if found.heard_at else None,
            again_seconds=max(source.silence.after_minutes * 60, SHORTEST_WAIT_SECONDS),
        )

    def listing_of(self, source: str) -> tuple[str, str]:
        """Return the connector and the operation that list what a source told of."""
        found, listing = self._listing(source)
        return found.channel, listing.operation

    def _listing(self, name: str) -> tuple[Source, MissedListing]:
        source = self._kontor.event_sources[name]
        if source.silence is None or source.silence.listing is None:
            raise KeyError(f"the source {name} lists nothing")
        return source, source.silence.listing

    async def fetch(self, query: MissedQuery, now: datetime) -> MissedPage:
        """Keep a page of what a source lists and did not bring; raises CallFailed."""
        source, listing = self._listing(query.source)
        outside = self._kontor.connectors
        declared = outside.manifest(source.channel).operations[listing.operation].arguments
        told = await outside.read(source.channel, listing.operation, _arguments(query, declared))
        try:
            items = Extraction.cached(listing.items).find(told)
            following = Extraction.cached(listing.next_cursor).find(told) if listing.next_cursor else None
        except ExtractionFailed as failed:
            raise CallFailed(f"{listing.operation}: {failed}", sent=True) from None
        if not isinstance(items, list):
            raise CallFailed(f"{listing.operation}: there is no list at {listing.items}", sent=True)
        page, full = await asyncio.to_thread(self._keep, source, listing, items, now)
        cursor = "" if following is None or full else str(following)
        return page.model_copy(update={"next_cursor": cursor})

    def _keep(
        self, source: Source, listing: MissedListing, items: list[Any], now: datetime
    ) -> tuple[MissedPage, bool]:
        """Keep what is listed; returns with it whether too much waits to keep more."""
        events, refused = list[Event](), list[str]()
        for item in items:
            try:
                events.append(_event(source, listing, item))
            except (DeliveryRefused, ExtractionFailed) as unfit:
                refused.append(str(unfit)[:200])
        kept = self._kontor.events.accept([(event, source.most_waiting) for event in events], now)
        said = [each for each, _ in kept]
        if refused:
            logging.warning(
                "%d events that %s lists cannot be read: %s", len(refused), source.name, refused[0]
            )
        page = MissedPage(
            kept=said.count(EventReception.NEW),
            known=said.count(EventReception.KNOWN),
            refused=tuple(refused[:MOST_REFUSED]),
        )
        return page, EventReception.FULL in said


def _arguments(query: MissedQuery, declared: Mapping[str, object]) -> Arguments:
    asked: dict[str, JsonValue] = {"limit": PAGE, "cursor": query.cursor or None}
    asked["since"] = query.since.isoformat() if query.since else None
    return {name: value for name, value in asked.items() if name in declared and value is not None}


def _event(source: Source, listing: MissedListing, item: object) -> Event:
    """Return the event that a listed item is.

    Raises:
        DeliveryRefused, ExtractionFailed: it is none.
    """
    body = json.dumps(Extraction.cached(listing.event).find(item), ensure_ascii=False).encode()
    if len(body) > source.max_bytes:
        raise ExtractionFailed(f"an event is longer than {source.max_bytes} bytes")
    headers = {"content-type": STRUCTURED if source.reading is None else "application/json"}
    for name, path in listing.headers.items():
        found = Extraction.cached(path).find(item)
        headers[name] = "" if found is None else str(found)
    return read_event(source, Delivery(headers, body)).model_copy(update={"fetched": True})


def note(kontor: "Installation", silent: Silent, now: datetime) -> None:
    """Tell the log of a silence, once however often it is seen."""
    since = silent.heard_at.isoformat() if silent.heard_at else "never"
    episode = Episode(
        id=f"{OF_SOURCES}#silent-{silent.source}-{since}",
        case_id=OF_SOURCES,
        kind="silent",
        at=now,
        data={"source": silent.source, "heard": since, "due": silent.due_at.isoformat()},
    )
    if not kontor.episodes.knows(episode.id):
        kontor.episodes.append([episode])
        logging.warning("the source %s is silent: heard %s, due %s", silent.source, since, silent.due_at)


async def look_for_silence(kontor: "Installation", client: Client, seconds: float = SEEN_SECONDS) -> None:
    """Tell of each silence, and start what fetches what was missed, again and again."""
    while True:
        try:
            now = datetime.now(UTC)
            for silent in await asyncio.to_thread(silent_sources, kontor, now):
                await asyncio.to_thread(note, kontor, silent, now)
                await see_to(client, silent.source)
        except Exception as error:
            if not is_expected(error):  # what is, the work itself tells
                logging.exception("whether sources are silent cannot be looked at")
        await asyncio.sleep(seconds)


async def see_to(client: Client, source: str) -> None:
    """See to it that what a silent source told of is fetched."""
    try:
        await client.start_workflow(
            SourceSilenceWorkflow.run,
            source,
            id=f"kontor-silence/{source}",
            task_queue=CONTROL_QUEUE,
            static_summary=f"{source} is silent",
        )
    except WorkflowAlreadyStartedError:  # it runs, and looks again by itself
        logging.debug("the silence of %s is seen to", source)
