"""What the gateway answers: `POST /in/SOURCE`, and whether it lives and can keep anything."""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sources.delivery import Delivery, DeliveryRefused
from contracts.event import EventReception
from contracts.source import Source
from service.reception import Reception, too_large

LOGGER = logging.getLogger(__name__)
BODY_SECONDS = 10.0
"""How long a source may take to send a body."""
ASK_SECONDS = 3.0
CLOSE = {"Connection": "close"}


def application(reception: Reception, ask: Callable[[], None]) -> Starlette:
    """Return the gateway.

    Args:
        reception: what proves, reads and keeps an event.
        ask: asks the books for something small; raises whatever its driver raises.
    """
    door = _Door(reception, ask)
    return Starlette(
        routes=[
            Route("/in/{source}", door.take, methods=["POST"]),
            Route("/healthz", door.health),
            Route("/readyz", door.ready),
        ]
    )


class _Door:
    def __init__(self, reception: Reception, ask: Callable[[], None]) -> None:
        self._reception = reception
        self._ask = ask

    async def take(self, request: Request) -> Response:
        """Take in one delivery."""
        try:
            source = self._reception.source(request.path_params["source"])
            body = await _body(request, source)
            event, (said, standing) = await self._reception.take(
                source.name, Delivery.of(request.headers.items(), body)
            )
        except DeliveryRefused as refused:
            return _refusal(refused)
        except ClientDisconnect:  # it went away while it sent: there is nobody to answer
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        except Exception:
            LOGGER.exception("a delivery could not be judged")
            return _refusal(DeliveryRefused(HTTPStatus.SERVICE_UNAVAILABLE, "a defect of ours", 60))
        del standing  # it moves on: the same delivery is answered the same, whenever it comes
        quarantined = {"quarantined": "this id came before with other bytes; this one is kept aside"}
        more = quarantined if said is EventReception.CONTESTED else {}
        return JSONResponse({"source": event.source, "id": event.id, **more}, HTTPStatus.ACCEPTED)

    async def health(self, _request: Request) -> Response:
        """Say that the process lives."""
        return JSONResponse({"state": "alive"})

    async def ready(self, _request: Request) -> Response:
        """Say whether anything can be kept."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await asyncio.to_thread(self._ask)
        except Exception as error:
            LOGGER.warning("the books do not answer: %s", f"{type(error).__name__}: {error}"[:300])
            away = {"state": "away", "why": "the database does not answer"}
            return JSONResponse(away, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"state": "ready", "sources": sorted(self._reception.sources)})


async def _body(request: Request, source: Source) -> bytes:
    """Read the raw bytes, no more than the source may send, and not for ever."""
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > source.max_bytes:
        raise too_large(source)
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                found += chunk
                if len(found) > source.max_bytes:
                    raise too_large(source)
    except TimeoutError:
        raise DeliveryRefused(HTTPStatus.REQUEST_TIMEOUT, "the body takes too long") from None
    return bytes(found)


def _refusal(refused: DeliveryRefused) -> Response:
    headers = {"Retry-After": str(refused.retry_seconds)} if refused.retry_seconds else {}
    # What was not read of the body must not be taken for the next request.
    unread = refused.status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT)
    return JSONResponse({"error": refused.why}, refused.status, headers | (CLOSE if unread else {}))
