"""The entrance: a link that was made for a person once, or their passkey; and the way out."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from console.rendering import Frame
from console.visit import Console, Refused, Visit, device, local, signed_in
from service.passkeys import PasskeyRefused

GONE = Refused(
    HTTPStatus.GONE,
    "This link lets nobody in any more",
    "It was used, or its time is over. Ask whoever runs Kontor here for a new one: kontor people invite NAME",
)


@dataclass(frozen=True)
class EntranceView:
    """The page of somebody who is not in.

    Attributes:
        to: where they wanted to go.
        provider: the host of the OpenID provider that they may sign in by; empty without one.
        passwords: whether they may sign in by a password.
    """

    to: str
    provider: str
    passwords: bool


@dataclass(frozen=True)
class InvitationView:
    """The page of a link that is still good."""

    name: str
    action: str


@dataclass(frozen=True)
class BouncingView:
    """A page that leads to itself: a browser keeps our cookie from what another site leads to."""

    to: str


class Entering:
    """Answers whoever is not in yet."""

    def __init__(self, console: Console) -> None:
        """Take the console."""
        self._console = console

    def routes(self) -> list[Route]:
        """Return the entrance's routes."""
        return [
            Route("/enter", self.look),
            Route("/enter/passkey/question", self.question, methods=["POST"]),
            Route("/enter/passkey", self.by_passkey, methods=["POST"]),
            Route("/enter/{secret}", self.invited, methods=["GET"]),
            Route("/enter/{secret}", self.accept, methods=["POST"]),
            Route("/leave", signed_in(self._console, self.leave), methods=["POST"]),
        ]

    def look(self, request: Request) -> Response:
        """Show how to come in; who is in goes on."""
        to = local(request.query_params.get("to", "/"))
        if self._console.visitor(request, datetime.now(UTC)):
            return RedirectResponse(to, HTTPStatus.SEE_OTHER)
        if request.headers.get("sec-fetch-site") == "cross-site" and "again" not in request.query_params:
            # From another site a browser keeps a strict cookie to itself: once more, from here.
            bouncing = BouncingView(to)
            return self._console.pages.page("bouncing.html", bouncing, Frame("Kontor"))
        provider = self._console.kontor.openid
        view = EntranceView(to, provider.host if provider else "", self._console.kontor.passwords is not None)
        return self._console.pages.page("entrance.html", view, Frame("Sign in"))

    def invited(self, request: Request) -> Response:
        """Show for whom a link is. Nothing is used up: mail scanners open links, too."""
        self._console.count(request)
        member = self._console.entrance.invited(request.path_params["secret"], datetime.now(UTC))
        if member is None:
            raise GONE
        view = InvitationView(member.name, request.url.path)
        return self._console.pages.page("invitation.html", view, Frame("Sign in"))

    def accept(self, request: Request) -> Response:
        """Use a link up."""
        self._console.count(request)
        secret = self._console.entrance.accept(
            request.path_params["secret"], device(request), datetime.now(UTC)
        )
        if secret is None:
            raise GONE
        return self._console.let_in(RedirectResponse("/me?new=1", HTTPStatus.SEE_OTHER), secret)

    def question(self, request: Request) -> Response:
        """Ask a browser for a passkey."""
        self._console.count(request)
        return Response(self._console.passkeys.question(datetime.now(UTC)), media_type="application/json")

    async def by_passkey(self, request: Request) -> Response:
        """Let somebody in by their passkey."""
        self._console.count(request)
        answered = (await request.body()).decode(errors="replace")
        secret = await asyncio.to_thread(self._verified, answered, device(request))
        return self._console.let_in(JSONResponse({}), secret)

    def _verified(self, answered: str, browser: str) -> str:
        now = datetime.now(UTC)
        try:
            person = self._console.passkeys.verified(answered, now)
        except PasskeyRefused as refused:
            raise Refused(HTTPStatus.FORBIDDEN, "This passkey does not let you in", str(refused)) from None
        secret = self._console.entrance.by_passkey(person, browser, now)
        if secret is None:
            raise Refused(HTTPStatus.FORBIDDEN, "This passkey's person does not work here any more")
        return secret

    def leave(self, visit: Visit) -> Response:
        """End the session."""
        visit.kontor.sessions.end(visit.person, visit.visitor.session.id)
        response = RedirectResponse("/enter", HTTPStatus.SEE_OTHER)
        response.delete_cookie(self._console.cookie, path="/", secure=self._console.secure, httponly=True)
        return response
