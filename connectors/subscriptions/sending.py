"""One try to tell a subscriber: one request, nothing followed, nothing of the answer's body read."""

import asyncio
import ssl
from collections.abc import Mapping
from http import HTTPStatus

import httpcore

from connectors.responses import retry_after_seconds
from connectors.subscriptions.network import GuardedNetwork
from contracts.subscription import AnnouncementTry, Subscription

TIMEOUT_SECONDS = 15.0
"""From connecting to the answer's status."""
SUCCESS = range(200, 300)


async def send(subscription: Subscription, body: bytes, headers: Mapping[str, str]) -> AnnouncementTry:
    """Tell a subscriber once.

    Returns:
        How it ended; whatever a receiver or a network does wrong is a result, no exception.
    """
    network = GuardedNetwork(subscription.allow)
    try:
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            httpcore.AsyncConnectionPool(
                ssl_context=ssl.create_default_context(), retries=0, network_backend=network
            ) as pool,
            pool.stream("POST", subscription.url, headers=list(headers.items()), content=body) as answer,
        ):
            return _judged(answer)
    except TimeoutError:
        return AnnouncementTry(result="refused", why=f"no answer within {TIMEOUT_SECONDS:.0f} s")
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        return AnnouncementTry(result="refused", why=f"{type(error).__name__}: {error}"[:300])


def _judged(answer: httpcore.Response) -> AnnouncementTry:
    if answer.status in SUCCESS:
        return AnnouncementTry(result="taken")
    if answer.status == HTTPStatus.GONE:
        return AnnouncementTry(result="ended", why="it answered 410: it wants nothing more")
    why = f"it answered {answer.status}"
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        why += ", which is not followed: write the new address into subscriptions.toml"
    named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
    wait = retry_after_seconds(named.get("retry-after"), named.get("date")) or 0.0
    return AnnouncementTry(result="refused", why=why, retry_seconds=wait)
