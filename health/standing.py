"""Whether a worker lives and whether it is ready, with the reason where it is not."""

import asyncio
import concurrent.futures
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock
from typing import Any, Generic, TypeVar

from health.pulse import Pulse

ANSWER_SECONDS = 2.0
"""A part that has not answered after so long is away."""
Answer = TypeVar("Answer")


class Phase(StrEnum):
    """Where a worker is in its life."""

    STARTING = "starting"
    SERVING = "serving"
    DRAINING = "draining"
    RESTARTING = "restarting"
    """It drains, and the same process then starts again, on the office in force."""


@dataclass(frozen=True)
class Report:
    """One answer: whether all is well, a word for how it stands, and why it is not well."""

    ok: bool
    state: str
    why: str = ""


class Asked(Generic[Answer]):
    """A question that threads put to the event loop; one is under way at a time, and all share its answer."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, question: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> None:
        """Take the loop that the question is asked in."""
        self._loop = loop
        self._question = question
        self._lock = Lock()
        self._under_way: concurrent.futures.Future[Answer] | None = None

    def __call__(self, within_seconds: float = ANSWER_SECONDS) -> Answer:
        """Ask and wait.

        Raises:
            TimeoutError: there is no answer yet; the question stays under way for who asks next.
            Exception: whatever the question raised.
        """
        with self._lock:
            if self._under_way is None or self._under_way.done():
                self._under_way = asyncio.run_coroutine_threadsafe(self._question(), self._loop)
            asked = self._under_way
        return asked.result(within_seconds)


@dataclass
class Standing:
    """What a worker knows of itself; written in its event loop, read by the threads that answer.

    Attributes:
        polls: whether every task queue of the worker is polled.
        parts: what must answer before work can be given to it, by name.
    """

    pulse: Pulse
    roles: Sequence[str] = ()
    phase: Phase = Phase.STARTING
    polls: Callable[[], bool] = lambda: False
    parts: dict[str, Asked[None]] = field(default_factory=dict)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def watch(self, part: str, question: Callable[[], Awaitable[object]]) -> None:
        """Require from now on that a part answers; called in the worker's event loop."""

        async def ask() -> None:
            await question()

        self.parts[part] = Asked(asyncio.get_running_loop(), ask)

    def liveness(self) -> Report:
        """Say whether the process should go on living: false when its event loop is held up.

        While it starts, loading and training models may hold the loop up.
        """
        if self.phase is not Phase.STARTING and (why := self.pulse.held_up()):
            return Report(False, "held up", why)
        return Report(True, self.phase.value)

    def readiness(self) -> Report:
        """Say whether the process takes work now; asks the parts, each for two seconds at most."""
        alive = self.liveness()
        if not alive.ok:
            return alive
        if self.phase is Phase.DRAINING:
            return Report(False, "draining", "it hands over what is under way and takes nothing new")
        if self.phase is Phase.RESTARTING:
            return Report(False, "restarting", "another office is in force: it starts again on it")
        if self.phase is Phase.STARTING or not self.polls():
            return Report(False, "starting", "it does not poll every task queue yet")
        away = [f"{part}: {why}" for part in self.parts if (why := self._away(part))]
        return Report(False, "away", "; ".join(away)) if away else Report(True, "ready")

    def about(self) -> dict[str, Any]:
        """Return which process this is."""
        return {"pid": os.getpid(), "roles": list(self.roles), "started_at": self.started_at.isoformat()}

    def _away(self, part: str) -> str:
        try:
            self.parts[part]()
        except TimeoutError:
            return f"no answer within {ANSWER_SECONDS:.0f} s"
        except Exception as error:
            # Its own words may hold an address with a password.
            return f"it does not answer ({type(error).__name__})"
        return ""
