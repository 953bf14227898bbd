"""Calls over HTTP, REST and GraphQL: one request, one answer, no second try of any kind."""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, NoReturn

import httpx

from connectors.extraction import ExtractionFailed
from connectors.prepared import Prepared, PreparedRequest, Response
from connectors.responses import (
    WHY_LENGTH,
    code_text,
    declared_error,
    error_code,
    error_message,
    redacted,
    retry_after_seconds,
)
from connectors.secrets import Secrets
from connectors.templates import Scope, TemplateFailed
from connectors.transports.auth import Authenticator, Credentials, LoginRequest
from contracts.bounds import cleaned_texts
from contracts.connector import Manifest
from contracts.failure import LOGIN, NOT_LET_IN, OUT_OF_BOUNDS, Absent, CallFailed

ANSWER_LIMIT_BYTES = 8_000_000
CONNECT_TIMEOUT_SECONDS = 5.0
LOGIN_TIMEOUT_SECONDS = 10.0
ECHO_LENGTH = 8
"""A secret of this length or more that a system sends back is hidden before the answer is read; a
shorter one could stand in it by chance."""

_SUCCESS = range(200, 300)
_UNICODE = ("utf-8", "utf8", "utf-16", "utf-32")
_UNFIT = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""How a NUL or half a character is written in JSON; of an answer without, no text needs to be looked at."""


def open_client(concurrency: int) -> httpx.AsyncClient:
    """Return a client that tries once, follows nothing, and keeps connections but no cookies.

    The libraries' own loggers write URLs and answer headers, and a session token is one of those.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=concurrency, keepalive_expiry=30)
    return httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(retries=0, limits=limits, http2=False),
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


@dataclass(frozen=True, repr=False)
class _Answered:
    """One exchange: what was asked, what came back, and what must not be shown of it."""

    prepared: Prepared
    response: httpx.Response
    content: bytes
    credentials: Credentials
    hidden: tuple[str, ...]


class HttpExecutor:
    """The calls of one http or graphql connector."""

    def __init__(self, manifest: Manifest, secrets: Secrets) -> None:
        """Open the client; nothing is sent."""
        self._base = manifest.base_url.rstrip("/")
        self._graphql = manifest.transport == "graphql"
        self._headers = dict(manifest.headers)
        self._client = open_client(manifest.concurrency)
        self._auth = Authenticator(manifest.auth, secrets, self._log_in)
        self._user = manifest.auth.user
        self._secret_name = manifest.auth.secret
        self._login = LoginRequest(manifest.auth.login) if manifest.auth.login else None

    async def call(self, prepared: Prepared, scope: Scope) -> Response:
        """Send one request and read its answer; raises CallFailed."""
        request = self._build(prepared.request, scope, prepared.operation.latency.timeout_seconds)
        credentials = await self._auth.credentials()
        request.headers.update(credentials.headers)
        timeout_seconds = prepared.operation.latency.timeout_seconds
        response, content = await self._exchange(request, timeout_seconds, prepared.title)
        for secret in credentials.hidden:
            if len(secret) >= ECHO_LENGTH:
                content = content.replace(secret.encode(), b"[hidden]")
        hidden = credentials.hidden + _sensitive(prepared, scope)
        return self._read(_Answered(prepared, response, content, credentials, hidden))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _build(self, prepared: PreparedRequest, scope: Scope, timeout_seconds: float) -> httpx.Request:
        try:
            path = prepared.path.render(scope)
            query = {name: value.render(scope) for name, value in prepared.query.items()}
            headers = self._headers | {name: text.render(scope) for name, text in prepared.headers.items()}
            body = prepared.body.render(scope) if prepared.body is not None else None
            content: dict[str, Any] = {}
            if self._graphql:
                content["json"] = {"query": prepared.document, "variables": body or {}}
            elif body is not None:
                content["data" if prepared.encoding == "form" else "json"] = body
            return self._client.build_request(
                prepared.method,
                self._base + ("" if not path or path.startswith("/") else "/") + path,
                params={name: value for name, value in query.items() if value is not None} or None,
                headers=headers,
                timeout=httpx.Timeout(timeout_seconds, connect=min(CONNECT_TIMEOUT_SECONDS, timeout_seconds)),
                **content,
            )
        except TemplateFailed as failed:
            why = str(failed)
        except (httpx.InvalidURL, ValueError, TypeError) as error:
            why = f"{type(error).__name__} while building the request"
        raise CallFailed(why, code="arguments", sent=False)

    async def _exchange(
        self, request: httpx.Request, timeout_seconds: float, title: str
    ) -> tuple[httpx.Response, bytes]:
        """Send, and read the whole answer, within the timeout and the size limit.

        Every exception is said anew, outside its handler: an httpx exception holds the request, and
        the request holds the secret.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                response = await self._client.send(request, stream=True)
                try:
                    content = bytearray()
                    async for chunk in response.aiter_bytes():
                        content += chunk
                        if len(content) > ANSWER_LIMIT_BYTES:
                            break
                finally:
                    await response.aclose()
        except Exception as error:  # the mapping in activities/errors.py is total
            name, code = type(error).__name__, None
        else:
            if len(content) <= ANSWER_LIMIT_BYTES:
                return response, bytes(content)
            name, code = "AnswerTooLarge", OUT_OF_BOUNDS
        raise CallFailed(f"{title}: {name}", exception=name, code=code)

    def _read(self, answered: _Answered) -> Response:
        prepared, status = answered.prepared, answered.response.status_code
        body = _parse(answered.content, answered.response.charset_encoding)
        wrong = body.get("errors") if self._graphql and isinstance(body, dict) else None
        if status not in _SUCCESS or wrong:
            self._fail(answered, body, error_code(body, prepared.errors) or ("graphql" if wrong else None))
        if self._graphql:
            body = body.get("data") if isinstance(body, dict) else None
        if body is None and (self._graphql or (answered.content.strip() and prepared.reads_answer)):
            kind = answered.response.headers.get("Content-Type", "").partition(";")[0][:40]
            words = f"{prepared.title}: the answer is not JSON" + (f" but {kind}" if "html" in kind else "")
            raise CallFailed(words, status=status, code="malformed")
        try:
            code = declared_error(body, prepared.errors)
        except ExtractionFailed as failed:
            raise CallFailed(f"{prepared.title}: {failed}", status=status, code="malformed") from None
        if code is not None:
            self._fail(answered, body, code)
        return Response(body, size_bytes=len(answered.content))

    def _fail(self, answered: _Answered, body: object, word: str | None) -> NoReturn:
        """Say what the system said, with nothing in it that must stay hidden."""
        title, response, hidden = answered.prepared.title, answered.response, answered.hidden
        code = code_text(word, hidden) if word else None
        if self._auth.ended(answered.credentials, response.status_code, code):
            raise CallFailed(f"{title}: the session has ended", exception="SessionEnded", sent=False)
        words = [f"{title}: status {response.status_code}", code]
        if response.status_code in NOT_LET_IN and self._secret_name:
            words.append(f"we are not let in: is the secret {self._secret_name} still right?")
        if response.is_redirect:
            words.append("it points elsewhere, and no redirect is followed: is base_url still right?")
        words.append(redacted(error_message(body), hidden))
        absences = answered.prepared.absent
        absent = any(each.proved_by_failure(response.status_code, code, body) for each in absences)
        raise (Absent if absent else CallFailed)(
            ", ".join(filter(None, words))[:WHY_LENGTH],
            status=response.status_code,
            code=code,
            retry_after_seconds=retry_after_seconds(
                response.headers.get("Retry-After"), response.headers.get("Date")
            ),
        )

    async def _log_in(self, secret: str) -> str:
        """Trade the secret for a session token; whatever fails here, the call itself was not sent."""
        if self._login is None:
            raise CallFailed("the manifest has no [auth.login]", code=LOGIN, sent=False)
        request = self._build(
            self._login.request, {"user": self._user, "secret": secret}, LOGIN_TIMEOUT_SECONDS
        )
        try:
            response, content = await self._exchange(request, LOGIN_TIMEOUT_SECONDS, "logging in")
        except CallFailed as failed:
            failed.sent = False
            raise
        if response.status_code not in _SUCCESS:
            raise CallFailed(
                f"logging in was refused with status {response.status_code}",
                status=response.status_code,
                code=LOGIN,
                sent=False,
            )
        return self._login.token(response, _parse(content, response.charset_encoding), secret)


def _parse(content: bytes, charset: str | None) -> Any:
    """Return the JSON of an answer, its texts cleaned; None if it is empty or not JSON.

    Args:
        content: the body; without a charset JSON is UTF-8, -16 or -32, which its first bytes show.
        charset: what the answer's header says it is written in.
    """
    try:
        text = content.decode(charset) if charset and charset.lower() not in _UNICODE else content
        found = json.loads(text) if content.strip() else None
        return cleaned_texts(found) if _UNFIT.search(content) else found
    except (ValueError, LookupError, RecursionError):
        return None


def _sensitive(prepared: Prepared, scope: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the texts among the sensitive arguments, to be hidden from messages."""
    fields = prepared.operation.arguments
    return tuple(
        value
        for name, value in scope.items()
        if name in fields and fields[name].sensitive and isinstance(value, str)
    )
