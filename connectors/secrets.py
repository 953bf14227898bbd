"""Secret values by name: read at the moment of the call, never kept, never logged."""

import os
import re
import stat
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

SECRET_NAME = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Secrets(Protocol):
    """Secret values.

    Attributes:
        waits: reading asks a network, so that it must not be done in the event loop.
    """

    waits: bool

    def read(self, name: str) -> str:
        """Return the value; raises KeyError naming the secret (never its value) if there is none."""


class SecretsUnavailable(Exception):
    """The place that keeps the secrets cannot be used now; says what to do, never a value."""


class EnvironmentSecrets:
    """Secrets from the environment: `vendure.password` is `KONTOR_SECRET_VENDURE_PASSWORD`."""

    waits = False

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """Read from `environment`, else from this process's own, at the moment of each call."""
        self._environment = os.environ if environment is None else environment

    def read(self, name: str) -> str:
        """Return the variable's value; raises KeyError naming the variable."""
        variable = self.variable(name)
        value = self._environment.get(variable)
        if not value:
            raise KeyError(f"no secret {name}: set {variable}")
        return value

    @staticmethod
    def variable(name: str) -> str:
        """Return the environment variable that holds a secret."""
        return "KONTOR_SECRET_" + re.sub(r"[^A-Z0-9]", "_", name.upper())

    def __repr__(self) -> str:
        return "EnvironmentSecrets()"


_Stamp = tuple[int, int, int, int]
"""Of a file: which it is, how long, and when it was written and changed, in nanoseconds."""
_SETTLED_NS = 2_000_000_000


def _read_toml(raw: bytes) -> dict[str, object] | None:
    """Return what a file says; None for what is no TOML: the parser's message may quote a secret."""
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return None


class FileSecrets:
    """Secrets from a TOML file that only its owner may read.

    `vendure.password` is `password` in the table `[vendure]`.
    """

    waits = False

    def __init__(self, path: Path) -> None:
        """Read from `path`, at the moment of each call."""
        self._path = path
        self._parsed: tuple[_Stamp, dict[str, object]] | None = None

    def read(self, name: str) -> str:
        """Return the value.

        Raises:
            KeyError: there is no such secret, or no such file.
            SecretsUnavailable: others may read the file, or it is not TOML.
        """
        try:
            value: object = self._load()
        except FileNotFoundError:
            raise KeyError(f"no secret {name}: there is no file {self._path}") from None
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if not isinstance(value, str) or not value:
            raise KeyError(f"no secret {name} in {self._path}")
        return value

    def _load(self) -> dict[str, object]:
        with self._path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & _OTHERS:
                raise SecretsUnavailable(f"others may read {self._path}: run chmod 600 {self._path}")
            stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            if self._parsed is not None and self._parsed[0] == stamp:
                return self._parsed[1]
            found = _read_toml(file.read())
        if found is None:
            raise SecretsUnavailable(f"{self._path} is not TOML")
        # What was written a moment ago may be written again within one tick of the file system's clock.
        settled = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _SETTLED_NS
        self._parsed = (stamp, found) if settled else None
        return found

    def __repr__(self) -> str:
        return f"FileSecrets({str(self._path)!r})"
