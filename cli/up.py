"""`kontor up`: Temporal, the sandbox and a worker in one terminal."""

import signal
import threading
from typing import Annotated

import typer

from cli.children import AlreadyRunning, Children, only_one
from cli.console import EXIT_UNREACHABLE, OUT, fail
from cli.dev_server import TemporalMissing
from settings import Settings, settings

WATCH_SECONDS = 1.0


def up(
    no_sandbox: Annotated[bool, typer.Option("--no-sandbox", help="Only the server and a worker.")] = False,
    no_server: Annotated[
        bool, typer.Option("--no-server", help="Use the Temporal server the environment names.")
    ] = False,
) -> None:
    """Run Temporal with its Web UI, the sandbox's sales channels, and a worker, until Ctrl-C.

    What dies is started again; all state is in the state folder, so Ctrl-C loses nothing.
    """
    found = settings()
    children = Children(found)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with only_one(found.state):
            try:
                children.start_all(sandbox=not no_sandbox, server=not no_server)
                OUT.print(banner(found))
                while not stop.wait(WATCH_SECONDS):
                    for name in children.watch():
                        OUT.print(f"[yellow]{name} had ended and was started again[/]")
            finally:
                OUT.print("stopping")
                children.stop()
    except (AlreadyRunning, RuntimeError, TemporalMissing) as error:
        fail(str(error), EXIT_UNREACHABLE)


def banner(found: Settings) -> str:
    """Return what a newcomer needs to know once everything runs."""
    return (
        f"[bold]Kontor is up.[/] Web UI http://127.0.0.1:{found.temporal_ui_port} · "
        f"Temporal {found.temporal_address} · sandbox http://127.0.0.1:{found.sandbox_port}\n"
        f"Logs and state in {found.state}. Try: [bold]kontor submit returns office/demo/morning.jsonl[/], "
        "[bold]kontor cases[/], [bold]kontor approvals list[/]. Ctrl-C stops."
    )
