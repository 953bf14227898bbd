"""Is a delivery its source's own? Checked on the raw bytes, before anything of them is read."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from http import HTTPStatus

from connectors.secrets import Secrets, SecretsUnavailable
from connectors.sources.delivery import Delivery, DeliveryRefused
from contracts.source import Signature, SignatureShape

CLOCK_SECONDS = 60
"""How far a source's clock may be before ours. A window as wide as the other one would be twice as wide."""
SHORTEST_KEY_BYTES = 16
"""A shorter secret can be guessed."""
_SECONDS = re.compile(r"\d{1,12}")
DENIED = HTTPStatus.UNAUTHORIZED


def keys_of(signature: Signature, secrets: Secrets) -> list[bytes]:
    """Return the keys that count now.

    Raises:
        SecretsUnavailable: there is none, or one cannot be used; names the secret, never a value.
    """
    found, missing = [], []
    for name in signature.secrets:
        try:
            found.append(_key(name, secrets.read(name), signature.form))
        except KeyError as none:
            missing.append(str(none.args[0]))
    if not found:
        raise SecretsUnavailable("; ".join(missing))
    return found


def _key(name: str, value: str, shape: SignatureShape | None) -> bytes:
    key = value.encode()
    if shape is not None and shape.key == "base64":
        try:
            key = base64.b64decode(value.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise SecretsUnavailable(f"the secret {name} is not base64 behind whsec_") from None
    if len(key) < SHORTEST_KEY_BYTES:
        raise SecretsUnavailable(f"the secret {name} is shorter than {SHORTEST_KEY_BYTES} bytes")
    return key


def verify(signature: Signature, keys: Sequence[bytes], delivery: Delivery, now: datetime) -> None:
    """Let a delivery pass that its source sent, and not too long ago.

    Args:
        signature: how the source proves itself.
        keys: as `keys_of` returns them.
        delivery: what came.
        now: the moment.

    Raises:
        DeliveryRefused: 401, with the reason.
    """
    shape = signature.form
    if shape is None:
        _verify_token(keys, delivery)
        return
    given = delivery.header(shape.header, DENIED)
    if not given:
        raise DeliveryRefused(DENIED, f"no signature: the header {shape.header} is missing")
    moment = _moment(shape, delivery, given)
    if moment is not None:
        _check_fresh(moment, signature.tolerance_seconds, now)
    signed = _signed(shape, delivery, moment)
    expected = [hmac.digest(key, signed, hashlib.sha256) for key in keys]
    for one in _signatures(shape, given):
        if any(hmac.compare_digest(one, each) for each in expected):
            return
    raise DeliveryRefused(DENIED, "the signature does not fit the bytes that came")


def _verify_token(keys: Sequence[bytes], delivery: Delivery) -> None:
    scheme, _, token = delivery.header("authorization", DENIED).partition(" ")
    given = token.strip().encode()
    if scheme.lower() != "bearer" or not any(hmac.compare_digest(given, key) for key in keys):
        raise DeliveryRefused(DENIED, "a valid bearer token is needed")


def _moment(shape: SignatureShape, delivery: Delivery, given: str) -> str | None:
    """Return the signed moment as it was written; None if none is signed."""
    if "time" not in shape.signed:
        return None
    if shape.time_header:
        found = [delivery.header(shape.time_header, DENIED)]
    else:
        found = [part.removeprefix("t=") for part in _parts(shape, given) if part.startswith("t=")]
    if len(found) != 1 or not (_SECONDS.fullmatch(found[0]) and found[0].isascii()):
        raise DeliveryRefused(DENIED, "the signed moment is missing, or no number of seconds")
    return found[0]


def _parts(shape: SignatureShape, given: str) -> list[str]:
    """Cut a header where one signature ends; the comma in `v1,SIGNATURE` is none."""
    return re.split(r"\s+" if "," in shape.prefix else r"[,\s]+", given)


def _check_fresh(moment: str, tolerance: int, now: datetime) -> None:
    age = now.timestamp() - int(moment)
    if age > tolerance:
        raise DeliveryRefused(DENIED, f"it was signed more than {tolerance} seconds ago")
    if age < -CLOCK_SECONDS:
        raise DeliveryRefused(DENIED, "it was signed in the future: compare the clocks")


def _signed(shape: SignatureShape, delivery: Delivery, moment: str | None) -> bytes:
    """Return the bytes that the source has signed."""
    parts = {
        "id": delivery.header(shape.id_header, DENIED).encode() if shape.id_header else b"",
        "time": (moment or "").encode(),
        "body": delivery.body,
    }
    if "id" in shape.signed and not parts["id"]:
        raise DeliveryRefused(DENIED, f"the header {shape.id_header} is missing")
    return b".".join(parts[name] for name in shape.signed)


def _signatures(shape: SignatureShape, given: str) -> Iterator[bytes]:
    """Yield each signature that a header holds and that can be one."""
    for part in _parts(shape, given):
        if not part.startswith(shape.prefix):
            continue
        written = part.removeprefix(shape.prefix)
        try:
            if shape.encoding == "hex":
                yield bytes.fromhex(written) if written.isascii() else b""
            else:
                yield base64.b64decode(written, validate=True)
        except ValueError:
            continue
