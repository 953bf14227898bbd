"""Where an announcement may go: never to a private place of our own network, unless the office names it.

A name is resolved once, when the connection is made, and the address that was looked at is the one that is
connected to: a name that means something else a moment later leads nowhere else.
"""

import asyncio
import socket
from collections.abc import Collection, Iterable
from typing import Any

import httpcore

from connectors.subscriptions.addresses import is_public


class NotAllowed(httpcore.ConnectError):
    """An address that nothing is sent to; says which host, and no address."""


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only, and to those of hosts that the office allows by name."""

    def __init__(self, allowed: Collection[str]) -> None:
        """Keep the names of hosts that may be private."""
        self._allowed = frozenset(name.lower() for name in allowed)
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's own signature)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, look at every address, and connect to one that was looked at.

        Raises:
            NotAllowed: an address of it is private, or no address at all.
            httpcore.ConnectError: it has none, or does not answer.
        """
        addresses = await _resolved(host, port)
        if host.lower() not in self._allowed and not all(map(is_public, addresses)):
            raise NotAllowed(f"{host} has an address that is not public: the office allows no such host")
        refused: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                refused = error
        raise refused

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's own signature)
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: no subscriber is a file here."""
        raise NotAllowed("a socket in the file system is no subscriber")

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks."""
        await self._network.sleep(seconds)


async def _resolved(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} has no address: {error}") from None
    return [str(address[0]) for *_, address in found]
