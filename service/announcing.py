"""The log is the outbox: what of it is wanted is sent to URLs, and handed to desks, until it is taken.

Everything is told at least once under the episode's own id. What is refused is tried again over days; who
takes nothing at all in that time is told no more, and a person hears of it.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import SystemRandom
from typing import TYPE_CHECKING

from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from connectors.sources.signatures import keys_of
from connectors.subscriptions.message import body_of, cloud_event, signed_headers
from connectors.subscriptions.sending import send
from contracts.base import text_hash
from contracts.event import Event, EventReception
from contracts.ids import CONTROL_QUEUE
from contracts.source import Signature
from contracts.subscription import (
    AnnouncedPage,
    Announcement,
    AnnouncementTry,
    Subscription,
)
from logs import is_expected
from workflows.kernel.announcing import AnnouncingWorkflow

if TYPE_CHECKING:
    from bootstrap.installation import Installation

SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Between tries, as Standard Webhooks advises: ten tries in a little over three days."""
JITTER = 0.2
"""By so much of itself a wait is longer or shorter: those who failed together come back apart."""
LONGEST_WAIT = timedelta(days=1)
"""That a receiver may ask for by Retry-After."""
PAGE = 100
AT_ONCE = 8
LOOK_SECONDS = 1.0
MOST_WAITING = 100_000
"""Of what one desk hears of others; more is tried again later."""


class Announcing:
    """What a worker tells others (`activities.ports.Announcer`)."""

    def __init__(self, kontor: "Installation") -> None:
        """Take the installation."""
        self._kontor = kontor
        self._random = SystemRandom()

    async def page(self, name: str, now: Callable[[], datetime], beat: Callable[[], None]) -> AnnouncedPage:
        """Tell a subscription what it is due.

        Args:
            name: a table of `subscriptions.toml`; one that is there no more is told nothing.
            now: the moment.
            beat: called before each try.

        Raises:
            SecretsUnavailable: nothing can be signed now.
        """
        subscription = self._kontor.subscriptions.get(name)
        if subscription is None:
            return AnnouncedPage()
        books, slots = self._kontor.announcements, asyncio.Semaphore(AT_ONCE)
        due = await asyncio.to_thread(books.due, name, PAGE, now())

        async def tell(told: Announcement) -> None:
            async with slots:
                beat()
                tried = await self._try(subscription, told, now())
                await asyncio.to_thread(self._settle, told, tried, now())

        async with asyncio.TaskGroup() as group:
            for told in due:
                group.create_task(tell(told))
        after = await asyncio.to_thread(books.next_at, name)
        rest = max(0.05, (after - now()).total_seconds()) if after else 0.0
        return AnnouncedPage(tried=len(due), more=len(due) == PAGE, rest_seconds=rest)

    async def _try(self, subscription: Subscription, told: Announcement, now: datetime) -> AnnouncementTry:
        full = subscription.full or subscription.case is not None
        event = cloud_event(told.episode, told.position, self._kontor.identity.id, full=full)
        body = body_of(event)
        if subscription.case is not None:
            return await asyncio.to_thread(self._hand_over, subscription, told, body, now)
        signature = Signature(scheme="standard", secrets=subscription.secrets)
        keys = await asyncio.to_thread(keys_of, signature, self._kontor.secrets)
        return await send(subscription, body, signed_headers(keys, told.episode.id, body, now))

    def _hand_over(
        self, subscription: Subscription, told: Announcement, body: bytes, now: datetime
    ) -> AnnouncementTry:
        """Give a desk an event like any other; the same one again is known by its id."""
        episode = told.episode
        event = Event(
            source=subscription.source,
            id=text_hash(episode.id),  # an episode's id may be longer than an event's
            type=episode.kind,
            key=episode.case_id,
            structured=True,
            occurred_at=episode.at,
            digest=text_hash(body.decode()),
            body=body,
        )
        [(said, _)] = self._kontor.events.accept([(event, MOST_WAITING)], now)
        if said in (EventReception.NEW, EventReception.KNOWN):
            return AnnouncementTry(result="taken")
        return AnnouncementTry(result="refused", why=f"the desk's events are {said.value}")

    def _settle(self, told: Announcement, tried: AnnouncementTry, now: datetime) -> None:
        books = self._kontor.announcements
        if tried.result == "taken":
            books.delivered(told, now)
            return
        logging.warning("%s was not told of %s: %s", told.subscription, told.episode.id, tried.why)
        if tried.result == "ended":
            books.end(told.subscription, tried.why, now)
            return
        again_at = None
        if told.attempts < len(SCHEDULE):
            asked = min(timedelta(seconds=tried.retry_seconds), LONGEST_WAIT)
            spread = self._random.uniform(1 - JITTER, 1 + JITTER)
            again_at = now + max(SCHEDULE[told.attempts] * spread, asked)
        books.refused(told, tried.why, again_at, now)


async def tell(client: Client, name: str) -> None:
    """See to it that what waits for a subscription is told, and what is new is looked at."""
    try:
        await client.start_workflow(
            AnnouncingWorkflow.run,
            name,
            id=f"kontor-out/{name}",
            task_queue=CONTROL_QUEUE,
            start_signal="arrived",
            static_summary=f"what {name} is told",
        )
    except WorkflowAlreadyStartedError:  # it runs, and ends by itself
        logging.debug("%s is being told", name)


async def look_for_announcements(
    kontor: "Installation", client: Client, seconds: float = LOOK_SECONDS
) -> None:
    """Take from the log what is wanted, and see to it that it is told, again and again."""
    while True:
        try:
            for name in await asyncio.to_thread(_due, kontor, datetime.now(UTC)):
                await tell(client, name)
        except Exception as error:
            if not is_expected(error):  # what is, the work itself tells
                logging.exception("what others are told cannot be looked for")
        await asyncio.sleep(seconds)


def _due(kontor: "Installation", now: datetime) -> list[str]:
    """Return the subscriptions that something is due for, after taking what is new."""
    found = []
    for name, subscription in kontor.subscriptions.items():
        while kontor.announcements.take(subscription, now):
            pass
        after = kontor.announcements.next_at(name)
        if after is not None and after <= now:
            found.append(name)
    return found
