"""A console that serves at a socket, and browsers before it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import uvicorn
from starlette.types import ASGIApp

from bootstrap.installation import Installation
from console.application import application, console_of
from console.changes import Changes
from memory.database import ask


@dataclass
class Served:
    """A console and its books."""

    kontor: Installation
    url: str

    def link(self, person: str, good_for: timedelta = timedelta(hours=1)) -> str:
        """Invite somebody; returns the path of their link."""
        link = self.kontor.entrance.invite(person, "a test", datetime.now(UTC), good_for)
        return link.removeprefix(self.url)

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """Somebody who is not in; what they send says that it comes from here, as a browser's forms do."""
        with httpx.Client(base_url=self.url, headers={"origin": self.url}, timeout=30) as client:
            yield client

    @contextmanager
    def signed_in(self, person: str) -> Iterator[httpx.Client]:
        """A browser of somebody who came in by their link."""
        with self.browser() as browser:
            assert browser.post(self.link(person)).status_code == 303
            yield browser


@contextmanager
def serving(kontor: Installation) -> Iterator[Served]:
    """Serve the console of an installation, in a thread of this process."""
    engine = kontor.database
    changes = Changes(engine)
    app = application(console_of(kontor), changes, lambda: ask(engine))
    try:
        with at_socket(app, kontor.settings.console_port):
            yield Served(kontor, kontor.settings.console_origin)
    finally:
        changes.close()


@contextmanager
def at_socket(app: ASGIApp, port: int) -> Iterator[None]:
    """Serve an application at a port, in a thread of this process."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
