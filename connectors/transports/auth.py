"""How a call is authenticated: headers made at the moment of the call from secrets read then."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from connectors.extraction import Extraction, ExtractionFailed
from connectors.prepared import PreparedRequest
from connectors.responses import code_text
from connectors.secrets import Secrets, SecretsUnavailable
from contracts.connector import Auth, Login
from contracts.failure import LOGIN, CallFailed


@dataclass(frozen=True, repr=False)
class Credentials:
    """What one call sends to say who it is.

    Attributes:
        hidden: every value that must never be shown, in each spelling it is sent in.
        session: the session token in use, for `login`.
        fresh: the session was opened for this very call.
    """

    headers: dict[str, str]
    hidden: tuple[str, ...] = ()
    session: str | None = None
    fresh: bool = False


async def read_secret(secrets: Secrets, name: str) -> str:
    """Return a secret's value.

    Raises:
        CallFailed: not sent, and worth trying again: there is no such secret yet (code `secret`), or
            the place that keeps them does not answer. Cases wait until somebody has put it there.
    """
    try:
        return await asyncio.to_thread(secrets.read, name) if secrets.waits else secrets.read(name)
    except KeyError as missing:
        failure = CallFailed(str(missing.args[0]), code="secret", exception="SecretMissing", sent=False)
    except SecretsUnavailable as unavailable:
        failure = CallFailed(str(unavailable), exception="SecretsUnavailable", sent=False)
    raise failure


class Authenticator:
    """Makes the headers of a connector's calls."""

    def __init__(self, auth: Auth, secrets: Secrets, log_in: "Callable[[str], Awaitable[str]]") -> None:
        """Keep how it is done.

        Args:
            auth: the manifest's table.
            secrets: where values are read.
            log_in: trades a secret for a session token.
        """
        self._auth = auth
        self._secrets = secrets
        self._log_in = log_in
        self._session: str | None = None
        self._door = asyncio.Lock()

    async def credentials(self) -> Credentials:
        """Return the headers for one call; raises CallFailed, not sent."""
        auth = self._auth
        if auth.kind == "none":
            return Credentials({})
        if auth.kind == "login":
            return await self._with_session()
        secret = await read_secret(self._secrets, auth.secret)
        if auth.kind == "bearer":
            return Credentials({"Authorization": f"Bearer {secret}"}, (secret,))
        if auth.kind == "basic":
            pair = base64.b64encode(f"{auth.user}:{secret}".encode()).decode()
            return Credentials({"Authorization": f"Basic {pair}"}, (secret, pair))
        return Credentials({auth.header: auth.prefix + secret}, (secret,))

    def ended(self, credentials: Credentials, status: int, code: str | None) -> bool:
        """Say whether the system refused the call because its session has ended; forget it if so.

        A session opened for this very call is not forgiven: then the refusal is the answer.
        """
        login = self._auth.login
        if login is None or credentials.session is None:
            return False
        if status not in login.expired_status and code not in login.expired_code:
            return False
        if self._session == credentials.session:
            self._session = None
        return not credentials.fresh

    async def _with_session(self) -> Credentials:
        fresh = False
        async with self._door:
            if self._session is None:
                secret = await read_secret(self._secrets, self._auth.secret)
                self._session = await self._log_in(secret)
                fresh = True
            token = self._session
        header = self._auth.header or "Authorization"
        return Credentials({header: self._auth.prefix + token}, (token,), token, fresh)


class LoginRequest:
    """A compiled login."""

    def __init__(self, login: Login) -> None:
        """Compile; raises TemplateInvalid or ExtractionInvalid."""
        self.request = PreparedRequest(login.request)
        self._header = login.token_header
        self._path = Extraction(login.token) if login.token else None

    def token(self, response: httpx.Response, body: object, secret: str) -> str:
        """Return the session token of an answer; raises CallFailed, not sent, without the secret."""
        token: object = response.headers.get(self._header) if self._header else None
        if self._path is not None:
            try:
                token = self._path.find(body)
            except ExtractionFailed:
                token = None
        if isinstance(token, str) and token:
            return token
        found = Extraction.cached("data.*.errorCode | [0]").find(body) if isinstance(body, dict) else None
        raise CallFailed(
            "logging in was refused" + (f": {code_text(str(found), (secret,))}" if found else ""),
            status=response.status_code,
            code=LOGIN,
            sent=False,
        )
