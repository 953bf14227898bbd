"""Who plays in the interleavings: a worker that may die at any step, and a till whose calls may hang."""

import asyncio
import concurrent.futures
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from contracts.base import Arguments
from contracts.effect import EffectOrder, EffectReceipt, OutsideResult
from memory.authoritative.ledger.ledger import SqlLedger
from tests.activities.effects.fake_channel import Clock, FakeChannel, Kind, Made, manifest
from tests.memory.audit_helpers import journal

KINDS: tuple[Kind, ...] = ("native_key", "client_reference", "lookup", "none")
RETENTION_SECONDS = 60.0
HANGING = ("hang-before", "hang-after")


class Killed(BaseException):
    """The worker process is gone."""


class Steps:
    """Counts the steps of a worker; at the one it is told, the worker dies."""

    def __init__(self) -> None:
        self.left: int | None = None

    def __call__(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left = None
            raise Killed


class MortalLedger(SqlLedger):
    """The ledger of a worker that may die before or after any commit, or be held up after it."""

    def __init__(self, engine: Engine, step: Steps, pause: Callable[[], None]) -> None:
        super().__init__(journal(engine))
        self._step = step
        self._pause = pause

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        steps = ("begin", "found_absent", "found", "look_up_failed", "answered", "call_failed", "give_up")
        if name not in steps:
            return found
        step, pause = object.__getattribute__(self, "_step"), object.__getattribute__(self, "_pause")

        def mortal(*given: Any, **named: Any) -> Any:
            step()
            answer = found(*given, **named)
            step()
            pause()
            return answer

        return mortal


class Inline(concurrent.futures.ThreadPoolExecutor):
    """Runs at once, so that an interleaving is what the rules say and nothing else."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as failed:
            future.set_exception(failed)
        return future


@dataclass
class Hanging:
    """A call that got no answer yet; `made` if it was done before the answer was lost on its way."""

    effect: "Effect"
    arguments: Arguments
    key: str
    since: float
    answer: "asyncio.Future[Made]"
    made: Made | None = None


@dataclass
class Effect:
    """One effect on its way, with the order that its next attempt will carry."""

    case_id: str
    order: EffectOrder
    begun: bool = False
    running: "set[asyncio.Task[EffectReceipt]]" = field(default_factory=set)


class LiveTill(FakeChannel):
    """The till, whose calls may hang, and whose caller may die at every step."""

    def __init__(self, clock: Clock, step: Steps) -> None:
        super().__init__(
            clock,
            *(manifest(kind, name=kind, retention_seconds=RETENTION_SECONDS) for kind in KINDS),
        )
        self.step = step
        self.fate: str | int | float = "ok"
        self.hanging: list[Hanging] = []
        self.looking: list[asyncio.Future[None]] = []
        self.attempting: Effect | None = None

    async def send(self, connector: str, operation: str, arguments: Arguments, key: str) -> OutsideResult:
        self.step()
        self.calls.append(key)
        fate, self.fate = self.fate, "ok"
        if fate not in HANGING:
            made = self.answer(connector, operation, arguments, key, fate)
            self.step()
            return made.told
        assert self.attempting is not None
        done = self.answer(connector, operation, arguments, key, "ok") if fate == "hang-after" else None
        answer: asyncio.Future[Made] = asyncio.get_running_loop().create_future()
        since = self.clock.stopwatch()
        self.hanging.append(Hanging(self.attempting, arguments, key, since, answer, done))
        return (await answer).told

    async def look_up(self, *given: Any, **named: Any) -> OutsideResult | None:
        self.step()
        found = await super().look_up(*given, **named)
        if self.fate in HANGING:
            self.fate = "ok"
            self.looking.append(asyncio.get_running_loop().create_future())
            await self.looking[-1]
        self.step()
        return found
