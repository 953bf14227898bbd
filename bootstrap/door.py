"""What the commands of our doors share: serve until the end, and start anew for another office."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

from bootstrap.http_server import CannotListen
from logs import start_logs
from settings import Settings, settings

EXIT_UNREACHABLE = 3
"""Something that must be there cannot be had; the same as the command line's."""


def run_door(serve: Callable[[Settings], Awaitable[bool]]) -> None:
    """Serve a door until its end; leaves with 3 where its port is taken.

    Args:
        serve: returns whether it is to start again, because another office is in force.
    """
    found = settings()
    start_logs(found)

    async def served() -> bool:
        return await serve(found)

    try:
        again = asyncio.run(served())
    except CannotListen as taken:
        sys.stderr.write(f"error: {taken}\n")
        raise SystemExit(EXIT_UNREACHABLE) from None
    if again:
        # The same command anew: nothing that was read from the office before can be left over.
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 (no shell; our own command)
