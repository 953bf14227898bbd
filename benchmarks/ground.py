"""Where a benchmark runs a whole Kontor: its own state, its own ports."""

import contextlib
import socket
from pathlib import Path

from cli.children import ROOT
from settings import Settings


def free_port() -> int:
    """Return a port nobody listens on."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def own_settings(state: Path) -> Settings:
    """Return settings of a Kontor that shares nothing with another."""
    return Settings(
        office=ROOT / "office",
        state=state,
        temporal_address=f"127.0.0.1:{free_port()}",
        temporal_ui_port=free_port(),
        sandbox_port=free_port(),
    )
