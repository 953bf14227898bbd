"""How many requests a door works on at once; one that is too many is told when to come again."""

import logging
from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOGGER = logging.getLogger(__name__)
AGAIN_SECONDS = 2
"""When somebody comes again who was one too many: such a flood is over soon, or a second door is needed."""


class AtOnce:
    """An ASGI application that lets so many requests into another one, and answers 503 to more.

    uvicorn's own limit counts connections, those that are idle too, and its 503 does not say when to come
    again: senders that keep many connections open would be refused while nothing is done.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        """Take the application, and how many of its requests may be under way."""
        self._app = app
        self._most = most
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._under_way >= self._most:
            LOGGER.warning("%d requests are under way: one more is told to come again", self._under_way)
            # Its body is not read, and must not be taken for the next request.
            headers = {"Retry-After": str(AGAIN_SECONDS), "Connection": "close"}
            busy = PlainTextResponse(
                "too many requests are under way", HTTPStatus.SERVICE_UNAVAILABLE, headers
            )
            await busy(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1
