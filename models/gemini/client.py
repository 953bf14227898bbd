"""The one place that calls Google's SDK: no retries, no kept key, every failure named."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar

import httpx
from google import genai
from google.genai import errors, types
from google.genai.client import AsyncClient

from contracts.bounds import read_json
from models.routing.candidate import CandidateFailed

Made = TypeVar("Made")

_TOO_MANY = 429
_SERVER_ERRORS = 500
_RETRY_INFO = "google.rpc.RetryInfo"
KEY_HEADER = "x-goog-api-key"
NO_RETRIES = types.HttpRetryOptions(attempts=1)


class Secrets(Protocol):
    """Secret values, read at the moment of use and never kept."""

    waits: bool

    def read(self, name: str) -> str:
        """Return the value; raises KeyError naming the secret (never its value) if there is none."""


class GeminiDoor:
    """Google's client over one connection pool; belongs to one event loop.

    The client is made with a placeholder for its key: the real one is handed in with each call and
    goes out as that request's header. It is never kept, so a rotated key counts at once.
    """

    def __init__(self, base_url: str = "") -> None:
        """Prepare; nothing is opened before the first call.

        Args:
            base_url: another server that speaks Gemini's REST; empty means Google's.
        """
        self._base_url = base_url
        self._http: httpx.AsyncClient | None = None
        self._client: genai.Client | None = None

    async def call(
        self,
        key: str,
        timeout_seconds: float,
        ask: Callable[[AsyncClient, types.HttpOptions], Awaitable[Made]],
    ) -> Made:
        """Make one call.

        Args:
            key: the API key.
            timeout_seconds: after which it is given up.
            ask: what to call with the client; the options go into the call's config.

        Raises:
            CandidateFailed: no usable answer came; its mode says why.
        """
        options = types.HttpOptions(
            timeout=max(1, int(timeout_seconds * 1000)), headers={KEY_HEADER: key}, retry_options=NO_RETRIES
        )
        try:
            return await ask(self._opened().aio, options)
        except errors.APIError as error:
            raise failure_of(error) from None  # the SDK's error holds request and headers
        except httpx.TimeoutException:
            raise timed_out(timeout_seconds) from None
        except (httpx.ConnectError, httpx.ProxyError) as error:
            why = f"it cannot be reached ({type(error).__name__})"
            raise CandidateFailed(why, mode="unreachable") from None
        except httpx.HTTPError as error:
            why = f"the connection broke ({type(error).__name__})"
            raise CandidateFailed(why, mode="unreachable", billed=True) from None
        except (ValueError, errors.UnknownApiResponseError):
            why = "what it sent is not an answer of its own API"
            raise CandidateFailed(why, mode="garbled", billed=True) from None

    def _opened(self) -> genai.Client:
        if self._client is None:
            # Given a client of httpx, the SDK leaves its aiohttp path, which retries on its own.
            self._http = httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(retries=0)
            )  # each call has its own timeout
            options = types.HttpOptions(httpx_async_client=self._http, retry_options=NO_RETRIES)
            if self._base_url:
                options.base_url = self._base_url
            self._client = genai.Client(
                vertexai=False, api_key="handed-in-with-each-call", http_options=options
            )
        return self._client

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()


def timed_out(seconds: float) -> CandidateFailed:
    """Return the failure of a call that took too long; the provider may have answered and charged."""
    return CandidateFailed(f"no answer within {seconds * 1000:.0f} ms", mode="timeout", billed=True)


def failure_of(error: errors.APIError) -> CandidateFailed:
    """Name the failure that an HTTP status stands for. Google charges nothing for 4xx and 5xx."""
    said = f"{error.code} {error.status or ''}".strip()
    wait = retry_after(error)
    if error.code == _TOO_MANY:
        why = f"it is asked too often ({said})"
        return CandidateFailed(why, mode="rate_limited", retry_after_seconds=wait)
    if error.code >= _SERVER_ERRORS:
        why = f"it is unavailable ({said})"
        return CandidateFailed(why, mode="unavailable", retry_after_seconds=wait)
    return CandidateFailed(f"it refuses the request ({said})", mode="refused")


def retry_after(error: errors.APIError) -> float | None:
    """Return the seconds that an error asks us to wait: its `Retry-After` header, or its RetryInfo."""
    headers: Mapping[str, str] = getattr(error.response, "headers", None) or {}
    if given := headers.get("retry-after"):
        try:
            return max(0.0, float(given))
        except ValueError:
            return _until(given)
    for detail in _details(error.details):
        if str(detail.get("@type", "")).endswith(_RETRY_INFO):
            delay = str(detail.get("retryDelay", "")).removesuffix("s")
            return max(0.0, float(delay)) if delay.replace(".", "", 1).isdigit() else None
    return None


def _until(moment: str) -> float | None:
    try:
        return max(0.0, (parsedate_to_datetime(moment) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _details(body: Any) -> list[dict[str, Any]]:
    error = body.get("error", body) if isinstance(body, dict) else {}
    found = error.get("details", []) if isinstance(error, dict) else []
    return [detail for detail in found if isinstance(detail, dict)]


def json_object(text: str) -> Any:
    """Parse a model's text as JSON, taking a Markdown fence off, cleaned; raises ValueError."""
    bare = text.strip()
    if bare.startswith("```"):
        bare = bare.split("\n", 1)[-1].rsplit("```", 1)[0]
    return read_json(bare)
