"""The console, put together: its pages, its entrance, what is said when something is wrong."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import cast

from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bootstrap.installation import Installation
from console.assets import Assets
from console.attempts import Attempts
from console.changes import Changes
from console.entering import Entering
from console.guard import Guard
from console.openid import ByProvider
from console.password import ByPassword
from console.places import PAGES, PLACES
from console.rendering import Frame, Renderer
from console.turned_away import TurnedAway
from console.visit import Console, Refused, signed_in
from service.passkeys import Passkeys, Site

LOGGER = logging.getLogger(__name__)
ASK_SECONDS = 3.0
COOKIE_DIGITS = 8


@dataclass(frozen=True)
class TroubleView:
    """The page that says what is wrong, and what to do."""

    title: str
    why: str


def console_of(kontor: Installation) -> Console:
    """Return what all pages share, on one installation."""
    origin = kontor.settings.console_origin
    secure = origin.startswith("https:")
    name = kontor.calendar.file.name
    # Cookies of one host are shared by all its ports: each installation has one of its own.
    cookie = f"{'__Host-' if secure else ''}kontor-{kontor.identity.id[:COOKIE_DIGITS]}"
    return Console(
        kontor=kontor,
        entrance=kontor.entrance,
        passkeys=Passkeys(kontor.passkeys, Site(origin, name)),
        pages=Renderer(Assets(), name, kontor.zone),
        places=PLACES,
        attempts=Attempts(),
        cookie=cookie,
        secure=secure,
    )


def application(console: Console, changes: Changes, ask: Callable[[], None]) -> ASGIApp:
    """Return the console.

    Args:
        console: what its pages share.
        changes: what tells open pages that something changed.
        ask: asks the books for something small; raises whatever its driver raises.
    """
    wrong, kontor = _Wrong(console.pages), console.kontor
    pages = Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse(PLACES[0].path, HTTPStatus.SEE_OTHER)),
            *(Route(page.path, signed_in(console, page.answer), methods=[page.method]) for page in PAGES),
            *(ByProvider(console, kontor.openid).routes() if kontor.openid else ()),
            *(ByPassword(console, kontor.passwords).routes() if kontor.passwords else ()),
            *Entering(console).routes(),
            Route("/events", _events(console, changes)),
            Assets().route(),
            Route("/healthz", lambda _: JSONResponse({"state": "alive"})),
            Route("/readyz", _ready(ask)),
        ],
        exception_handlers={
            Refused: wrong.refused,
            DBAPIError: wrong.away,
            HTTPException: wrong.none,
            Exception: wrong.defect,
        },
    )
    # Outside of everything, so that the pages that say what is wrong pass it, too.
    turned_away = TurnedAway(console.kontor.episodes)
    return Guard(pages, console.kontor.settings.console_origin, turned_away)


def _events(console: Console, changes: Changes) -> Callable[[Request], object]:
    async def answer(request: Request) -> Response:
        async def still_in() -> bool:
            return await asyncio.to_thread(console.visitor, request, datetime.now(UTC)) is not None

        if not await still_in():
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        return changes.stream(still_in)

    return answer


def _ready(ask: Callable[[], None]) -> Callable[[Request], object]:
    async def answer(_request: Request) -> Response:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await asyncio.to_thread(ask)
        except Exception as error:
            LOGGER.warning("the books do not answer: %s", f"{type(error).__name__}: {error}"[:300])
            away = {"state": "away", "why": "the database does not answer"}
            return JSONResponse(away, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"state": "ready"})

    return answer


class _Wrong:
    """The pages that say what is wrong."""

    def __init__(self, pages: Renderer) -> None:
        self._pages = pages

    def refused(self, _request: Request, refused: Exception) -> Response:
        """Say why a request is turned away."""
        no = cast("Refused", refused)
        return self._page(no.title, no.why, no.status)

    def none(self, _request: Request, error: Exception) -> Response:
        """Say that there is no such page."""
        status = cast("HTTPException", error).status_code
        if status == HTTPStatus.NOT_FOUND:
            return self._page("There is no such page", "Perhaps its address was cut.", status)
        return self._page(HTTPStatus(status).phrase, "", status)

    def away(self, _request: Request, error: Exception) -> Response:
        """Say that the database does not answer; the page looks again by itself."""
        LOGGER.warning("the books do not answer: %s", f"{type(error).__name__}: {error}"[:300])
        why = "Nothing is lost: what you see here comes back by itself as soon as it answers."
        page = self._page("The database does not answer", why, HTTPStatus.SERVICE_UNAVAILABLE)
        page.headers["retry-after"] = page.headers["refresh"] = "5"
        return page

    def defect(self, _request: Request, error: Exception) -> Response:
        """Say that a defect of ours is in the way; the log has it whole."""
        LOGGER.error("a page failed", exc_info=error)
        return self._page(
            "Something is wrong in Kontor itself",
            "What you see is on record in the console's log. What you did before is safe.",
            HTTPStatus.INTERNAL_SERVER_ERROR,
        )

    def _page(self, title: str, why: str, status: int) -> Response:
        return self._pages.page("trouble.html", TroubleView(title, why), Frame(title), status)
