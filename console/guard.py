"""What every request passes before any page: whose it is not, where it may come from, how long it may be."""

import asyncio
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.turned_away import TurnedAway
from console.visit import Refused

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "font", "connect")),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: a browser would then hide the origin of our own forms, too.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
FOR_A_YEAR = "max-age=31536000"
SAFE = ("GET", "HEAD")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
PROBES = ("/healthz", "/readyz")
"""A monitor asks for these by any name."""
MOST_BYTES = 64 * 1024
"""A form, or what a browser says of a passkey; nothing else is sent here."""


class Guard:
    """Turns away what no page of ours sends, and puts the security headers on every answer.

    - A request for another host than ours: a stranger's name that was made to lead here.
    - A change that a page of another site sends: only our own pages may (`Sec-Fetch-Site`, else `Origin`).
    - A body that is too long.

    What it or a page turned away as no page of ours would lead there is on record.
    """

    def __init__(self, app: ASGIApp, origin: str, turned_away: TurnedAway) -> None:
        """Take the pages, the origin that browsers reach them by, and where attempts are written."""
        self._app = app
        self._turned_away = turned_away
        self._origin = origin
        parts = urlsplit(origin)
        self._secure = parts.scheme == "https"
        self._loopback = parts.hostname in LOOPBACK
        self._host = parts.netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or turn it away."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        app = refusal or self._app
        await app(scope, receive if refusal else _limited(receive), self._sending(scope, send))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if not self._is_ours(headers.get("host", "")) and scope["path"] not in PROBES:
            return _no(HTTPStatus.MISDIRECTED_REQUEST, f"this is not the console of {self._origin}")
        if scope["method"] not in SAFE and not self._comes_from_here(headers):
            return _no(HTTPStatus.FORBIDDEN, "a change must come from a page of the console itself")
        return None

    def _is_ours(self, host: str) -> bool:
        if host == self._host:
            return True
        name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
        return self._loopback and name in LOOPBACK

    def _comes_from_here(self, headers: Headers) -> bool:
        """Say whether a page of ours sent it; a browser says so, and no page can make it lie."""
        told = headers.get("sec-fetch-site")
        if told is not None and told != "same-origin":
            return False
        origin = headers.get("origin")
        if origin is None:
            return told == "same-origin"
        parts = urlsplit(origin)
        return parts.scheme == urlsplit(self._origin).scheme and parts.netloc == headers.get("host", "")

    async def _tell(self, scope: Scope, status: int) -> None:
        """Put an attempt on record before it is answered."""
        method, path = scope["method"], scope["path"]
        if self._turned_away.counts(method, path, status):
            await asyncio.to_thread(self._turned_away.tell, method, path, status)

    def _sending(self, scope: Scope, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._tell(scope, message["status"])
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
                if self._secure:
                    headers["strict-transport-security"] = FOR_A_YEAR
            await send(message)

        return with_headers


def _limited(receive: Receive) -> Receive:
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This is too much")
        return message

    return receiving


def _no(status: HTTPStatus, why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status, {"connection": "close"})
