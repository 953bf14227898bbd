"""Sign-in by an OpenID provider: authorization code with PKCE, and who the provider says that it was."""

import hmac
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from connectors.secrets import Secrets, SecretsUnavailable
from contracts.session import Subject

SECRET = "oidc_client_secret"  # noqa: S105 (a secret's name)
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those with a key pair alone: what the client secret signs, whoever holds that could sign, too."""
SECONDS = 10.0
LEEWAY_SECONDS = 60
"""How far the provider's clock and ours may stand apart."""
ASKED_ANEW = timedelta(hours=1)
"""How long what the provider says of itself is believed."""
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


class OpenIdRefused(PermissionError):
    """What came back lets nobody in; the message says why, in words for the person."""


class ProviderAway(ConnectionError):
    """The provider does not answer, or not as one; the message says what it answered."""


class OpenIdProvider:
    """Leads people to the provider, and reads whom it sends back. Thread-safe.

    What a sign-in is known by (state, nonce, the verifier of PKCE) is made of one secret, which only the
    browser that began it holds: nothing is kept here, and nobody goes on with what another one began.
    """

    BACK = "/enter/openid/back"
    """Where the provider sends people back to."""

    def __init__(self, issuer: str, client_id: str, secrets: Secrets, back: str) -> None:
        """Take who vouches; nothing is asked yet.

        Args:
            issuer: as the provider names itself.
            client_id: what it knows us by.
            secrets: where the client secret is, if the provider gave one.
            back: our own address that it sends people back to.
        """
        self._issuer = issuer
        self._client_id = client_id
        self._secrets = secrets
        self._back = back
        self._lock = threading.Lock()
        self._known: tuple[datetime, dict[str, Any]] | None = None

    @property
    def host(self) -> str:
        """The provider's host, by which people know it."""
        return urlsplit(self._issuer).hostname or ""

    def begin(self, secret: str) -> str:
        """Return the provider's address that a browser is led to.

        Raises:
            ProviderAway: it does not answer.
        """
        metadata = self.metadata()
        with self._client(metadata) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=_of(secret, "state"),
                nonce=_of(secret, "nonce"),
                code_verifier=_of(secret, "verifier"),
            )
        return str(url)

    def finished(self, secret: str, told: Mapping[str, str]) -> Subject:
        """Return whom the provider sent back.

        Args:
            secret: what the browser was given as it began.
            told: the parameters that it came back with.

        Raises:
            OpenIdRefused: it is not an answer to what this browser began, or the provider says no.
            ProviderAway: it does not answer.
        """
        if not secret or not hmac.compare_digest(
            told.get("state", "").encode(), _of(secret, "state").encode()
        ):
            raise OpenIdRefused("it answers nothing that this browser asked: try again")
        if told.get("iss", self._issuer) != self._issuer:
            raise OpenIdRefused("another provider than this office's answered")
        if "code" not in told:
            raise OpenIdRefused("the provider let nobody in")
        metadata = self.metadata()
        with self._client(metadata) as client:
            token = client.fetch_token(
                metadata["token_endpoint"], code=told["code"], code_verifier=_of(secret, "verifier")
            )
            claims = self._claims(client, metadata, token, _of(secret, "nonce"))
            if "email" not in claims and metadata.get("userinfo_endpoint"):
                more = client.get(metadata["userinfo_endpoint"]).raise_for_status().json()
                claims = {**more, **claims} if more.get("sub") == claims["sub"] else claims
        return self._subject(claims)

    def metadata(self) -> dict[str, Any]:
        """Return what the provider says of itself.

        Raises:
            ProviderAway: it does not answer, or says that it is another one.
        """
        now = datetime.now(UTC)
        with self._lock:
            if self._known and now - self._known[0] < ASKED_ANEW:
                return self._known[1]
            url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            try:
                found = httpx2.get(url, timeout=SECONDS).raise_for_status().json()
            except (httpx2.HTTPError, ValueError) as error:
                raise ProviderAway(f"{url}: {error or type(error).__name__}") from error
            missing = [name for name in NEEDED if not isinstance(found, dict) or not found.get(name)]
            if missing:
                raise ProviderAway(f"{url} does not say {', '.join(missing)}")
            if found["issuer"] != self._issuer:
                raise ProviderAway(f"{url} is of {found['issuer']}: write that as KONTOR_OIDC_ISSUER")
            self._known = (now, found)
            return self._known[1]

    @contextmanager
    def _client(self, metadata: Mapping[str, Any]) -> Iterator[OAuth2Client]:
        """Open a connection; what the provider says no to, or does not say at all, is told as ours."""
        try:
            secret: str | None = self._secrets.read(SECRET)
        except KeyError:
            secret = None
        except SecretsUnavailable as away:
            raise ProviderAway(str(away)) from away
        ways = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        way = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
        try:
            with OAuth2Client(
                client_id=self._client_id,
                client_secret=secret,
                token_endpoint_auth_method=way if secret else "none",
                scope="openid email profile",
                redirect_uri=self._back,
                code_challenge_method="S256",
                timeout=SECONDS,
            ) as client:
                yield client
        except OAuthError as refused:
            raise OpenIdRefused(f"the provider says no: {refused.error}") from refused
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderAway(f"{self._issuer}: {error or type(error).__name__}") from error

    def _claims(
        self, client: OAuth2Client, metadata: Mapping[str, Any], token: Mapping[str, Any], nonce: str
    ) -> dict[str, Any]:
        """Return what the provider signed of who it is."""

        def keys() -> KeySet:
            answer = client.request("GET", metadata["jwks_uri"], withhold_token=True)
            return KeySet.import_key_set(answer.raise_for_status().json())

        wanted = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._client_id},
        }
        said = {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")}
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            signed = jwt.decode(str(token.get("id_token", "")), keys(), registry=registry)
            claims = CodeIDToken(signed.claims, signed.header, wanted, said)
            claims.validate(leeway=LEEWAY_SECONDS)
        except InvalidKeyIdError as unknown:
            raise OpenIdRefused("what came back is signed by nobody whom the provider names") from unknown
        except JoseError as wrong:
            raise OpenIdRefused(f"what came back is not in order: {wrong}") from wrong
        return dict(claims)

    def _subject(self, claims: Mapping[str, Any]) -> Subject:
        shown = claims.get("auth_time")
        return Subject(
            issuer=self._issuer,
            id=str(claims["sub"]),
            # A mail that nobody verified may be anybody's.
            mail=str(claims.get("email", "")) if claims.get("email_verified") is True else "",
            shown_at=datetime.fromtimestamp(shown, UTC) if isinstance(shown, int | float) else None,
        )


def _of(secret: str, use: str) -> str:
    """Return what one secret is for one use; none of them tells another."""
    digest = hmac.digest(secret.encode(), use.encode(), "sha256")
    return urlsafe_b64encode(digest).decode().rstrip("=")
