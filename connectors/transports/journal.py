"""Records at the end of a file: each once for its key, whole or not at all."""

import csv
import fcntl
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from contracts.failure import CallFailed

_DELIMITERS = ",;\t|"
_LENGTH_BYTES = 8

Record = Iterator[tuple[object, object]]
"""A record's values, each with its place: a column's number, or a member's name."""


def append(path: Path, first_line: str, text: str, key: str) -> None:
    """Add the text in one piece under the file's lock, unless a record of this key stands there already.

    A disk that is full leaves the file as it was. A crash in the middle leaves a torn record; what was to be
    written stands beside the file, and the next call takes the torn part away before it writes.

    Raises:
        CallFailed: the text does not hold the key as a field of its own.
        OSError: it could not be written; nothing of it is there.
    """
    pending = path.with_name(f".{path.name}.pending")
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _mend(handle, pending)
        present = _content(handle)
        if _stands_in(present.decode("utf-8-sig", errors="replace"), text, key):
            return
        record = (text if text.endswith("\n") else text + "\n").encode()
        if not present:
            record = (first_line.rstrip("\n") + "\n").encode() + record if first_line else record
        elif not present.endswith(b"\n"):
            record = b"\n" + record
        _add(handle, len(present), record, pending)
    finally:
        os.close(handle)


def _add(handle: int, size: int, record: bytes, pending: Path) -> None:
    try:
        with pending.open("wb") as file:
            file.write(size.to_bytes(_LENGTH_BYTES, "big") + record)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(pending.parent)
    except OSError:
        pending.unlink(missing_ok=True)
        raise
    try:
        _write_all(handle, record)
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, size)
        pending.unlink()
        raise
    pending.unlink()


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _mend(handle: int, pending: Path) -> None:
    """Take away the beginning of a record that a crash left behind; whatever else was added stays."""
    try:
        left = pending.read_bytes()
    except FileNotFoundError:
        return
    size, record = int.from_bytes(left[:_LENGTH_BYTES], "big"), left[_LENGTH_BYTES:]
    added = _content(handle)[size:]
    if added and len(added) < len(record) and record.startswith(added):
        os.ftruncate(handle, size)
        os.fsync(handle)
    pending.unlink()


def _write_all(handle: int, data: bytes) -> None:
    written = 0
    while written < len(data):
        written += os.write(handle, data[written:])


def _content(handle: int) -> bytes:
    with os.fdopen(os.dup(handle), "rb") as file:
        file.seek(0)
        return file.read()


def _stands_in(present: str, text: str, key: str) -> bool:
    """Tell whether a record that is present holds the key where the new one holds it."""
    for records in (_json_lines, *(_csv_with(delimiter) for delimiter in _DELIMITERS)):
        if places := _places(records(text), key):
            return key in present and not places.isdisjoint(_places(records(present), key))
    raise CallFailed("the text does not hold {{ key }} as a field of its own", code="arguments", sent=False)


def _places(records: Iterator[Record], key: str) -> set[object]:
    return {place for record in records for place, value in record if value == key}


def _json_lines(text: str) -> Iterator[Record]:
    for line in text.split("\n"):
        if line.startswith("{"):
            try:
                yield iter(json.loads(line).items())
            except ValueError:
                continue


def _csv_with(delimiter: str) -> Callable[[str], Iterator[Record]]:
    def records(text: str) -> Iterator[Record]:
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        except csv.Error:
            # A quote that is never closed takes in all that follows: then each line is read alone.
            rows = [row for line in text.split("\n") for row in csv.reader([line], delimiter=delimiter)]
        return (enumerate(row) for row in rows)

    return records
