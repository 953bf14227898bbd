"""A proxy that puts the sandbox's faults between Kontor and a real system.

It passes every HTTP request on, whole, and its answer back, whole; a fault strikes before the
request is passed on ("before the change") or after the real system answered ("after the change").
"""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Call, FaultPlan, Faults
from sandbox.inject import Nothing, strike
from sandbox.listening import in_thread, listener
from sandbox.refusal import Refused

GRAPHQL_NAME = re.compile(r"\b(?:query|mutation)\s+(\w+)")
HOP_BY_HOP = {"host", "connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"}


class Proxy:
    """Passes requests on to one real system.

    Args:
        name: what the system is called in the fault plan and in the counters.
        upstream: its base URL.
        faults: what may strike. An operation's name is the GraphQL document's, or the HTTP method.
    """

    def __init__(self, name: str, upstream: str, faults: Faults) -> None:
        self.name = name
        self.upstream = upstream.rstrip("/")
        self.faults = faults

    async def serve(self, request: Request) -> Response:
        """Pass one request on, or let it fail."""
        body = await request.body()
        operation = operation_of(request.method, body)
        subject = f"{request.url.path}#{hashlib.sha256(body).hexdigest()[:16]}"
        fault = self.faults.draw(self.name, operation, subject, time.monotonic())
        at = datetime.now(UTC)

        async def do() -> Response:
            return await self._pass_on(request, body)

        answer = await strike(request, fault, self.faults.plan, do, refuse)
        status = 0 if isinstance(answer, Nothing) else answer.status_code
        self.faults.count(
            Call(at=at, channel=self.name, operation=operation, subject=subject, fault=fault, status=status)
        )
        return answer

    async def _pass_on(self, request: Request, body: bytes) -> Response:
        url = self.upstream + request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP}
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            answer = await client.request(request.method, url, content=body, headers=headers)
        kept = {name: value for name, value in answer.headers.items() if name not in HOP_BY_HOP}
        return Response(answer.content, answer.status_code, kept)


def operation_of(method: str, body: bytes) -> str:
    """Return the name of a GraphQL document, or else the HTTP method, in small letters."""
    try:
        document = json.loads(body).get("query", "")
    except (ValueError, AttributeError):
        document = ""
    found = GRAPHQL_NAME.search(document) if isinstance(document, str) else None
    return (found[1] if found else method).lower()


def refuse(refused: Refused) -> Response:
    """Word a refusal as a web server in front of the system would."""
    return JSONResponse({"error": {"code": refused.code, "message": refused.text}}, refused.status)


@dataclass
class RunningProxy:
    """A running proxy: its URL, and its faults to adjust and read."""

    url: str
    faults: Faults


@contextmanager
def proxied(name: str, upstream: str, plan: FaultPlan | None = None) -> Iterator[RunningProxy]:
    """Run a proxy in a thread of this process, on a free loopback port."""
    faults = Faults(plan)
    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", Proxy(name, upstream, faults).serve, methods=every)])
    with in_thread(listener(app, 0), f"proxy of {name}") as port:
        yield RunningProxy(f"http://127.0.0.1:{port}", faults)
