"""What is done about an event: it starts or joins a case, is a hint to cases under way, or nothing.

An event is never believed further than that: what justifies an effect is read at the channel, by the case.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from connectors.sources.reading import data_of
from contracts.event import EventHandled, EventRecord, EventStanding
from contracts.ids import CONTROL_QUEUE
from contracts.mailbox import SOURCE_PREFIX
from contracts.source import EventRule
from contracts.subscription import SOURCE_PREFIX as OFFICE_PREFIX
from logs import is_expected
from service.event_cases import Poisoned, begin, hint, picked, too_late
from service.following import facts_of, following_rule
from service.mail_cases import handle_mail
from workflows.kernel.event_dispatch import EventDispatchWorkflow
from workflows.registry import DESKS

if TYPE_CHECKING:
    from bootstrap.installation import Installation

LOOK_SECONDS = 15.0
LOOK_BACK = timedelta(days=90)
"""A case that ended earlier is not named as what an event comes too late for."""
MOST_CASES = 20
"""Open cases that one event is told to; an order has few."""


class EventDispatch:
    """What a worker does about events (`activities.ports.Dispatch`)."""

    def __init__(self, kontor: "Installation") -> None:
        self._kontor = kontor

    async def handle(self, client: Client, event: EventRecord) -> EventHandled:
        """Start, join or tell its cases; an event that nothing can be done about is `quarantined`."""
        try:
            if event.source.startswith(SOURCE_PREFIX):
                return await handle_mail(client, self._kontor, event)
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
    of_desk = event.source.startswith(OFFICE_PREFIX)
    rule, channel = following_rule(kontor, event) if of_desk else _rule(kontor, event)
    if rule.nothing:
        return EventHandled(standing=EventStanding.PASSED, why=rule.nothing)
    desk = DESKS.get(rule.desk)
    if desk is None:
        raise Poisoned(f"there is no desk {rule.desk!r}")
    try:
        data = await facts_of(kontor, event) if of_desk else data_of(event)
    except ValueError as unfit:
        raise Poisoned(f"its body cannot be read: {unfit}") from None
    if rule.request:
        return await begin(client, kontor, desk, channel, picked(rule.request, data))
    wanted = picked(rule.where, data)
    if missing := [name for name, value in wanted.items() if value in (None, "")]:
        raise Poisoned(f"{missing[0]}: there is none at {rule.where[missing[0]]}")
    return await _tell(client, kontor, rule, channel, {name: str(value) for name, value in wanted.items()})


def _rule(kontor: "Installation", event: EventRecord) -> tuple[EventRule, str]:
    """Return what the office says about events of this type, and the channel that they are about."""
    source = kontor.event_sources[event.source]
    rule = source.rule(event.type)
    if rule is None:
        raise Poisoned(f"sources/{source.name}.toml says nothing of events of the type {event.type!r}")
    return rule, source.channel


async def _tell(
    client: Client, kontor: "Installation", rule: EventRule, channel: str, where: dict[str, str]
) -> EventHandled:
    """Tell the open cases that an event is about; without one, say why nobody was told."""
    find = partial(kontor.cases.of_request, rule.desk, channel, where)
    if opened := await asyncio.to_thread(find, limit=MOST_CASES):
        return await hint(client, [case.id for case in opened], EventStanding.TOLD)
    since = datetime.now(UTC) - LOOK_BACK
    if ended := await asyncio.to_thread(find, ended_since=since, limit=1):
        return too_late(ended[0].id)
    why = "no case is about it: one that begins later reads the facts itself"
    return EventHandled(standing=EventStanding.NOBODY, why=why)


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
                if kontor.takes_up(source):
                    await rouse(client, source)
        except Exception as error:
            if not is_expected(error):  # what is, the work itself tells
                logging.exception("events that wait cannot be looked for")
        await asyncio.sleep(seconds)
