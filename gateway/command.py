"""`kontor gateway`, the command."""

import asyncio
import os
import sys

import typer

from bootstrap.http_server import CannotListen
from gateway.server import serve
from logs import start_logs
from settings import settings

EXIT_UNREACHABLE = 3
"""Something that must be there cannot be had; the same as the command line's."""


def gateway() -> None:
    """Take in events over HTTP, until Ctrl-C: POST /in/SOURCE for each file of the office's sources/.

    Nothing is accepted before it is in the books, and nothing that was accepted is lost. Several may run
    behind a balancer on one database. `kontor up` runs one; KONTOR_GATEWAY_HOST and KONTOR_GATEWAY_PORT say
    where. It also answers /healthz and /readyz.

    Example: KONTOR_GATEWAY_PORT=8500 kontor gateway
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
