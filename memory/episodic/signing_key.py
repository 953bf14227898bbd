"""A signing key in the local secrets file, made the first time it is needed."""

import fcntl
import os
import tomllib
from pathlib import Path

from memory.episodic.chain import KEY_NAME, new_key


class SigningKeyFile:
    """`memory.chain.Keys` over the local secrets file (TOML, mode 0600): makes the key if there is none.

    Only the key called `name` is made, by default the audit log's.
    """

    def __init__(self, path: Path, name: str = KEY_NAME) -> None:
        self._path = path
        self._name = name

    def read(self, name: str) -> str:
        """Return a top-level value of the file, making the signing key if that is asked and missing.

        Raises:
            KeyError: the file has no such secret and it is not the signing key.
        """
        value = self._values().get(name)
        if value is None and name == self._name:
            return self._make()
        if not isinstance(value, str):
            raise KeyError(name)
        return value

    def _values(self) -> dict[str, object]:
        return tomllib.loads(self._path.read_text()) if self._path.exists() else {}

    def _make(self) -> str:
        """Write a fresh key before everything else in the file; two processes make one key."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            made = self._values().get(self._name)
            if isinstance(made, str):
                return made
            key = new_key()
            rest = self._path.read_text() if self._path.exists() else ""
            fresh = self._path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(f'{self._name} = "{key}"\n{rest}')
            fresh.replace(self._path)
            return key
        finally:
            os.close(lock)
