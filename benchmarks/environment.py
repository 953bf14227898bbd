"""Where a benchmark runs a whole Kontor: its own state, its own ports."""

import contextlib
import itertools
import random
import socket
from collections.abc import Iterator
from pathlib import Path

from cli.stack.processes import ROOT
from settings import Settings

PORTS = range(20_000, 32_000)
"""Below those that systems give away by themselves: nobody takes one before its server listens."""
_first = random.SystemRandom().randrange(len(PORTS))
_ports: Iterator[int] = itertools.cycle([*PORTS[_first:], *PORTS[:_first]])


def free_port() -> int:
    """Return a port nobody listens on, and not one that this process was given just before.

    Raises:
        OSError: there is none.
    """
    for port in itertools.islice(_ports, len(PORTS)):
        with contextlib.closing(socket.socket()) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")


def own_settings(state: Path) -> Settings:
    """Return settings of a Kontor that shares nothing with another."""
    return Settings(
        office=ROOT / "office",
        state=state,
        temporal_address=f"127.0.0.1:{free_port()}",
        temporal_ui_port=free_port(),
        sandbox_port=free_port(),
        gateway_port=free_port(),
    )
