"""What an activity must do itself for Temporal's retries: heartbeat while it works, know its last attempt."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from temporalio import activity

HEARTBEATS_PER_TIMEOUT = 3


@asynccontextmanager
async def heartbeats() -> AsyncIterator[None]:
    """Heartbeat while the block runs, so that a killed worker's activity is taken up soon.

    The first one is sent at once, then several in each heartbeat timeout; without one, none is.
    """
    timeout = activity.info().heartbeat_timeout
    if timeout is None:
        yield
        return
    beating = asyncio.create_task(_beat(timeout.total_seconds() / HEARTBEATS_PER_TIMEOUT))
    try:
        yield
    finally:
        beating.cancel()


async def _beat(every_seconds: float) -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(every_seconds)


def backoff(info: activity.Info) -> timedelta:
    """Return the retry policy's own delay after this attempt."""
    policy = info.retry_policy
    if policy is None:
        return timedelta(seconds=1)
    longest = policy.maximum_interval or policy.initial_interval * 100
    exponent = min(info.attempt - 1, 64)
    seconds = policy.initial_interval.total_seconds() * math.pow(policy.backoff_coefficient, exponent)
    return min(timedelta(seconds=min(seconds, longest.total_seconds())), longest)


def is_last_attempt(info: activity.Info, now: datetime, delay: timedelta) -> bool:
    """Say whether Temporal would not make another attempt after `delay`."""
    policy = info.retry_policy
    if policy is not None and 0 < policy.maximum_attempts <= info.attempt:
        return True
    if info.schedule_to_close_timeout is None:
        return False
    return now + delay >= info.scheduled_time + info.schedule_to_close_timeout
