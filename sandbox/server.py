"""The sandbox as a server: three channels and the back door, over a real socket."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import marketplace, store, webshop
from sandbox.admin import Admin
from sandbox.door import Door
from sandbox.faults import FaultPlan, Faults
from sandbox.loading import seed
from sandbox.world import CHANNELS, World

START_SECONDS = 10.0


def token_of(channel: str) -> str:
    """Return the bearer token that a channel expects.

    It is `KONTOR_SANDBOX_TOKEN_WEBSHOP` and so on in the environment, or a well-known default:
    the sandbox guards nothing, it only wants clients to authenticate as they would outside.
    """
    return os.environ.get(f"KONTOR_SANDBOX_TOKEN_{channel.upper()}", f"sandbox-{channel}-token")


class Sockets:
    """The open sockets by their client's address, so that a fault can close one without an answer."""

    def __init__(self) -> None:
        """Start with none."""
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


def application(world: World, faults: Faults, sockets: Sockets) -> Starlette:
    """Put the three channels and the back door together."""
    doors = {
        "webshop": Door(world, "webshop", token_of("webshop"), faults, webshop.refusal),
        "marketplace": Door(world, "marketplace", token_of("marketplace"), faults, marketplace.refusal),
        "store": Door(world, "store", token_of("store"), faults, store.refusal),
    }
    app = Starlette(
        routes=[
            Mount("/webshop", routes=webshop.Webshop(world, doors["webshop"]).routes()),
            Mount("/marketplace", routes=marketplace.Marketplace(world, doors["marketplace"]).routes()),
            Mount("/store", routes=store.Store(world, doors["store"]).routes()),
            Mount("/admin", routes=Admin(world, faults).routes()),
        ]
    )
    app.state.hang_up = sockets.hang_up
    return app


def server(world: World, faults: Faults, port: int) -> uvicorn.Server:
    """Return the server, bound to the loopback interface; port 0 takes a free one."""
    sockets = Sockets()
    config = uvicorn.Config(
        application(world, faults, sockets),
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


@dataclass
class Sandbox:
    """A running sandbox.

    Attributes:
        url: its base, for instance `http://127.0.0.1:8400`.
        tokens: bearer tokens by channel.
        faults: adjust it directly in the same process, or through `/admin/faults`.
    """

    url: str
    port: int
    database: Path
    faults: Faults
    tokens: dict[str, str] = field(default_factory=lambda: {name: token_of(name) for name in CHANNELS})


@contextmanager
def running(
    database: Path, *, port: int = 0, seeded: bool = True, plan: FaultPlan | None = None, **world: Any
) -> Iterator[Sandbox]:
    """Run the sandbox in a thread of this process, for tests and evaluations.

    Args:
        database: its SQLite file.
        port: 0 takes a free one.
        seeded: load the sandbox's own catalogue and orders.
        plan: the faults to begin with.
        world: further arguments of `World`, for instance a clock.

    Raises:
        RuntimeError: it did not start.
    """
    here = World(database, **world)
    if seeded:
        seed(here)
    faults = Faults(plan)
    uvicorn_server = server(here, faults, port)
    thread = threading.Thread(target=uvicorn_server.run, name="sandbox", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not uvicorn_server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(f"the sandbox did not start on port {port}")
        time.sleep(0.01)
    bound = port_of(uvicorn_server)
    try:
        yield Sandbox(f"http://127.0.0.1:{bound}", bound, database, faults)
    finally:
        uvicorn_server.should_exit = True
        thread.join(timeout=START_SECONDS)
        here.close()
