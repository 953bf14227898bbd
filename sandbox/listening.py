"""A Starlette application on a loopback port, with sockets that a fault can close, in a thread or alone."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

START_SECONDS = 10.0


class Sockets:
    """The open sockets by their client's address, so that a fault can close one without an answer."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, int], asyncio.Transport] = {}

    async def hang_up(self, client: tuple[str, int]) -> None:
        """Close a client's socket at once; what was not sent yet is lost."""
        transport = self.open.pop(client, None)
        if transport is not None:
            transport.abort()
            await asyncio.sleep(0)  # lets uvicorn see that the connection is gone
            await asyncio.sleep(0)

    def protocol(self) -> type[H11Protocol]:
        """Return uvicorn's protocol, made to note its sockets here."""
        sockets = self.open

        class Noted(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's own signature
                super().connection_made(transport)
                if self.client is not None:
                    sockets[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    sockets.pop(self.client, None)
                super().connection_lost(exc)

        return Noted


def listener(app: Starlette, port: int) -> uvicorn.Server:
    """Return a server for `app`, bound to the loopback interface; port 0 takes a free one."""
    sockets = Sockets()
    app.state.hang_up = sockets.hang_up
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        http=sockets.protocol(),
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
    )
    return uvicorn.Server(config)


def port_of(running: uvicorn.Server) -> int:
    """Return the port that a started server listens on."""
    port: int = running.servers[0].sockets[0].getsockname()[1]
    return port


@contextmanager
def in_thread(server: uvicorn.Server, name: str) -> Iterator[int]:
    """Run a server in a thread of this process and give its port.

    Raises:
        RuntimeError: it did not start.
    """
    thread = threading.Thread(target=server.run, name=name, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(f"the {name} did not start")
        time.sleep(0.01)
    try:
        yield port_of(server)
    finally:
        server.should_exit = True
        thread.join(timeout=START_SECONDS)
