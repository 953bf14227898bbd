"""The episode log as a chain: what a link is, how its hash is made, what the signed head says."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contracts.base import Frozen, canonical_json
from contracts.case import Episode

GENESIS = "0" * 64
"""What the first episode names as the hash before it."""
KEY_NAME = "audit_key"
"""The secret that holds the signing key: 32 random bytes as 64 hex digits."""


class Link(Frozen):
    """One row of the log: an episode at its position, tied to the one before.

    Attributes:
        position: from 1, without gaps.
        at: ISO 8601 in UTC with microseconds.
        data: the episode's data as canonical JSON.
        previous: the `hash` of the link before, `GENESIS` for the first.
    """

    position: int
    id: str
    case_id: str
    kind: str
    at: str
    data: str
    previous: str
    hash: str

    def computed_hash(self) -> str:
        """Return the hash that this content, after `previous`, must have."""
        return link_hash(self.previous, self.id, self.case_id, self.kind, self.at, self.data)

    def episode(self) -> Episode:
        """Return what was appended."""
        return Episode(
            id=self.id,
            case_id=self.case_id,
            kind=self.kind,
            at=datetime.fromisoformat(self.at),
            data=json.loads(self.data),
        )


def link_hash(previous: str, *content: str) -> str:
    """Return the SHA-256 over the hash before a link and its content, as 64 hex digits.

    The fields are joined as a JSON list, so that no two different contents read the same. The
    position is left out: a link that was moved keeps a valid hash of its own and is recognised by
    whom it names as its predecessor.
    """
    joined = json.dumps([previous, *content], ensure_ascii=True)
    return hashlib.sha256(joined.encode()).hexdigest()


def linked(episode: Episode, position: int, previous: str) -> Link:
    """Return the episode as the link at `position`.

    Raises:
        ValueError: the episode's moment has no time zone.
    """
    if episode.at.tzinfo is None:
        raise ValueError(f"the episode {episode.id} has a moment without a time zone")
    at = episode.at.astimezone(UTC).isoformat(timespec="microseconds")
    data = canonical_json(episode.data)
    return Link(
        position=position,
        id=episode.id,
        case_id=episode.case_id,
        kind=episode.kind,
        at=at,
        data=data,
        previous=previous,
        hash=link_hash(previous, episode.id, episode.case_id, episode.kind, at, data),
    )


class ChainHead(Frozen):
    """How many links there are and the last one's hash, signed.

    Attributes:
        at: the last episode's moment.
        key_id: which key signed; the first 16 hex digits of the public key's SHA-256.
        signature: Ed25519 over the other fields, in hex; empty only for the empty log.
    """

    count: int
    hash: str
    at: str
    key_id: str = ""
    signature: str = ""

    def message(self) -> bytes:
        """Return what is signed."""
        return f"kontor episodes\n{self.count}\n{self.hash}\n{self.at}\n{self.key_id}".encode()


class Keys(Protocol):
    """Where the signing key comes from."""

    def read(self, name: str) -> str:
        """Return a secret's value; raises KeyError if there is none."""


class KeyMissing(Exception):
    """Secrets hold no key for the log, or what they hold is none; says which secret, never its value."""


class Signer:
    """Signs heads. The key is read from secrets once, when the first head is signed."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._private: Ed25519PrivateKey | None = None
        self._key_id = ""

    def sign(self, count: int, last_hash: str, at: str) -> ChainHead:
        """Return the signed head; raises KeyMissing if secrets hold no key."""
        private = self._key()
        unsigned = ChainHead(count=count, hash=last_hash, at=at, key_id=self._key_id)
        return unsigned.model_copy(update={"signature": private.sign(unsigned.message()).hex()})

    def public_key(self) -> str:
        """Return the public key, 64 hex digits, for whoever verifies an export; raises KeyMissing."""
        return self._key().public_key().public_bytes_raw().hex()

    def _key(self) -> Ed25519PrivateKey:
        if self._private is None:
            self._private = self._read()
            self._key_id = key_id(self._private.public_key().public_bytes_raw().hex())
        return self._private

    def _read(self) -> Ed25519PrivateKey:
        try:
            kept = self._keys.read(KEY_NAME)
        except KeyError as none:
            raise KeyMissing(f"the log is signed with a key: {none.args[0]}") from None
        try:
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(kept))
        except ValueError:
            raise KeyMissing(f"the secret {KEY_NAME} is no key: it has to be 64 hex digits") from None


def new_key() -> str:
    """Return a fresh signing key, fit to be kept under `KEY_NAME`."""
    return Ed25519PrivateKey.generate().private_bytes_raw().hex()


def key_id(public_key: str) -> str:
    """Return a public key's short name."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]


def signed_by(head: ChainHead, public_key: str) -> bool:
    """Say whether `head` carries a valid signature of that key."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(head.signature), head.message()
        )
    except (InvalidSignature, ValueError):
        return False
    return True
