"""Passwords, where people may sign in by one: argon2id, and nothing of them is kept in the clear."""

from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from memory.authoritative.passwords import SqlPasswords

SHORTEST, LONGEST = 12, 1024


class PasswordRefused(ValueError):
    """A new password is none; the message says why, in words for the person."""


class Passwords:
    """Sets and verifies them."""

    def __init__(self, store: SqlPasswords, hasher: PasswordHasher | None = None) -> None:
        """Take where hashes are kept, and what makes them: argon2id at the library's own cost."""
        self._store = store
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash("of nobody")

    def has(self, person: str) -> bool:
        """Say whether a person has one."""
        return bool(self._store.digest(person))

    def set(self, person: str, words: str, now: datetime) -> None:
        """Keep a person's new password.

        Raises:
            PasswordRefused: it is too short or too long, or their name.
        """
        if not SHORTEST <= len(words) <= LONGEST:
            raise PasswordRefused(
                f"a password has {SHORTEST} to {LONGEST} characters: a few words are a good one"
            )
        if len(set(words)) < SHORTEST // 2:
            raise PasswordRefused("too few different characters: a few words are a good one")
        self._store.put(person, self._hasher.hash(words), now)

    def verified(self, person: str, words: str) -> bool:
        """Say whether it is this person's password; it takes as long for somebody who has none."""
        digest = self._store.digest(person)
        try:
            self._hasher.verify(digest or self._nobodys, words)
        except (VerificationError, InvalidHashError):
            return False
        if digest and self._hasher.check_needs_rehash(digest):
            self._store.strengthen(person, digest, self._hasher.hash(words))
        return bool(digest)

    def remove(self, person: str, now: datetime) -> None:
        """Let a person's password open nothing any more."""
        self._store.remove(person, now)
