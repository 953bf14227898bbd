"""The audit log's signing key in the local secrets file, made the first time it is needed."""

import fcntl
import os
import tomllib
from pathlib import Path

from memory.chain import KEY_NAME, new_key


class SigningKeyFile:
    """`memory.chain.Keys` over the local secrets file (TOML, mode 0600): makes the key if there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> str:
        """Return a top-level value of the file, making the signing key if that is asked and missing.

        Raises:
            KeyError: the file has no such secret and it is not the signing key.
        """
        value = self._values().get(name)
        if value is None and name == KEY_NAME:
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
            made = self._values().get(KEY_NAME)
            if isinstance(made, str):
                return made
            key = new_key()
            rest = self._path.read_text() if self._path.exists() else ""
            fresh = self._path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(f'{KEY_NAME} = "{key}"\n{rest}')
            fresh.replace(self._path)
            return key
        finally:
            os.close(lock)
