"""The sandbox as a server: shops, outlets and the back door, over a real socket."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.admin import Admin
from sandbox.channels import blog, marketplace, social, store, webshop
from sandbox.endpoint import Endpoint
from sandbox.faults import FaultPlan, Faults
from sandbox.listening import in_thread, listener
from sandbox.loading import seed
from sandbox.webhooks import Webhooks
from sandbox.world import SYSTEMS, World


def token_of(channel: str) -> str:
    """Return the bearer token that a channel expects.

    It is `KONTOR_SANDBOX_TOKEN_WEBSHOP` and so on in the environment, or a well-known default:
    the sandbox guards nothing, it only wants clients to authenticate as they would outside.
    """
    return os.environ.get(f"KONTOR_SANDBOX_TOKEN_{channel.upper()}", f"sandbox-{channel}-token")


class AsWritten:
    """Routes by the path as it was sent: an id with a slash, sent as `%2F`, stays one part of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on with its path not decoded; who takes parts out of it decodes them."""
        if scope["type"] == "http":
            scope = {**scope, "path": scope["raw_path"].decode("latin-1")}
        await self._app(scope, receive, send)


def application(world: World, faults: Faults, webhooks: str = "") -> Starlette:
    """Put the channels, the outlets and the back door together."""
    doors = {
        "webshop": Endpoint(world, "webshop", token_of("webshop"), faults, webshop.refusal),
        "marketplace": Endpoint(world, "marketplace", token_of("marketplace"), faults, marketplace.refusal),
        "store": Endpoint(world, "store", token_of("store"), faults, store.refusal),
        "blog": Endpoint(world, "blog", token_of("blog"), faults, blog.refusal),
        "social": Endpoint(world, "social", token_of("social"), faults, social.refusal),
    }
    told = Webhooks(webhooks)
    return Starlette(
        routes=[
            Mount("/webshop", routes=webshop.Webshop(world, doors["webshop"], told).routes()),
            Mount("/marketplace", routes=marketplace.Marketplace(world, doors["marketplace"]).routes()),
            Mount("/store", routes=store.Store(world, doors["store"]).routes()),
            Mount("/blog", routes=blog.Blog(world, doors["blog"]).routes()),
            Mount("/social", routes=social.Social(world, doors["social"]).routes()),
            Mount("/admin", routes=Admin(world, faults, told).routes()),
        ],
        middleware=[Middleware(AsWritten)],
    )


def server(world: World, faults: Faults, port: int, webhooks: str = "") -> uvicorn.Server:
    """Return the sandbox's server, bound to the loopback interface; port 0 takes a free one."""
    return listener(application(world, faults, webhooks), port)


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
    tokens: dict[str, str] = field(default_factory=lambda: {name: token_of(name) for name in SYSTEMS})


@contextmanager
def running(
    database: Path,
    *,
    port: int = 0,
    seeded: bool = True,
    plan: FaultPlan | None = None,
    webhooks: str = "",
    **world: Any,
) -> Iterator[Sandbox]:
    """Run the sandbox in a thread of this process, for tests and evaluations.

    Args:
        database: its SQLite file.
        port: 0 takes a free one.
        seeded: load the sandbox's own catalogue and orders.
        plan: the faults to begin with.
        webhooks: where channels send events, as `sandbox.webhooks.Webhooks` says.
        world: further arguments of `World`, for instance a clock.

    Raises:
        RuntimeError: it did not start.
    """
    here = World(database, **world)
    if seeded:
        seed(here)
    faults = Faults(plan)
    with in_thread(server(here, faults, port, webhooks), "sandbox") as bound:
        yield Sandbox(f"http://127.0.0.1:{bound}", bound, database, faults)
    here.close()
