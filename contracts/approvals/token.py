"""A signed link that answers one request for one person: its making and its reading, as pure functions.

The token is `kontor1.CLAIMS.SIGNATURE`, both parts base64url without padding; the signature is
HMAC-SHA-256 (RFC 2104) over everything before it. It proves who was asked what; it never changes
anything by being read. Whether it was used is not in it: the books know that.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from pydantic import ValidationError

from contracts.approvals.request import Answer, ApprovalRequest
from contracts.base import Frozen

VERSION = "kontor1"
KEY_NAME = "approval_token_key"
"""The secret that signs: 32 random bytes as 64 hex digits."""
MAX_LENGTH = 2048


class TokenRefused(Exception):
    """A token proves nothing; the words say why and never repeat it."""


class TokenClaims(Frozen):
    """What a token says.

    Attributes:
        id: names the token in the books, where it is used up once.
    """

    id: str
    person: str
    request_id: str
    arguments_hash: str
    expires_at: datetime


def sign(claims: TokenClaims, key: bytes) -> str:
    """Return the token that carries these claims."""
    body = f"{VERSION}.{_encode(claims.model_dump_json().encode())}"
    return f"{body}.{_encode(_signature(body, key))}"


def read(token: str, key: bytes) -> TokenClaims:
    """Return what a token claims, once its signature is proved; changes nothing.

    Raises:
        TokenRefused: it is not one of ours, or was tampered with.
    """
    body, _, signature = token.rpartition(".")
    if len(token) > MAX_LENGTH or not body.startswith(f"{VERSION}."):
        raise TokenRefused("not a token of this office")
    if not hmac.compare_digest(signature.encode(), _encode(_signature(body, key)).encode()):
        raise TokenRefused("the token's signature is wrong")
    try:
        return TokenClaims.model_validate_json(_decode(body.removeprefix(f"{VERSION}.")))
    except (ValidationError, binascii.Error, ValueError) as problem:
        raise TokenRefused("the token's content cannot be read") from problem


def misuse(claims: TokenClaims, answer: Answer, request: ApprovalRequest, now: datetime) -> str | None:
    """Say why a genuine token does not stand behind this answer to this request, or None."""
    checks = (
        (claims.person != answer.person, "the token is someone else's"),
        (claims.request_id != request.id, "the token is for another request"),
        (claims.arguments_hash != request.arguments_hash, "the token is for other arguments"),
        (now >= claims.expires_at, f"the token expired at {claims.expires_at.isoformat(timespec='minutes')}"),
    )
    return next((problem for wrong, problem in checks if wrong), None)


def _signature(body: str, key: bytes) -> bytes:
    return hmac.new(key, body.encode(), hashlib.sha256).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
