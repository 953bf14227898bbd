"""The way in by name and password, where it is switched on; and how a person sets theirs."""

import asyncio
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.attempts import Attempts
from console.visit import Console, Refused, Visit, device, form, local, signed_in
from service.passwords import PasswordRefused, Passwords

MOST_A_PERSON = 10
"""Attempts a minute at one name, from wherever they come."""
FRESH = timedelta(minutes=15)
"""So long after somebody came in by something else, they set a password without the one before."""


class ByPassword:
    """Lets people in by their password."""

    def __init__(self, console: Console, passwords: Passwords) -> None:
        """Take the console, and the passwords."""
        self._console = console
        self._passwords = passwords
        self._at_a_name = Attempts(MOST_A_PERSON)

    def routes(self) -> list[Route]:
        """Return the way in, and the forms of the page `You`."""
        console = self._console
        return [
            Route("/enter/password", self.enter, methods=["POST"]),
            Route("/me/password", signed_in(console, self.set), methods=["POST"]),
            Route("/me/password/remove", signed_in(console, self.remove), methods=["POST"]),
        ]

    async def enter(self, request: Request) -> Response:
        """Let somebody in by their password."""
        self._console.count(request)
        said = await form(request)
        person, words = ("".join(said.get(name, ())[:1]) for name in ("person", "password"))
        if self._at_a_name.too_many(person):
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "Too many attempts to come in",
                "Wait a minute, then try again. A passkey or a link of yours lets you in meanwhile.",
            )
        secret = await asyncio.to_thread(self._session, person, words, device(request))
        to = local("".join(said.get("to", ())[:1]) or "/")
        return self._console.let_in(RedirectResponse(to, HTTPStatus.SEE_OTHER), secret)

    def _session(self, person: str, words: str, browser: str) -> str:
        known = self._passwords.verified(person, words)
        secret = self._console.entrance.by_password(person, browser, datetime.now(UTC)) if known else None
        if secret is None:
            # The same whether the name or the password is wrong.
            why = "Name and password do not go together. Forgotten? Ask for a link: kontor people invite NAME"
            raise Refused(HTTPStatus.FORBIDDEN, "You were not let in", why)
        return secret

    def set(self, visit: Visit) -> Response:
        """Set their password; elsewhere they are signed out: somebody may have known the one before."""
        session = visit.visitor.session
        fresh = session.how != "password" and visit.now - session.proved_at <= FRESH
        if not fresh:
            self._console.count(visit.request)
            if not self._passwords.verified(visit.person, visit.field("before")):
                raise Refused(
                    HTTPStatus.FORBIDDEN,
                    "The password was not set",
                    "Say the one before, or come in anew by a link or passkey and set it within 15 minutes.",
                )
        try:
            self._passwords.set(visit.person, visit.field("password"), visit.now)
        except PasswordRefused as refused:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            raise Refused(status, "The password was not set", f"{refused}.") from None
        for other in visit.kontor.sessions.of(visit.person, visit.now):
            if other.id != session.id:
                visit.kontor.sessions.end(visit.person, other.id)
        return RedirectResponse("/me", HTTPStatus.SEE_OTHER)

    def remove(self, visit: Visit) -> Response:
        """Let their password open nothing any more."""
        self._passwords.remove(visit.person, visit.now)
        return RedirectResponse("/me", HTTPStatus.SEE_OTHER)
