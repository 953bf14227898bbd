"""An office: its files, its version, what is wrong with it, and each release that put one in force."""

import hashlib
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from contracts.base import Frozen

_ESCAPES_FROM = 0xDC00
"""Where Python's `surrogateescape` puts the bytes that it could not read."""
_ESCAPED = re.compile("[\udc80-\udcff]")


class Problem(Frozen):
    """One finding of `kontor check`: which file, which line (1-based, 0 if unknown), what, the fix."""

    file: str
    line: int
    what: str
    fix: str = ""

    def __str__(self) -> str:
        """Render as `file:line: what (fix)`, the form editors jump to."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}" + (f" ({self.fix})" if self.fix else "")


class OfficeInvalid(Exception):
    """The office folder cannot be used; carries every problem found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class OfficeMissing(FileNotFoundError):
    """There is no office folder; the message says how to name one."""


def read_text(file: Path) -> str:
    """Return a text that a person wrote; a byte order mark before it says how, without one it is UTF-8.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is something else.
    """
    return decoded(file.read_bytes(), errors="strict")


def decoded(given: bytes, *, errors: Literal["strict", "surrogateescape"]) -> str:
    """Return the text of a file from a person: UTF-8, or UTF-16 where its byte order mark says so.

    Args:
        given: the file.
        errors: what to do with bytes that are none of it; escaped, they spoil their own line only
            (`not_utf_8`). Of UTF-16 they are replaced.

    Raises:
        UnicodeDecodeError: it is something else, and `errors` is strict.
    """
    wide = given.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    encoding, lenient = ("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")
    text = given.decode(encoding, errors if errors == "strict" else lenient)
    return text.replace("\r\n", "\n")


def not_utf_8(line: str) -> str:
    """Return why a line that was read with escapes is no text, or nothing if it is one."""
    found = _ESCAPED.search(line)
    if found is None:
        return ""
    byte = ord(found[0]) - _ESCAPES_FROM
    return f"it is not UTF-8: byte 0x{byte:02x} at column {found.start() + 1}; save the file as UTF-8"


def lines_of(text: str) -> list[str]:
    """Cut a text at its line feeds and nowhere else: JSON may hold every other separator as it stands."""
    return text.removeprefix("\ufeff").removesuffix("\n").split("\n")


def office_version(files: Mapping[str, bytes]) -> str:
    """Return the content hash of an office, as 16 hex digits.

    Args:
        files: the bytes of every file by its path relative to the office, with forward slashes.

    A path and a content never run into each other: each is hashed with its length before it.
    """
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()[:16]


def office_files(office: Path) -> dict[str, bytes]:
    """Return every file of an office by its path with forward slashes; hidden files and caches stay out.

    Raises:
        OfficeMissing: there is no such folder.
    """
    if not office.is_dir():
        raise OfficeMissing(f"no office at {office}: name it with KONTOR_OFFICE or --office")
    found = {}
    for path in sorted(office.rglob("*")):
        parts = path.relative_to(office).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            found["/".join(parts)] = path.read_bytes()
    return found


def version_of(office: Path) -> str:
    """Return the office version of a folder: the content hash of everything in it."""
    return office_version(office_files(office))


LAST_CASES = 200
"""So many of the last cases are judged again by an office that is not in force yet, unless somebody says."""


class Changes(Frozen):
    """Which files differ between two versions of an office, by path."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def words(self) -> str:
        """Return them in one line, for a person."""
        kinds = (("added", self.added), ("removed", self.removed), ("changed", self.changed))
        return "; ".join(f"{kind} {', '.join(files)}" for kind, files in kinds if files) or "nothing"


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> Changes:
    """Return which files differ, given each file's bytes, or its digest, by path."""
    return Changes(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=tuple(sorted(name for name in before.keys() & after.keys() if before[name] != after[name])),
    )


class Release(Frozen):
    """One time that an office was put in force: from then on every worker serves it.

    Attributes:
        number: 1 for the first; the highest is in force.
        by: who did it, by their own word or their log-in name.
        changes: the files that differ from the release before.
        anyway: it was put in force although `problems` were found.
        problems: what `kontor check` found, a line each.
    """

    number: int
    version: str
    by: str
    at: datetime
    changes: Changes
    note: str = ""
    anyway: bool = False
    problems: tuple[str, ...] = ()
