"""A small OpenID provider at a socket: it signs with a key of its own, and checks PKCE, client and code."""

import base64
import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from benchmarks.environment import free_port
from tests.console.browser import at_socket

CLIENT, SECRET = "kontor", "a secret of the test"


@dataclass
class Provider:
    """One provider, and who sits before it.

    Attributes:
        claims: of the person who is signed in there; they go over what stands in each token.
        signs: the key that it signs with; another one than `key`, and nobody knows it.
        userinfo: what it says of the person to who holds a token.
    """

    port: int = field(default_factory=free_port)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    signs: ECKey | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    issued: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """As it names itself."""
        return f"http://127.0.0.1:{self.port}"

    def application(self) -> Starlette:
        """Return what answers."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/keys", lambda _: JSONResponse({"keys": [self.key.as_dict(private=False)]})),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", lambda _: JSONResponse(self.userinfo)),
            ]
        )

    def _metadata(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
            }
        )

    def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (
            CLIENT,
            "code",
            "S256",
        )
        code = secrets.token_urlsafe()
        self.issued[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", 303)

    async def _token(self, request: Request) -> Response:
        said = {name: each[0] for name, each in parse_qs((await request.body()).decode()).items()}
        given = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.issued.pop(said["code"], None)
        verifier = hashlib.sha256(said.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if request.headers.get("authorization") != f"Basic {given}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != said["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.claims,
        }
        signed = jwt.encode({"alg": "ES256", "kid": "one"}, claims, self.signs or self.key)
        return JSONResponse(
            {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "id_token": signed}
        )


@contextmanager
def provider() -> Iterator[Provider]:
    """Serve one."""
    found = Provider()
    with at_socket(found.application(), found.port):
        yield found
