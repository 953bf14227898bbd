"""`kontor up`: Temporal, the sandbox, the gateway, the console and a worker in one terminal."""

import signal
import threading
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from bootstrap.installation import Installation
from cli.stack.dev_server import TemporalMissing
from cli.stack.office import OfficeNews
from cli.stack.processes import AlreadyRunning, Children, only_one
from cli.terminal import EXIT_UNREACHABLE, OUT, fail
from contracts.office import OfficeMissing
from health.systemd import tell
from service.offices import OfficeRefused
from service.operator import operator
from settings import Settings, settings

WATCH_SECONDS = 1.0


def up(
    no_sandbox: Annotated[bool, typer.Option("--no-sandbox", help="Only the server and a worker.")] = False,
    no_server: Annotated[
        bool, typer.Option("--no-server", help="Use the Temporal server the environment names.")
    ] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Serve an office whose own tests fail; that is on record.")
    ] = False,
) -> None:
    """Run Temporal with its Web UI, the sandbox's sales channels, the gateway, the console, and a worker.

    Until Ctrl-C. With the sandbox it prints a link for each person of the staff, which lets them into the
    console once; without, `kontor people invite NAME` makes one.

    What dies is started again; all state is in the state folder, so Ctrl-C loses nothing. The first start
    puts the office folder in force. An edit of it is told here, and takes `kontor office apply`.
    """
    found = settings()
    children = Children(found)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with only_one(found.state), Installation(found) as kontor:
            news = OfficeNews(kontor, anyway=anyway)
            try:
                children.start_all(sandbox=not no_sandbox, server=not no_server, gateway=True, console=True)
                OUT.print(banner(found))
                OUT.print(entrances(kontor, sandbox=not no_sandbox), soft_wrap=True)
                tell("READY=1")
                watch(children, stop, news)
            finally:
                OUT.print("stopping")
                tell("STOPPING=1")
                children.stop()
    except (AlreadyRunning, RuntimeError, TemporalMissing) as error:
        fail(str(error), EXIT_UNREACHABLE)
    except (OfficeRefused, OfficeMissing) as refused:
        fail(str(refused))


def watch(children: Children, stop: threading.Event, news: OfficeNews) -> None:
    """Until it is to stop, start again what has ended, and say where each new worker tells its health.

    What becomes of the office is said, too.
    """
    told = ""
    while True:
        address = children.health_address()
        if address not in ("", told):
            OUT.print(f"The worker's health: http://{address}/healthz, /readyz, /metrics")
            told = address
        if stop.wait(WATCH_SECONDS):
            return
        for name in children.watch():
            OUT.print(f"[yellow]{name} had ended and was started again[/]")
        news.tell()


def entrances(kontor: Installation, *, sandbox: bool) -> str:
    """Return where people work, and in a demo a link for each of them; elsewhere links are for one alone."""
    console = f"[bold]The console[/], where people work: {kontor.settings.console_origin}"
    if not sandbox:
        return f"{console}. [bold]kontor people invite NAME[/] lets somebody in."
    now = datetime.now(UTC)
    people = kontor.policy_engine.book.staff.people
    links = {person: kontor.entrance.invite(person, operator(), now) for person in people}
    lines = (f"  {escape(people[person].name)}: {escape(link)}" for person, link in links.items())
    return "\n".join([f"{console}. Come in, once, as", *lines])


def banner(found: Settings) -> str:
    """Return what a newcomer needs to know once everything runs."""
    return (
        f"[bold]Kontor is up.[/] Web UI http://127.0.0.1:{found.temporal_ui_port} · "
        f"Temporal {found.temporal_address} · sandbox http://127.0.0.1:{found.sandbox_port}\n"
        f"Events: POST http://{found.gateway_host}:{found.gateway_port}/in/SOURCE. "
        f"Logs and state in {found.state}. Try: [bold]kontor submit returns office/demo/morning.jsonl[/], "
        "[bold]kontor cases[/], [bold]kontor approvals list[/]. Ctrl-C stops."
    )
