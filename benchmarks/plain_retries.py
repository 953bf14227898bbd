"""The same refunds by plain at-least-once retries, without ledger and look-up: what a storm does to them."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from activities.errors import classify
from benchmarks.storm_report import Made, order_of
from connectors.connectors import Connectors
from contracts.effect import ProposedEffect
from contracts.failure import CallFailed, FailureClass
from contracts.ids import effect_key

AT_ONCE = 20
PLAIN_ATTEMPTS = 40


async def plain_retries(outside: Connectors, refunds: Sequence[ProposedEffect]) -> None:
    """Refund with at-least-once retries only: the same call with the same key until it answers."""
    door = asyncio.Semaphore(AT_ONCE)

    async def refund(number: int, effect: ProposedEffect) -> None:
        key = effect_key(f"storm/{effect.connector}/{number:05d}", effect.step)
        async with door:
            for _attempt in range(PLAIN_ATTEMPTS):
                try:
                    await outside.send(effect.connector, effect.operation, effect.arguments, key)
                except CallFailed as failed:
                    meaning = classify(outside.manifest(effect.connector), effect.operation, failed)
                    if meaning is FailureClass.NOT_APPLIED_FINAL:
                        return
                    await asyncio.sleep(failed.retry_after_seconds or 0.1)
                else:
                    return

    await asyncio.gather(*(refund(number, effect) for number, effect in enumerate(refunds)))


def twice_in(made: Made, refunds: Sequence[ProposedEffect]) -> int:
    """Count the refunds too many."""
    asked = Counter(order_of(effect.arguments) for effect in refunds)
    return sum(max(0, len(made.get(order, [])) - times) for order, times in asked.items())
