"""What is done about an event: it starts or joins a case, is a hint to cases under way, or nothing.

An event is never believed further than that: what justifies an effect is read at the channel, by the case.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue, ValidationError
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from connectors.extraction import Extraction, ExtractionFailed
from connectors.sources.reading import data_of
from contracts.desk import Desk
from contracts.event import EventHandled, EventRecord, EventStanding
from contracts.field_errors import field_errors_text
from contracts.ids import CONTROL_QUEUE
from contracts.source import EventRule, Source
from logs import is_expected
from service.intake import Started, start
from workflows.kernel.event_dispatch import EventDispatchWorkflow
from workflows.registry import DESKS

if TYPE_CHECKING:
    from bootstrap.installation import Installation

STARTED = {
    Started.NEW: EventHandled(standing=EventStanding.STARTED),
    Started.AGAIN: EventHandled(
        standing=EventStanding.STARTED, why="its case had come to no end, and began again"
    ),
}
LOOK_SECONDS = 15.0
LOOK_BACK = timedelta(days=90)
"""A case that ended earlier is not named as what an event comes too late for."""
MOST_CASES = 20
"""Open cases that one event is told to; an order has few."""


class Poisoned(Exception):
    """An event that nothing can be done about, however often it is tried; says why."""


class EventDispatch:
    """What a worker does about events (`activities.ports.Dispatch`)."""

    def __init__(self, kontor: "Installation") -> None:
        self._kontor = kontor

    async def handle(self, client: Client, event: EventRecord) -> EventHandled:
        """Start, join or tell its cases; an event that nothing can be done about is `quarantined`."""
        try:
            return await handle(client, self._kontor, event)
        except Poisoned as poisoned:
            return EventHandled(standing=EventStanding.QUARANTINED, why=str(poisoned))

    def passes(self, error: Exception) -> bool:
        """Say whether an error passes by itself: a server or a database that is away."""
        return is_expected(error)


async def handle(client: Client, kontor: "Installation", event: EventRecord) -> EventHandled:
    """Do what the office says about an event; the same event again finds it done.

    Raises:
        Poisoned: its source's file does not know what to do, or what it asks for is no request.
        RPCError: the Temporal server did not take it.
    """
    source = kontor.event_sources[event.source]
    rule = source.rule(event.type)
    if rule is None:
        raise Poisoned(f"sources/{source.name}.toml says nothing of events of the type {event.type!r}")
    if rule.nothing:
        return EventHandled(standing=EventStanding.PASSED, why=rule.nothing)
    desk = DESKS.get(rule.desk)
    if desk is None:
        raise Poisoned(f"there is no desk {rule.desk!r}")
    try:
        data = data_of(event)
    except ValueError as unfit:
        raise Poisoned(f"its body cannot be read: {unfit}") from None
    if rule.request:
        return await _begin(client, kontor, desk, source, _picked(rule.request, data))
    wanted = _picked(rule.where, data)
    if missing := [name for name, value in wanted.items() if value in (None, "")]:
        raise Poisoned(f"{missing[0]}: there is none at {rule.where[missing[0]]}")
    return await _tell(client, kontor, rule, source, {name: str(value) for name, value in wanted.items()})


def _picked(paths: Mapping[str, str], data: JsonValue) -> dict[str, Any]:
    found = {}
    for name, path in paths.items():
        try:
            found[name] = Extraction.cached(path).find(data)
        except ExtractionFailed as failed:
            raise Poisoned(f"{name}: {failed}") from None
    return found


async def _begin(
    client: Client, kontor: "Installation", desk: Desk[Any], source: Source, said: dict[str, Any]
) -> EventHandled:
    """Start the case of a request, or join it."""
    given = {name: value for name, value in said.items() if value is not None}
    try:
        request = desk.request.model_validate({"channel": source.channel} | given)
        case_id = desk.case_id(request)
    except ValidationError as invalid:
        raise Poisoned(field_errors_text(invalid)) from None
    except ValueError as unfit:
        raise Poisoned(str(unfit)) from None
    if request.channel not in kontor.sources(desk):
        raise Poisoned(f"channel: {request.channel!r} is no connector that the desk takes requests from")
    started = await start(client, desk, request)
    if started is Started.CONFLICT:
        raise Poisoned(f"another request made {case_id} already: a person must say what of this one is new")
    if started is Started.JOINED:
        return await _hint(client, [case_id], EventStanding.JOINED)
    return STARTED[started].model_copy(update={"cases": (case_id,)})


async def _tell(
    client: Client, kontor: "Installation", rule: EventRule, source: Source, where: dict[str, str]
) -> EventHandled:
    """Tell the open cases that an event is about; without one, say why nobody was told."""
    find = partial(kontor.cases.of_request, rule.desk, source.channel, where)
    if opened := await asyncio.to_thread(find, limit=MOST_CASES):
        return await _hint(client, [case.id for case in opened], EventStanding.TOLD)
    since = datetime.now(UTC) - LOOK_BACK
    if ended := await asyncio.to_thread(find, ended_since=since, limit=1):
        return _too_late(ended[0].id)
    why = "no case is about it: one that begins later reads the facts itself"
    return EventHandled(standing=EventStanding.NOBODY, why=why)


async def _hint(client: Client, case_ids: Sequence[str], standing: EventStanding) -> EventHandled:
    """Let cases read their facts again; those that have ended by now are too late for it."""
    told = []
    for case_id in case_ids:
        try:
            await client.get_workflow_handle(case_id).signal("facts_changed")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            told.append(case_id)
    return EventHandled(standing=standing, cases=tuple(told)) if told else _too_late(case_ids[0])


def _too_late(case_id: str) -> EventHandled:
    return EventHandled(
        standing=EventStanding.TOO_LATE, why=f"{case_id} has ended, and is not begun again", cases=(case_id,)
    )


async def rouse(client: Client, source: str) -> None:
    """See to it that a source's dispatcher runs, and looks once more before it ends."""
    try:
        await client.start_workflow(
            EventDispatchWorkflow.run,
            source,
            id=f"kontor-events/{source}",
            task_queue=CONTROL_QUEUE,
            start_signal="arrived",
            static_summary=f"events of {source}",
        )
    except WorkflowAlreadyStartedError:  # it runs, and ends by itself
        logging.debug("the dispatcher of %s runs", source)


async def look_for_events(kontor: "Installation", client: Client, seconds: float = LOOK_SECONDS) -> None:
    """Start the dispatcher of each source of which something waits, again and again.

    The gateway tells of what it keeps; this finds what it could not tell of, and what somebody replays.
    """
    while True:
        try:
            for source in await asyncio.to_thread(kontor.events.sources_that_wait):
                if source in kontor.event_sources:
                    await rouse(client, source)
        except Exception as error:
            if not is_expected(error):  # what is, the work itself tells
                logging.exception("events that wait cannot be looked for")
        await asyncio.sleep(seconds)
