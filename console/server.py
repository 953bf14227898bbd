"""One console process; several may run beside one another, behind a balancer."""

import asyncio

from bootstrap.following import replaced
from bootstrap.http_server import HttpServer, Place
from bootstrap.installation import Installation
from console.application import application, console_of
from console.changes import Changes
from memory.database import ask
from settings import Settings

SERVING = "the console serves"
"""The words in its log, with its process id, once people can come in."""


async def serve(settings: Settings) -> bool:
    """Serve people until SIGTERM or SIGINT.

    Returns:
        Whether it is to start again, because another office is in force.

    Raises:
        CannotListen: the port is taken.
        OfficeInvalid: the office cannot be used.
    """
    async with Installation(settings) as kontor:
        engine = kontor.database
        changes = Changes(engine)
        app = application(console_of(kontor), changes, lambda: ask(engine))
        server = HttpServer(app, before_end=changes.close)
        office = asyncio.create_task(replaced(kontor))
        office.add_done_callback(lambda _: server.stop())
        place = Place(settings.console_host, settings.console_port, "console", "KONTOR_CONSOLE_PORT")
        await server.serve_at(place, SERVING, "")
        office.cancel()
        return not server.told_to_end
