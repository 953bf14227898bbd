"""How a door of ours serves HTTP: one process, which ends at a signal or when another office is in force."""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from bootstrap.at_once import AtOnce
from health.systemd import tell

MOST_AT_ONCE = 500
"""Requests under way, and connections that wait for the process to take them."""
GRACE_SECONDS = 5


class CannotListen(RuntimeError):
    """The port cannot be had; the message says which."""


@dataclass(frozen=True)
class Place:
    """Where a door listens.

    Attributes:
        what: the door, as a message names it.
        setting: the variable that moves its port.
    """

    host: str
    port: int
    what: str
    setting: str


class HttpServer(uvicorn.Server):
    """Ends at a signal, or when it is told to; who started it learns which."""

    told_to_end = False

    def __init__(self, app: ASGIApp, before_end: Callable[[], None] = lambda: None) -> None:
        """Take what is served.

        Args:
            app: an ASGI application.
            before_end: called when it is to end: lets go of answers that have no end of their own.
        """
        super().__init__(
            uvicorn.Config(
                AtOnce(app, MOST_AT_ONCE),
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._before_end = before_end

    def stop(self) -> None:
        """End without a signal."""
        self._before_end()
        self.should_exit = True

    async def serve_at(self, place: Place, said: str, path: str) -> None:
        """Serve until the end, and say in the log where.

        Args:
            place: where to listen.
            said: the words that stand in the log before the process id, for who waits for them.
            path: what of the address a reader should see.

        Raises:
            CannotListen: the port is taken.
        """
        with listening(place) as listener:
            host, port = listener.getsockname()[:2]
            logging.info("%s [%d] at http://%s:%d%s", said, os.getpid(), host, port, path)
            # What is loaded stays: to look through it for garbage would hold each answer up for 80 ms.
            gc.freeze()
            tell("READY=1")
            await self.serve(sockets=[listener])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals here: uvicorn would raise them once more after its end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._end)
        yield

    def _end(self) -> None:
        self.told_to_end = True
        self.stop()


@contextmanager
def listening(place: Place) -> Iterator[socket.socket]:
    """Open the port for this process; a second one of one machine takes another.

    Raises:
        CannotListen: it is taken.
    """
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    # By its number: else asyncio leaves Nagle on, and each answer waits 40 ms for an acknowledgement.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((place.host, place.port))
            listener.listen(MOST_AT_ONCE)
        except OSError as error:
            raise CannotListen(
                f"the {place.what} cannot listen at {place.host}:{place.port} ({error.strerror}): "
                f"stop what listens there, or set {place.setting}"
            ) from None
        yield listener
