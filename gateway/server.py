"""One gateway process: it keeps events, and tells the dispatchers; several may run beside one another."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from temporalio.client import Client
from temporalio.service import RPCError

from bootstrap.following import replaced
from bootstrap.installation import Installation
from gateway.application import application
from health.systemd import tell
from memory.database import ask
from service.dispatch import rouse
from service.ownership import NotOurs, join
from service.reception import Reception
from service.temporal import ServerAway
from settings import Settings

SERVING = "the gateway serves"
"""The words in its log, with its process id, once it takes events."""
BREATH_SECONDS = 0.1
"""Dispatchers hear of new events so much apart: a flood is not a call each."""
AWAY_SECONDS = 5.0
MOST_CONNECTIONS = 500
GRACE_SECONDS = 5


class CannotListen(RuntimeError):
    """The port cannot be had; the message says which."""


async def serve(settings: Settings) -> bool:
    """Take in events until SIGTERM or SIGINT.

    Returns:
        Whether it is to start again, because another office is in force.

    Raises:
        CannotListen: the port is taken.
        OfficeInvalid: a source's file cannot be used.
    """
    async with Installation(settings) as installation:
        reception = Reception(installation.event_sources, installation.secrets, installation.events)
        engine = installation.database
        server = _Server(_config(application(reception, lambda: ask(engine)), settings))
        office = asyncio.create_task(replaced(installation))
        office.add_done_callback(lambda _: server.stop())
        telling = asyncio.create_task(tell_dispatchers(installation, reception))
        with _listening(settings) as listener:
            host, port = listener.getsockname()[:2]
            names = ", ".join(reception.sources) or "no source yet"
            logging.info("%s [%d] at http://%s:%d/in/…: %s", SERVING, os.getpid(), host, port, names)
            tell("READY=1")
            await server.serve(sockets=[listener])
        for task in (office, telling):
            task.cancel()
        return not server.told_to_end


class _Server(uvicorn.Server):
    """Ends at a signal, or when it is told to; who started it learns which."""

    told_to_end = False

    def stop(self) -> None:
        """End without a signal."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals here: uvicorn would raise them once more after its end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._end)
        yield

    def _end(self) -> None:
        self.told_to_end = self.should_exit = True


def _config(app: object, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type] # Starlette's own signature says less than uvicorn asks for
        host=settings.gateway_host,
        port=settings.gateway_port,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Open the port for this process; a second gateway of one machine takes another."""
    family = socket.AF_INET6 if ":" in settings.gateway_host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.gateway_host, settings.gateway_port))
            listener.listen(MOST_CONNECTIONS)
        except OSError as error:
            place = f"{settings.gateway_host}:{settings.gateway_port}"
            raise CannotListen(
                f"the gateway cannot listen at {place} ({error.strerror}): "
                "stop what listens there, or set KONTOR_GATEWAY_PORT"
            ) from None
        yield listener


async def tell_dispatchers(installation: Installation, reception: Reception) -> None:
    """Start the dispatcher of each source that has news, soon after they are kept.

    While Temporal is away, events are accepted all the same: they wait, and a worker looks for them, too.
    """
    client: Client | None = None
    while True:
        await reception.news.wait()
        reception.news.clear()
        try:
            client = client or await join(installation)
            await _rouse_all(client, reception)
        except (ServerAway, NotOurs, RPCError) as away:
            logging.warning("events wait for their dispatcher: %s", str(away)[:300])
            client = None if isinstance(away, ServerAway | NotOurs) else client
            await asyncio.sleep(AWAY_SECONDS)
            reception.news.set()
        await asyncio.sleep(BREATH_SECONDS)


async def _rouse_all(client: Client, reception: Reception) -> None:
    while reception.arrived:
        source = next(iter(reception.arrived))
        del reception.arrived[source]  # before it is told: what comes meanwhile is told of once more
        try:
            await rouse(client, source)
        except RPCError:
            reception.arrived[source] = None
            raise
