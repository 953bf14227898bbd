"""One gateway process: it keeps events and mail, and tells the dispatchers; several may run at once."""

import asyncio
import logging
import threading
from contextlib import suppress

from temporalio.client import Client
from temporalio.service import RPCError

from bootstrap.following import replaced
from bootstrap.http_server import HttpServer, Place
from bootstrap.installation import Installation
from contracts.mailbox import Mailbox
from gateway.application import application
from memory.database import ask
from service.dispatch import rouse
from service.mail_watch import MailboxWatch
from service.ownership import NotOurs, join
from service.reception import Reception
from service.temporal import ServerAway
from settings import Settings

SERVING = "the gateway serves"
"""The words in its log, with its process id, once it takes events."""
BREATH_SECONDS = 0.1
"""Dispatchers hear of new events so much apart: a flood is not a call each."""
AWAY_SECONDS = 5.0


async def serve(settings: Settings) -> bool:
    """Take in events, and the mail of mailboxes, until SIGTERM or SIGINT.

    Returns:
        Whether it is to start again, because another office is in force.

    Raises:
        CannotListen: the port is taken.
        OfficeInvalid: a source's file cannot be used.
    """
    async with Installation(settings) as installation:
        reception = Reception(installation.event_sources, installation.secrets, installation.events)
        engine = installation.database
        server = HttpServer(application(reception, lambda: ask(engine)))
        office = asyncio.create_task(replaced(installation))
        office.add_done_callback(lambda _: server.stop())
        telling = asyncio.create_task(tell_dispatchers(installation, reception))
        watches = [
            following(installation, box, reception) for box in installation.mailboxes.values() if box.imap
        ]
        names = ", ".join(reception.sources) or "no source yet"
        place = Place(settings.gateway_host, settings.gateway_port, "gateway", "KONTOR_GATEWAY_PORT")
        await server.serve_at(place, SERVING, f"/in/…: {names}")
        for watch in watches:
            watch.stop.set()
        for task in (office, telling):
            task.cancel()
        return not server.told_to_end


def following(installation: Installation, box: Mailbox, reception: Reception) -> MailboxWatch:
    """Follow a mailbox in a thread, which ends with the process; its dispatcher hears of each mail."""
    loop = asyncio.get_running_loop()

    def arrived(source: str) -> None:
        reception.arrived[source] = None
        reception.news.set()

    def told(source: str) -> None:
        with suppress(RuntimeError):  # the loop has ended: a worker looks for what waits
            loop.call_soon_threadsafe(arrived, source)

    watch = MailboxWatch(installation, box, told)
    threading.Thread(target=watch.follow, name=f"mailbox {box.name}", daemon=True).start()
    return watch


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
