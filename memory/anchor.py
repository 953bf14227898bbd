"""Signed heads written outside the database, so that a log whose tail was cut is found out."""

import os
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from memory.chain import Head

_TAIL_BYTES = 4096


class AnchorSink(Protocol):
    """A place outside the database that keeps heads and never forgets one."""

    def append(self, head: Head) -> None:
        """Keep a head durably."""

    def last(self) -> Head | None:
        """Return the newest head that can be read, or None."""

    def heads(self) -> Iterator[Head | str]:
        """Yield all heads, oldest first; a line that is no head is yielded as it stands."""


class AnchorFile:
    """An append-only file, one head a line; it may lie on another disk or be made append-only there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, head: Head) -> None:
        """Write one line in one call, and wait until the disk has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = head.model_dump_json() + "\n"
        handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, (("\n" if torn else "") + line).encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def last(self) -> Head | None:
        """Return the newest head among the file's last lines."""
        if not self._path.exists():
            return None
        with self._path.open("rb") as file:
            file.seek(max(0, self._path.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        heads = [head for head in map(_parsed, lines) if isinstance(head, Head)]
        return heads[-1] if heads else None

    def heads(self) -> Iterator[Head | str]:
        """Yield the file's heads, one line in memory at a time."""
        if not self._path.exists():
            return
        with self._path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.strip():
                    yield _parsed(line.strip())


def _parsed(line: str) -> Head | str:
    try:
        return Head.model_validate_json(line)
    except ValidationError:
        return line


class Anchor:
    """Decides when a head is worth a write outside: every `appends` links or `period`, and when told.

    Time is the episodes' own: no clock is read here.
    """

    def __init__(
        self, sink: AnchorSink, appends: int = 256, period: timedelta = timedelta(seconds=60)
    ) -> None:
        self._sink = sink
        self._appends = appends
        self._period = period
        self._lock = threading.Lock()
        self._last: Head | None = None
        self._read = False

    def saw(self, head: Head) -> None:
        """Take notice of a head that was committed, and keep it if it is due."""
        with self._lock:
            if self._due(head):
                self._keep(head)

    def keep(self, head: Head) -> None:
        """Keep a head now, unless it is kept already."""
        with self._lock:
            last = self._newest()
            if head.count and (last is None or head.count > last.count):
                self._keep(head)

    def _due(self, head: Head) -> bool:
        last = self._newest()
        if last is None:
            return True
        if head.count <= last.count:
            return False
        waited = datetime.fromisoformat(head.at) - datetime.fromisoformat(last.at)
        return head.count - last.count >= self._appends or waited >= self._period

    def _newest(self) -> Head | None:
        if not self._read:
            self._last, self._read = self._sink.last(), True
        return self._last

    def _keep(self, head: Head) -> None:
        self._sink.append(head)
        self._last, self._read = head, True
