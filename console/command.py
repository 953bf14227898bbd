"""`kontor console`, the command."""

import asyncio
import os
import sys

import typer

from bootstrap.http_server import CannotListen
from console.server import serve
from logs import start_logs
from settings import settings

EXIT_UNREACHABLE = 3
"""Something that must be there cannot be had; the same as the command line's."""


def console() -> None:
    """Serve the web page where people of the staff work, until Ctrl-C.

    Nobody gets in without an invitation (kontor people invite NAME) or a passkey. Several may run behind a
    balancer on one database. `kontor up` runs one; KONTOR_CONSOLE_HOST and KONTOR_CONSOLE_PORT say where, and
    KONTOR_CONSOLE_URL how browsers reach it: anywhere but on this machine, by https.

    Example: KONTOR_CONSOLE_URL=https://kontor.example kontor console
    """
    found = settings()
    start_logs(found)
    try:
        again = asyncio.run(serve(found))
    except CannotListen as taken:
        typer.echo(f"error: {taken}", err=True)
        raise typer.Exit(EXIT_UNREACHABLE) from None
    if again:
        # The same command anew: nothing that was read from the office before can be left over.
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 (no shell; our own command)
