"""Work that follows in the background, once for many who asked for it."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

LOGGER = logging.getLogger(__name__)


class FollowUp:
    """Does its work a while after the first request, for all requests that came until then.

    What is asked for must be on record elsewhere: a request is forgotten with its process, and also
    when the work fails.
    """

    def __init__(self, work: Callable[[], Awaitable[None]], *, seconds: float, at_most: int) -> None:
        """Keep the work; nothing runs before it is asked for.

        Args:
            work: deals with everything that is on record, however many asked.
            seconds: how long the first request waits for others.
            at_most: with so many requests it waits no longer.
        """
        self._work = work
        self._seconds = seconds
        self._at_most = at_most
        self._requests = 0
        self._stopped = False
        self._turn = asyncio.Lock()
        self._enough = asyncio.Event()
        self._waiting: asyncio.Task[None] | None = None

    def request(self, count: int) -> None:
        """Ask for the work on behalf of `count` things; call it on the event loop."""
        self._requests += count
        if self._waiting is None or self._waiting.done():
            self._enough = asyncio.Event()
            self._waiting = asyncio.create_task(self._wait())
        if self._requests >= self._at_most:
            self._enough.set()

    async def finish(self) -> None:
        """Do now what was asked for until now, and wait until it is done."""
        async with self._turn:
            await self._do()
        self._enough.set()

    def stop(self) -> None:
        """Begin no more work."""
        self._stopped = True

    async def _wait(self) -> None:
        while self._requests and not self._stopped:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._enough.wait()
            self._enough.clear()
            async with self._turn:
                await self._do()

    async def _do(self) -> None:
        if not self._requests or self._stopped:
            return
        self._requests = 0
        try:
            await self._work()
        except Exception:  # what is on record stays there: the next request or start tries again
            if not self._stopped:
                LOGGER.exception("vectors could not be brought up to date")
