"""The way into a channel: bearer token, JSON body, one transaction, and the fault that may strike."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.channels.shop import Quantity
from sandbox.faults import Call, Faults
from sandbox.inject import Nothing, strike
from sandbox.refusal import Refused
from sandbox.world import World


@dataclass(frozen=True)
class RequestView:
    """What a client asks: path parameters, query, headers, and the JSON body, read with care."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: dict[str, Any]

    def text(self, name: str, default: str | None = None) -> str:
        """A string of the body."""
        value = self.body.get(name, default)
        if not isinstance(value, str):
            raise Refused(422, "invalid", f"{name} must be a string")
        return value

    def whole(self, name: str) -> int:
        """An integer of the body; a float, a boolean or "12" is refused."""
        value = self.body.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused(422, "invalid", f"{name} must be an integer")
        return value

    def number(self, name: str, default: int) -> int:
        """An integer of the query."""
        value = self.query.get(name) or str(default)
        if not value.isdigit():
            raise Refused(422, "invalid", f"{name} must be a whole number")
        return int(value)

    def rows(self, name: str) -> list["RequestView"]:
        """A list of objects of the body."""
        rows = self.body.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Refused(422, "invalid", f"{name} must be a list of objects")
        return [RequestView({}, {}, {}, row) for row in rows]

    def pieces(self, name: str, line: str, sku: str, quantity: str) -> list[Quantity]:
        """A list of the body, whose items call line, SKU and quantity by these names."""
        return [Quantity(row.text(line), row.text(sku), row.whole(quantity)) for row in self.rows(name)]


Handler = Callable[[RequestView], dict[str, Any]]
Shape = Callable[[Refused], dict[str, Any]]


class Endpoint:
    """Makes a channel's routes.

    Args:
        world: where changes are made.
        channel: whose door it is.
        token: the bearer token it expects.
        faults: what may strike.
        shape: how this channel words a refusal.
    """

    def __init__(self, world: World, channel: str, token: str, faults: Faults, shape: Shape) -> None:
        self.world = world
        self.channel = channel
        self.token = token
        self.faults = faults
        self.shape = shape

    def route(self, method: str, path: str, operation: str, handler: Handler, status: int = 200) -> Route:
        """One operation as a route; `operation` is its name in the manifest and in the fault plan."""
        return self.choice(method, path, lambda _ask: (operation, handler), status)

    def choice(
        self, method: str, path: str, choose: Callable[[RequestView], tuple[str, Handler]], status: int = 200
    ) -> Route:
        """A route whose operation is chosen by what is asked."""

        async def endpoint(request: Request) -> Response:
            return await self._serve(request, choose, status)

        return Route(path, endpoint, methods=[method])

    async def _serve(
        self, request: Request, choose: Callable[[RequestView], tuple[str, Handler]], status: int
    ) -> Response:
        try:
            ask = await self._ask(request)
            operation, handler = choose(ask)
        except Refused as refused:
            return self._refusal(refused)
        except ClientDisconnect:  # killed while it asked: there is nobody to answer
            return Nothing()
        subject = self._subject(request, ask)
        fault = self.faults.draw(self.channel, operation, subject, time.monotonic())
        at = self.world.clock()

        async def do() -> Response:
            return self._do(ask, handler, status)

        answer = await strike(request, fault, self.faults.plan, do, self._refusal)
        self.faults.count(
            Call(
                at=at,
                channel=self.channel,
                operation=operation,
                subject=unquote(request.url.path),
                fault=fault,
                status=0 if isinstance(answer, Nothing) else answer.status_code,
            )
        )
        return answer

    async def _ask(self, request: Request) -> RequestView:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            raise Refused(401, "unauthorized", "a valid bearer token is needed")
        raw = await request.body()
        try:
            body = json.loads(raw) if raw else {}
        except ValueError as error:
            raise Refused(400, "malformed", "the body is not JSON") from error
        if not isinstance(body, dict):
            raise Refused(400, "malformed", "the body must be a JSON object")
        path = {name: unquote(value) for name, value in request.path_params.items()}
        return RequestView(path, request.query_params, request.headers, body)

    def _subject(self, request: Request, ask: RequestView) -> str:
        canonical = json.dumps(ask.body, sort_keys=True)
        digest = hashlib.sha256(canonical.encode()).hexdigest()[:16]
        return f"{unquote(request.url.path)}?{request.url.query}#{digest}"

    def _do(self, ask: RequestView, handler: Handler, status: int) -> Response:
        try:
            with self.world.transaction():
                answer = handler(ask)
        except Refused as refused:
            return self._refusal(refused)
        return JSONResponse(answer, status)

    def _refusal(self, refused: Refused) -> Response:
        wait = refused.retry_after_seconds
        headers = {"Retry-After": str(wait)} if wait is not None else None
        return JSONResponse(self.shape(refused), refused.status, headers)
