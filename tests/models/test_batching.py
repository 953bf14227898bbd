"""Concurrent callers share a run, wait their turn, and may leave at any moment."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from models.local.batching import BatchLimits, MicroBatcher

POISON = -1


class Press:
    """Doubles numbers; when held, each run waits for one `let_go`."""

    def __init__(self) -> None:
        self.runs: list[list[int]] = []
        self.held = False
        self._entered = threading.Semaphore(0)
        self._leave = threading.Semaphore(0)

    def __call__(self, numbers: list[int]) -> list[int]:
        self.runs.append(numbers)
        self._entered.release()
        if self.held:
            assert self._leave.acquire(timeout=10)
        if POISON in numbers:
            raise ValueError("poison cannot be pressed")
        return [2 * number for number in numbers]

    async def running(self) -> None:
        """Wait until one more run has begun."""
        assert await asyncio.to_thread(self._entered.acquire, timeout=10)

    def let_go(self, runs: int = 1) -> None:
        self._leave.release(runs)


Batcher = MicroBatcher[int, int]


@pytest.fixture
def press() -> Press:
    return Press()


@pytest.fixture
def batcher(press: Press) -> Iterator[Batcher]:
    batcher = MicroBatcher(press, BatchLimits(items=8, waiting=16, wait_seconds=0.005))
    yield batcher
    press.let_go(100)
    batcher.close()


async def come(batcher: Batcher, *numbers: int) -> "asyncio.Task[list[int]]":
    task = asyncio.create_task(batcher.submit(numbers))
    await asyncio.sleep(0)
    return task


async def test_callers_that_queue_behind_a_run_share_the_next_one(press: Press, batcher: Batcher) -> None:
    press.held = True
    first = await come(batcher, 1)
    await press.running()
    others = [await come(batcher, number) for number in (2, 3, 4)]
    press.let_go(2)
    assert await asyncio.gather(first, *others) == [[2], [4], [6], [8]]
    assert press.runs == [[1], [2, 3, 4]]


async def test_each_caller_gets_its_own_results_when_many_bring_several(batcher: Batcher) -> None:
    answers = await asyncio.gather(*(batcher.submit([n, n + 1, n + 2]) for n in range(100)))
    assert answers == [[2 * n, 2 * n + 2, 2 * n + 4] for n in range(100)]


async def test_a_run_never_takes_more_than_the_limit(press: Press, batcher: Batcher) -> None:
    await asyncio.gather(*(batcher.submit([n, n]) for n in range(50)))
    assert max(len(run) for run in press.runs) == 8


async def test_a_caller_alone_is_not_held_back(press: Press) -> None:
    batcher = MicroBatcher(press, BatchLimits(wait_seconds=60))
    async with asyncio.timeout(10):
        assert [await batcher.submit([n]) for n in range(5)] == [[0], [2], [4], [6], [8]]
    await asyncio.to_thread(batcher.close)


async def test_a_caller_cancelled_before_its_run_is_not_computed_and_harms_nobody(
    press: Press, batcher: Batcher
) -> None:
    press.held = True
    first = await come(batcher, 1)
    await press.running()
    leaving, staying = await come(batcher, 2), await come(batcher, 3)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    press.let_go(2)
    assert (await first, await staying) == ([2], [6])
    assert press.runs == [[1], [3]]


async def test_a_caller_cancelled_during_its_run_does_not_disturb_the_others(
    press: Press, batcher: Batcher
) -> None:
    press.held = True
    first = await come(batcher, 1)
    await press.running()
    leaving, staying = await come(batcher, 2), await come(batcher, 3)
    press.let_go()
    assert await first == [2]
    await press.running()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    press.let_go()
    assert await staying == [6]


async def test_a_failed_run_fails_its_callers_and_not_the_next_ones(batcher: Batcher) -> None:
    with pytest.raises(ValueError, match="poison cannot be pressed"):
        await batcher.submit([POISON])
    assert await batcher.submit([14]) == [28]


async def test_a_full_queue_keeps_callers_at_the_entrance_and_all_are_served(
    press: Press, batcher: Batcher
) -> None:
    press.held = True
    callers = [await come(batcher, *[n] * 4) for n in range(20)]
    await press.running()
    assert batcher.queued == 16
    press.let_go(20)
    assert await asyncio.gather(*callers) == [[2 * n] * 4 for n in range(20)]


async def test_a_caller_that_leaves_the_entrance_gives_its_place_up(press: Press, batcher: Batcher) -> None:
    press.held = True
    callers = [await come(batcher, *[n] * 4) for n in range(20)]
    await press.running()
    for caller in callers[10:]:
        caller.cancel()
    await asyncio.gather(*callers[10:], return_exceptions=True)
    press.let_go(20)
    assert await asyncio.gather(*callers[:10]) == [[2 * n] * 4 for n in range(10)]
    assert {number for run in press.runs for number in run} == set(range(10))


async def test_a_call_larger_than_a_run_is_refused(batcher: Batcher) -> None:
    with pytest.raises(ValueError, match="9 items in one call; the most is 8"):
        await batcher.submit(range(9))


async def test_a_closed_batcher_cancels_who_waits_and_refuses_who_comes(
    press: Press, batcher: Batcher
) -> None:
    press.held = True
    first = await come(batcher, 1)
    await press.running()
    waiting = await come(batcher, 2)
    closing = asyncio.create_task(asyncio.to_thread(batcher.close))
    with pytest.raises(asyncio.CancelledError):
        await waiting
    press.let_go()
    assert await first == [2]
    await closing
    with pytest.raises(RuntimeError, match="closed"):
        await batcher.submit([3])


def test_callers_may_live_in_different_event_loops(batcher: Batcher) -> None:
    answers: list[list[int]] = []

    def call(number: int) -> None:
        answers.append(asyncio.run(batcher.submit([number])))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [[0], [2], [4], [6]]
