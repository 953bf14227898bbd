"""A sender's connections, kept open and few: each carries one request at a time, as cheaply as can be.

The sender shares two cores with what it measures: a client that looks through all its waiting requests at
each answer measures itself (`httpcore` here: 1.8 ms of a core a request, and more the longer its line).
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import h11

READ_BYTES = 65_536


class Broken(ConnectionError):
    """Nobody is there, or the connection ended before the answer."""


@dataclass(frozen=True)
class Answered:
    """What was answered."""

    status: int
    body: bytes


class Connection:
    """One connection; it is opened when it is first used, and anew after it broke."""

    def __init__(self, port: int) -> None:
        """Take the port of a server on this machine."""
        self._port = port
        self._state = h11.Connection(h11.CLIENT)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(
        self, path: str, headers: Sequence[tuple[str, str]], body: bytes, within: float
    ) -> Answered:
        """Send a request; return its answer.

        Raises:
            Broken: nobody is there, or the connection ended before the answer.
            TimeoutError: it did not come in time.
        """
        try:
            async with asyncio.timeout(within):
                found = await self._exchange(path, headers, body)
        except (OSError, h11.RemoteProtocolError) as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise
            raise Broken(str(error)) from None
        if self._state.our_state is h11.MUST_CLOSE or self._state.their_state is h11.MUST_CLOSE:
            self.close()
        else:
            self._state.start_next_cycle()
        return found

    def close(self) -> None:
        """Let go of it; the next request opens it anew."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams, self._state = None, h11.Connection(h11.CLIENT)

    async def _exchange(self, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answered:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        said = [("Host", f"127.0.0.1:{self._port}"), ("Content-Length", str(len(body))), *headers]
        parts = [
            self._state.send(h11.Request(method="POST", target=path, headers=said)),
            self._state.send(h11.Data(data=body)),
            self._state.send(h11.EndOfMessage()),
        ]
        writer.write(b"".join(part for part in parts if part))
        status, found = 0, b""
        while True:
            event = self._state.next_event()
            if event is h11.NEED_DATA:
                self._state.receive_data(await reader.read(READ_BYTES))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                found += event.data
            elif isinstance(event, h11.EndOfMessage):
                return Answered(status, found)
            elif isinstance(event, h11.ConnectionClosed):
                raise Broken("it ended before the answer")


class Line:
    """So many connections; who finds none free waits in the order of coming."""

    def __init__(self, port: int, connections: int) -> None:
        """Open none yet."""
        self._free = asyncio.Semaphore(connections)
        self._idle = deque(Connection(port) for _ in range(connections))

    async def post(
        self, path: str, headers: Sequence[tuple[str, str]], body: bytes, within: float
    ) -> Answered:
        """Send a request by the next connection that is free; all else as `Connection.post`."""
        async with self._free:
            # The one that was used last: those that a pause left over stay closed.
            connection = self._idle.pop()
            try:
                return await connection.post(path, headers, body, within)
            finally:
                self._idle.append(connection)

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_exc: object) -> None:
        """Close its connections."""
        for connection in self._idle:
            connection.close()
