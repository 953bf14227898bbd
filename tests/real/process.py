"""A child process that is waited for until it is ready, and stopped at the end."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.real.installing import Missing


class Child:
    """One server process with its log."""

    def __init__(self, name: str, command: Sequence[str | Path], log: Path, **environment: str) -> None:
        """Start it."""
        self.name = name
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                cwd=log.parent,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until it is ready; raises Missing with its last words."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                words = "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
                self.stop()
                raise Missing(f"{self.name} did not start within {seconds:.0f} s:\n{words}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it and the processes it started, gently first."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
