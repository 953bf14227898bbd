"""Micro-batching: concurrent callers share one run of a function that likes to be given many."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class BatchLimits:
    """How large a batch may grow and how long it may be waited for.

    Attributes:
        items: the most items of one run; one call never brings more.
        waiting: the most items in the queue; callers beyond it wait their turn to enter.
        wait_seconds: the longest a run is held back for more callers, and only when the last run
            had several: a caller alone is never held back.
    """

    items: int = 64
    waiting: int = 1024
    wait_seconds: float = 0.002


@dataclass(eq=False)
class _Call(Generic[Item, Result]):
    items: list[Item]
    answer: Future[list[Result]] = field(default_factory=Future)


class MicroBatcher(Generic[Item, Result]):
    """Runs `run` on one thread, over the items of as many waiting callers as fit.

    While a run is under way, callers queue; the next run takes them all. A caller that is cancelled
    before its run is dropped from it; cancelled during it, its result is thrown away and nobody
    else notices. An exception of `run` reaches every caller of that run and no other. Callers may
    live in different event loops.
    """

    def __init__(
        self,
        run: Callable[[list[Item]], Sequence[Result]],
        limits: BatchLimits | None = None,
        *,
        name: str = "batcher",
    ) -> None:
        """Keep the function; the thread starts with the first call."""
        self._run = run
        self._limits = limits or BatchLimits()
        self._name = name
        self._lock = threading.Condition()
        self._queue: deque[_Call[Item, Result]] = deque()
        self._queued = 0
        self._entrance: deque[_Call[Item, Result]] = deque()
        self._wake_at = 1
        self._crowd = 1
        self._thread: threading.Thread | None = None
        self._closed = False
        self.runs = 0

    async def submit(self, items: Sequence[Item]) -> list[Result]:
        """Return one result for each item, in order.

        Raises:
            ValueError: more items than one run takes.
            RuntimeError: the batcher was closed.
        """
        if not items:
            return []
        if len(items) > self._limits.items:
            raise ValueError(f"{len(items)} items in one call; the most is {self._limits.items}")
        call: _Call[Item, Result] = _Call(list(items))
        with self._lock:
            if self._closed:
                raise RuntimeError(f"{self._name} is closed")
            self._entrance.append(call)
            self._admit()
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
                self._thread.start()
            elif self._queued >= self._wake_at:
                self._lock.notify()
        return await asyncio.wrap_future(call.answer)

    @property
    def queued(self) -> int:
        """How many items wait for a run, those still at the entrance not counted."""
        return self._queued

    def close(self) -> None:
        """End the thread; callers that still wait get `CancelledError`."""
        with self._lock:
            self._closed = True
            for call in (*self._queue, *self._entrance):
                call.answer.cancel()
            self._queue.clear()
            self._entrance.clear()
            self._queued = 0
            self._lock.notify()
        if self._thread is not None:
            self._thread.join()

    def _admit(self) -> None:
        """Let callers from the entrance into the queue while there is room."""
        while self._entrance:
            call = self._entrance[0]
            if call.answer.cancelled():
                self._entrance.popleft()
                continue
            if self._queued and self._queued + len(call.items) > self._limits.waiting:
                return
            self._queue.append(self._entrance.popleft())
            self._queued += len(call.items)

    def _serve(self) -> None:
        while (calls := self._next_calls()) is not None:
            if calls:
                self._answer(calls)

    def _next_calls(self) -> list[_Call[Item, Result]] | None:
        """Wait for the next batch; None when the batcher is closed."""
        with self._lock:
            self._wake_at = 1
            while not self._queued and not self._closed:
                self._lock.wait()
            if self._crowd > 1 and not self._closed:
                self._hold_back()
            return None if self._closed else self._take()

    def _hold_back(self) -> None:
        """Give as many items as came last time a short while to come again."""
        self._wake_at = min(self._crowd, self._limits.items)
        until = time.monotonic() + self._limits.wait_seconds
        while self._queued < self._wake_at and not self._closed:
            left = until - time.monotonic()
            if left <= 0 or not self._lock.wait(left):
                return

    def _take(self) -> list[_Call[Item, Result]]:
        taken: list[_Call[Item, Result]] = []
        size = 0
        while self._queue and size + len(self._queue[0].items) <= self._limits.items:
            call = self._queue.popleft()
            self._queued -= len(call.items)
            if call.answer.set_running_or_notify_cancel():
                taken.append(call)
                size += len(call.items)
        self._crowd = size if len(taken) > 1 else 1
        self._admit()
        return taken

    def _answer(self, calls: list[_Call[Item, Result]]) -> None:
        self.runs += 1
        try:
            results = list(self._run([item for call in calls for item in call.items]))
        except BaseException as failure:
            for call in calls:
                call.answer.set_exception(failure)
            return
        start = 0
        for call in calls:
            call.answer.set_result(results[start : start + len(call.items)])
            start += len(call.items)
