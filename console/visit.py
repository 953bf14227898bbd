"""One request of somebody who is in: who they are, what they said, and how they are answered."""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.attempts import Attempts
from console.rendering import Frame, Place, Renderer
from memory.authoritative.sessions import LONGEST
from service.passkeys import Passkeys
from service.signing_in import Entrance, Visitor

if TYPE_CHECKING:
    from bootstrap.installation import Installation

MOST_FIELDS = 600
"""In one form: as many requests as a page lists, and some more."""
LONGEST_DEVICE = 200
LOCAL = re.compile(r"/(?![/\\])[\w./~%?=&+:@!$',;-]*")
"""An address of ours; what leads to another site is none."""


class Refused(Exception):
    """A request is turned away; it becomes a page that says why, in words for the person."""

    def __init__(self, status: HTTPStatus, title: str, why: str = "") -> None:
        """Keep it."""
        super().__init__(title)
        self.status = status
        self.title = title
        self.why = why


@dataclass(frozen=True)
class Console:
    """What all pages share."""

    kontor: "Installation"
    entrance: Entrance
    passkeys: Passkeys
    pages: Renderer
    places: Sequence[Place]
    attempts: Attempts
    cookie: str
    secure: bool

    def visitor(self, request: Request, now: datetime) -> Visitor | None:
        """Return who sends a request; None if they are not in."""
        secret = request.cookies.get(self.cookie)
        return self.entrance.visitor(secret, now) if secret else None

    def let_in(self, response: Response, secret: str) -> Response:
        """Give the browser the secret of the session that has begun."""
        response.set_cookie(
            self.cookie,
            secret,
            max_age=int(LONGEST.total_seconds()),
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )
        return response

    def count(self, request: Request) -> None:
        """Count an attempt to come in; raises Refused where an address makes too many."""
        if self.attempts.too_many(request.client.host if request.client else ""):
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS, "Too many attempts to come in", "Wait a minute, then try again."
            )


@dataclass(frozen=True)
class Visit:
    """A request.

    Attributes:
        said: the fields of its form; of a field that came several times, each.
    """

    console: Console
    request: Request
    visitor: Visitor
    said: Mapping[str, tuple[str, ...]]
    now: datetime

    @property
    def kontor(self) -> "Installation":
        """Whose console it is."""
        return self.console.kontor

    @property
    def person(self) -> str:
        """Who is in."""
        return self.visitor.session.person

    def field(self, name: str) -> str:
        """Return a field of the form; empty if it did not come, or came several times."""
        values = self.said.get(name, ())
        return values[0] if len(values) == 1 else ""

    def asked(self, name: str) -> str:
        """Return a parameter of the address, without spaces around it; empty if it has none."""
        return self.request.query_params.get(name, "").strip()

    def page(
        self,
        template: str,
        title: str,
        view: object,
        *,
        hears: Sequence[str] = (),
        status: int = HTTPStatus.OK,
    ) -> Response:
        """Answer with a page."""
        url = self.request.url
        here = f"{url.path}?{url.query}" if url.query else url.path
        frame = Frame(
            title=title, person=self.visitor.member.name, here=here, places=self.console.places, hears=hears
        )
        return self.console.pages.page(template, view, frame, status, self.now)


Handler = Callable[[Visit], Response] | Callable[[Visit], Awaitable[Response]]


def signed_in(console: Console, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a route for people who are in; anybody else is led to the entrance.

    A handler that reads the books is a plain function and runs in a thread of its own.
    """

    async def answer(request: Request) -> Response:
        now = datetime.now(UTC)
        visitor = await asyncio.to_thread(console.visitor, request, now)
        if visitor is None:
            return to_entrance(request)
        said = await form(request) if request.method == "POST" else {}
        visit = Visit(console, request, visitor, said, now)
        if inspect.iscoroutinefunction(handler):
            answered: Response = await handler(visit)
            return answered
        found = await asyncio.to_thread(handler, visit)
        assert isinstance(found, Response)
        return found

    return answer


def to_entrance(request: Request) -> Response:
    """Lead somebody to the entrance, and from there back to where they wanted to go."""
    if "hx-request" in request.headers or request.method != "GET":
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"hx-redirect": "/enter"})
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/enter?to={quote(wanted)}", HTTPStatus.SEE_OTHER)


def local(wanted: str) -> str:
    """Return an address of ours that somebody is to be led to; the first page for any other."""
    return wanted if LOCAL.fullmatch(wanted) else "/"


async def form(request: Request) -> dict[str, tuple[str, ...]]:
    """Read the fields of a form, each with all its values.

    Raises:
        Refused: it is none.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind not in ("application/x-www-form-urlencoded", ""):
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This is not a form of the console")
    try:
        words = (await request.body()).decode()
        pairs = parse_qsl(words, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, "This form cannot be read") from None
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return found


def device(request: Request) -> str:
    """Return what a browser calls itself, cut."""
    return request.headers.get("user-agent", "a browser without a name")[:LONGEST_DEVICE]
