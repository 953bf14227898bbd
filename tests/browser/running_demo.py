"""`kontor demo`, running on a state folder and ports of its own, as a newcomer starts it."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.environment import free_port
from bootstrap.installation import Installation
from settings import Settings
from tests.conftest import ROOT, stop

PATIENCE_SECONDS = 420.0
LINK = re.compile(r"^ {2}(?P<name>.+): (?P<link>http://localhost:\d+/enter/\S+)$", re.M)


@dataclass
class RunningDemo:
    """The demo as a process.

    Attributes:
        state: its folder; what it says is in `said.log` there.
    """

    state: Path
    settings: Settings = field(init=False)
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        """Choose ports that nobody has."""
        self.settings = Settings(
            office=ROOT / "office",
            state=self.state,
            temporal_address=f"127.0.0.1:{free_port()}",
            temporal_ui_port=free_port(),
            sandbox_port=free_port(),
            gateway_port=free_port(),
            console_port=free_port(),
        )

    @property
    def url(self) -> str:
        """Where people come in."""
        return self.settings.console_origin

    @property
    def said(self) -> str:
        """All that it has printed so far."""
        return (self.state / "said.log").read_text(errors="replace")

    @property
    def environment(self) -> dict[str, str]:
        """What makes a command one of this demo."""
        own = self.settings
        return {
            "KONTOR_OFFICE": str(own.office),
            "KONTOR_STATE": str(own.state),
            "KONTOR_TEMPORAL_ADDRESS": own.temporal_address,
            "KONTOR_TEMPORAL_UI_PORT": str(own.temporal_ui_port),
            "KONTOR_SANDBOX_PORT": str(own.sandbox_port),
            "KONTOR_GATEWAY_PORT": str(own.gateway_port),
            "KONTOR_CONSOLE_PORT": str(own.console_port),
        }

    def start(self) -> None:
        """Start it, and wait until its morning is over and it lets people in."""
        with (self.state / "said.log").open("wb") as out:
            command = [sys.executable, "-m", "starter", "demo", "--stay"]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **self.environment}, stdout=out, stderr=out
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not LINK.search(self.said):
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.2)

    def invite(self, person: str) -> str:
        """Return a link that lets somebody in, as `kontor people invite` prints it."""
        with Installation(self.settings) as kontor:
            return kontor.entrance.invite(person, "a test", datetime.now(UTC))

    def end(self) -> None:
        """Stop it and all that it started."""
        if self.process is not None:
            stop(self.process)
