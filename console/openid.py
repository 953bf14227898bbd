"""The way in by the office's OpenID provider: there, and back."""

import asyncio
import logging
import secrets
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.visit import Console, Refused, device, local
from service.openid import OpenIdProvider, OpenIdRefused, ProviderAway

LOGGER = logging.getLogger(__name__)
MAY_TAKE_SECONDS = 600
"""Between leaving and coming back."""
SECRET_BYTES = 32


class ByProvider:
    """Leads people to the provider, and lets in whom it sends back."""

    def __init__(self, console: Console, provider: OpenIdProvider) -> None:
        """Take the console, and who vouches for people."""
        self._console = console
        self._provider = provider
        self._cookie = f"{console.cookie}-openid"

    def routes(self) -> list[Route]:
        """Return the way there and back."""
        return [Route("/enter/openid", self.go), Route(OpenIdProvider.BACK, self.back)]

    async def go(self, request: Request) -> Response:
        """Lead a browser to the provider; the cookie that it takes along is what it comes back with.

        The cookie is lax, not strict: the provider's site leads back, and a strict one would stay away.
        """
        self._console.count(request)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        try:
            url = await asyncio.to_thread(self._provider.begin, secret)
        except ProviderAway as away:
            raise _away(away) from None
        response = RedirectResponse(url, HTTPStatus.SEE_OTHER)
        wanted = local(request.query_params.get("to", "/"))
        response.set_cookie(
            self._cookie,
            f"{secret}.{quote(wanted, safe='')}",
            max_age=MAY_TAKE_SECONDS,
            path="/",
            secure=self._console.secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def back(self, request: Request) -> Response:
        """Let in whom the provider sent back, if they work here."""
        self._console.count(request)
        secret, _, wanted = request.cookies.get(self._cookie, "").partition(".")
        session = await asyncio.to_thread(self._session, secret, dict(request.query_params), device(request))
        # By the entrance: the provider's site led here, so a browser still keeps the cookie to itself.
        response = RedirectResponse(f"/enter?to={wanted}", HTTPStatus.SEE_OTHER)
        response.delete_cookie(
            self._cookie, path="/", secure=self._console.secure, httponly=True, samesite="lax"
        )
        return self._console.let_in(response, session)

    def _session(self, secret: str, told: dict[str, str], browser: str) -> str:
        try:
            subject = self._provider.finished(secret, told)
        except OpenIdRefused as refused:
            raise Refused(HTTPStatus.FORBIDDEN, "You were not let in", str(refused)) from None
        except ProviderAway as away:
            raise _away(away) from None
        session = self._console.entrance.by_oidc(subject, browser, datetime.now(UTC))
        if session is None:
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "Nobody on the staff has this account",
                "It is known by a mail address that the provider verified and that stands in the office's "
                "staff.toml. Who had another account here before asks whoever runs Kontor to unbind that: "
                "kontor people unbind NAME --account ACCOUNT",
            )
        return session


def _away(away: ProviderAway) -> Refused:
    LOGGER.warning("the OpenID provider does not answer: %s", str(away)[:300])
    return Refused(
        HTTPStatus.BAD_GATEWAY,
        "The sign-in provider does not answer",
        "Try again in a minute. A passkey or a link of yours lets you in meanwhile.",
    )
