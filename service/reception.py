"""Taking in what sources send: proved, read, kept in one commit, and only then accepted."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from connectors.secrets import Secrets, SecretsUnavailable
from connectors.sources.delivery import Delivery, DeliveryRefused
from connectors.sources.reading import STRUCTURED, read_event
from connectors.sources.signatures import keys_of, verify
from contracts.event import Event, EventReception, EventStanding
from contracts.source import Source
from memory.authoritative.events import SqlEvents

LOGGER = logging.getLogger(__name__)
FULL_SECONDS = 30
"""When a source comes again that has too much waiting."""
AWAY_SECONDS = 10
"""When a source comes again while something of ours is away."""
COMMIT_SECONDS = 8.0
"""How long a source waits for its answer. What is committed after that is found known when it comes again."""
AT_ONCE = 200
"""Events of one commit: those that come while one is written go into the next."""

Kept = tuple[EventReception, EventStanding]


class Reception:
    """The door for events: many come at once, and those that wait share a commit.

    Used in one event loop. `arrived` is set with each commit that kept something.
    """

    def __init__(self, sources: Mapping[str, Source], secrets: Secrets, books: SqlEvents) -> None:
        """Take what an event is proved and kept with.

        Args:
            sources: by name.
            secrets: where their secrets are read from, at each delivery.
            books: where events are kept.
        """
        self.sources = sources
        self.arrived: dict[str, None] = {}
        self.news = asyncio.Event()
        self._secrets = secrets
        self._books = books
        self._line: list[tuple[Event, int, asyncio.Future[Kept]]] = []
        self._writer: asyncio.Task[None] | None = None

    def source(self, name: str) -> Source:
        """Return a source; raises DeliveryRefused with 404 if there is none of that name."""
        if name not in self.sources:
            raise DeliveryRefused(HTTPStatus.NOT_FOUND, "there is no such source")
        return self.sources[name]

    async def take(self, name: str, delivery: Delivery) -> tuple[Event, Kept]:
        """Accept a delivery; when this returns, its event is in the books.

        Raises:
            DeliveryRefused: nothing of it was kept, or nobody knows whether it was; says why.
        """
        source = self.source(name)
        now = datetime.now(UTC)
        if len(delivery.body) > source.max_bytes:
            raise too_large(source)
        verify(source.signature, await self._keys(source), delivery, now)
        event = read_event(source, delivery)
        kept = await self._keep(event, source.most_waiting)
        if kept[0] is EventReception.FULL:
            why = f"{source.most_waiting} events of this source wait already"
            raise DeliveryRefused(HTTPStatus.TOO_MANY_REQUESTS, why, FULL_SECONDS)
        if kept[0] is EventReception.CONTESTED:
            LOGGER.warning("an event of %s came with a known id and other bytes: it is in quarantine", name)
        return event, kept

    async def _keys(self, source: Source) -> list[bytes]:
        try:
            if self._secrets.waits:
                return await asyncio.to_thread(keys_of, source.signature, self._secrets)
            return keys_of(source.signature, self._secrets)
        except (SecretsUnavailable, OSError) as away:
            LOGGER.error("events of %s cannot be proved: %s", source.name, away)
            raise _away("what proves this source cannot be read now") from None

    async def _keep(self, event: Event, most_waiting: int) -> Kept:
        answer: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        self._line.append((event, most_waiting, answer))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                return await answer
        except TimeoutError:
            raise _away("the books take too long now") from None

    async def _write(self) -> None:
        """Commit what stands in line until nothing does."""
        while self._line:
            batch, self._line = self._line[:AT_ONCE], self._line[AT_ONCE:]
            given = [(event, most) for event, most, _ in batch]
            try:
                kept = await asyncio.to_thread(self._books.accept, given, datetime.now(UTC))
            except Exception as error:
                # Whatever it is: nothing was committed, and each of them may come again.
                LOGGER.error("events cannot be kept: %s", f"{type(error).__name__}: {error}"[:300])
                for _, _, answer in batch:
                    if not answer.done():
                        answer.set_exception(_away("the books cannot be written now"))
                continue
            for (event, _, answer), found in zip(batch, kept, strict=True):
                if found[0] is EventReception.NEW:
                    self.arrived[event.source] = None
                if not answer.done():
                    answer.set_result(found)
            self.news.set()


def hand_in(
    source: Source, books: SqlEvents, lines: Iterable[str]
) -> Iterator[tuple[int, Event | str, Kept | None]]:
    """Keep events that a person hands in, one a line, without a signature.

    Args:
        source: whose events they are.
        books: where events are kept.
        lines: a CloudEvent in JSON each, or what the source sends as a body; empty ones are passed over.

    Yields:
        The line's number from 1, with its event and what was said to it, or with why it is none.
    """
    kind = STRUCTURED if source.reading is None else "application/json"
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            body = line.encode()
            event = read_event(source, Delivery({"content-type": kind}, body))
        except UnicodeEncodeError:
            yield number, "it is not UTF-8", None
        except DeliveryRefused as refused:
            yield number, refused.why, None
        else:
            [kept] = books.accept([(event, source.most_waiting)], datetime.now(UTC))
            yield number, event, kept


def too_large(source: Source) -> DeliveryRefused:
    """Return the refusal of a body that is longer than its source's may be."""
    return DeliveryRefused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is longer than {source.max_bytes} bytes"
    )


def _away(why: str) -> DeliveryRefused:
    return DeliveryRefused(HTTPStatus.SERVICE_UNAVAILABLE, why, AWAY_SECONDS)
