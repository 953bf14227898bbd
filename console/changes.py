"""What changed, named to open pages as it happens; each page then reads anew what its person may see."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from sqlalchemy import Engine, select
from starlette.responses import StreamingResponse

from logs import is_expected
from memory.database import reading, table_of
from memory.tables.episodes import EpisodeHeadRow, EpisodeRow

LOGGER = logging.getLogger(__name__)
LOOK_SECONDS = 0.3
ALIVE_SECONDS = 15.0
"""So often something is sent in any case, so that nothing between us and the browser thinks it is over."""
MOST = 500
"""More episodes than these are not read one by one: everything is said to have changed."""
EVERYTHING = frozenset({"*"})
EPISODES, HEAD = table_of(EpisodeRow).c, table_of(EpisodeHeadRow).c


class Changes:
    """Looks at the log's end while a page is open, once for all of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._listeners: set[asyncio.Queue[frozenset[str]]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    def close(self) -> None:
        """Let every page go: this process ends."""
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
        for queue in self._listeners:
            queue.put_nowait(frozenset())

    def stream(self, still_in: Callable[[], Awaitable[bool]]) -> StreamingResponse:
        """Return an answer that goes on for as long as a page is open.

        Args:
            still_in: asked now and then; when it says no, the answer ends.
        """
        return StreamingResponse(self._told(still_in), media_type="text/event-stream")

    async def _told(self, still_in: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
        queue: asyncio.Queue[frozenset[str]] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look())
            yield "retry: 2000\n\n"
            while not self._closed:
                try:
                    names = await asyncio.wait_for(queue.get(), ALIVE_SECONDS)
                except TimeoutError:
                    yield ": alive\n\n"
                    names = frozenset()
                if not await still_in():
                    return
                if names:
                    yield f"event: changed\ndata: {' '.join(sorted(names))}\n\n"
        finally:
            self._listeners.discard(queue)
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        position: int | None = None
        while True:
            try:
                position, names = await asyncio.to_thread(self._since, position)
            except Exception as away:
                if not is_expected(away):
                    LOGGER.exception("the log cannot be looked at")
                names = frozenset()
            if names:
                for queue in self._listeners:
                    queue.put_nowait(names)
            await asyncio.sleep(LOOK_SECONDS)

    def _since(self, position: int | None) -> tuple[int, frozenset[str]]:
        """Return where the log ends now, and the tables that it says were written since a position."""
        with reading(self._engine) as session:
            end = session.execute(select(HEAD.count)).scalar_one()
            if position is None or end <= position:
                return end, frozenset()
            if end - position > MOST:
                return end, EVERYTHING
            query = select(EPISODES.data).where(EPISODES.position > position, EPISODES.position <= end)
            return end, frozenset().union(*(_tables(data) for data in session.scalars(query)))


def _tables(data: str) -> frozenset[str]:
    rows = json.loads(data).get("rows")
    return frozenset(rows) if isinstance(rows, dict) else frozenset()
