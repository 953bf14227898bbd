"""Signed heads written outside the database, so that a log whose tail was cut is found out."""

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from memory.episodic.chain import ChainHead

_TAIL_BYTES = 4096
APPENDS = 256
PERIOD = timedelta(seconds=60)
"""So many episodes, or so much time, may pass before a head is kept outside."""
FILE_NAME = "audit.anchor"
_log = logging.getLogger(__name__)


class AnchorSink(Protocol):
    """A place outside the database that keeps heads and never forgets one."""

    def append(self, head: ChainHead) -> None:
        """Keep a head durably; raises OSError if it cannot be kept now."""

    def last(self) -> ChainHead | None:
        """Return the newest head that can be read, or None."""

    def heads(self) -> Iterator[ChainHead | str]:
        """Yield all heads, oldest first; a line that is no head is yielded as it stands."""


class AnchorFile:
    """An append-only file, one head a line; it may lie on another disk or be made append-only there."""

    def __init__(self, path: Path, *, makes_folder: bool = True) -> None:
        """Take the file, or a folder that it is to lie in.

        Args:
            path: the file, or a folder that is there.
            makes_folder: whether the file's folder is made. Where a disk is to be mounted it must not
                be: heads would be kept on the wrong one.
        """
        self._path = path / FILE_NAME if _is_folder(path) else path
        self._makes_folder = makes_folder

    def append(self, head: ChainHead) -> None:
        """Write one line in one call, and wait until the disk has it."""
        if self._makes_folder:
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

    def last(self) -> ChainHead | None:
        """Return the newest head among the file's last lines."""
        if not self._path.exists():
            return None
        with self._path.open("rb") as file:
            file.seek(max(0, self._path.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        heads = [head for head in map(_parsed, lines) if isinstance(head, ChainHead)]
        return heads[-1] if heads else None

    def heads(self) -> Iterator[ChainHead | str]:
        """Yield the file's heads, one line in memory at a time."""
        if not self._path.exists():
            return
        with self._path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.strip():
                    yield _parsed(line.strip())


class AnchorPlaces:
    """Several places, each of which gets every head; one that fails does not keep it from the others."""

    def __init__(self, places: Mapping[str, AnchorSink]) -> None:
        """Take the places by the names that people know them by, the first one first."""
        self._places = places

    def append(self, head: ChainHead) -> None:
        """Keep a head in every place; raises OSError naming those that failed."""
        failed: list[str] = []
        for name, place in self._places.items():
            try:
                place.append(head)
            except OSError as error:
                failed.append(f"{name}: {error}")
        if failed:
            raise OSError("; ".join(failed))

    def last(self) -> ChainHead | None:
        """Return the newest head of the place that is furthest behind; None if one has none."""
        heads = [place.last() for place in self._places.values()]
        found = [head for head in heads if head is not None]
        return min(found, key=lambda head: head.count) if len(found) == len(heads) else None

    def heads(self) -> Iterator[ChainHead | str]:
        """Yield the heads of all places, one place after the other."""
        for place in self._places.values():
            yield from place.heads()


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # nobody may look there now: writing says so
        return False


def _parsed(line: str) -> ChainHead | str:
    try:
        return ChainHead.model_validate_json(line)
    except ValidationError:
        return line


class Anchor:
    """Decides when a head is worth a write outside: every `appends` links or `period`, and when told.

    Time is the episodes' own: no clock is read here.
    """

    def __init__(self, sink: AnchorSink, appends: int = APPENDS, period: timedelta = PERIOD) -> None:
        self._sink = sink
        self._appends = appends
        self._period = period
        self._lock = threading.Lock()
        self._last: ChainHead | None = None
        self._tried: ChainHead | None = None
        self._read = False

    def saw(self, head: ChainHead) -> None:
        """Take notice of a head that was committed, and keep it if it is due.

        A place that cannot be written stops nobody: it is logged, and tried again when the next head is due.
        """
        with self._lock:
            try:
                if self._due(head):
                    self._keep(head)
            except OSError:
                _log.exception("the log's head at %d is not kept outside", head.count)
                self._tried = head

    def keep(self, head: ChainHead) -> None:
        """Keep a head now, unless it is kept already; raises OSError if a place cannot be written."""
        with self._lock:
            last = self._newest()
            if head.count and (last is None or head.count > last.count):
                self._keep(head)

    def _due(self, head: ChainHead) -> bool:
        last = self._tried or self._newest()
        if last is None:
            return True
        if head.count <= last.count:
            return False
        waited = datetime.fromisoformat(head.at) - datetime.fromisoformat(last.at)
        return head.count - last.count >= self._appends or waited >= self._period

    def _newest(self) -> ChainHead | None:
        if not self._read:
            self._last, self._read = self._sink.last(), True
        return self._last

    def _keep(self, head: ChainHead) -> None:
        self._sink.append(head)
        self._last, self._tried, self._read = head, None, True
