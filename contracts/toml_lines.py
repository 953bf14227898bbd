"""The office's TOML files: read into a type, and every complaint with its file, its line and a fix."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeVar

import tomli
from pydantic import BaseModel, ValidationError

from contracts.field_errors import field_errors
from contracts.office import OfficeInvalid, Problem

_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\]#]+?)\s*\]\]?")
_KEY = re.compile(
    r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")
_SYNTAX_LINE = re.compile(r"at line (\d+)")

Path = tuple[str | int, ...]
Content = TypeVar("Content", bound=BaseModel)


class TomlLines:
    """An index from the path of a table or key to its line, 1-based; it is made at the first question.

    `tomli` keeps no positions; this reads only headers and the beginnings of keys, and skips
    what stands inside multi-line strings. A value inside an inline table has the line of its key, and
    a table that only its sub-tables name has the line of the first of them.
    """

    def __init__(self, text: str) -> None:
        """Keep a TOML document that `tomli` accepts."""
        self._text = text
        self._arrays: Counter[Path] = Counter()

    @cached_property
    def _index(self) -> tuple[dict[Path, int], set[Path]]:
        """The line of each path, and which of the paths are tables."""
        lines: dict[Path, int] = {}
        tables: set[Path] = set()
        table: Path = ()
        closing = ""
        for number, line in enumerate(self._text.split("\n"), start=1):
            if closing:
                closing = "" if closing in line else closing
                continue
            if header := _TABLE.match(line):
                table = self._enter(header)
                tables.add(table)
                _name(lines, table, number)
            elif key := _KEY.match(line):
                _name(lines, table + _parts(key[1]), number)
                closing = _opens(line[key.end() :])
        return lines, tables

    def _enter(self, header: re.Match[str]) -> Path:
        """Return the path of a header's table; within a list of tables, the last one's."""
        *above, last = _parts(header[2])
        table: Path = ()
        for part in above:
            table = self._last_of((*table, part))
        table = (*table, last)
        if header[1] == "[[":
            self._arrays[table] += 1
        return self._last_of(table)

    def _last_of(self, table: Path) -> Path:
        count = self._arrays[table]
        return (*table, count - 1) if count else table

    def place(self, path: Path) -> str:
        """Return a path as a person writes it: `[table]` or `[table] field`."""
        table = path if path in self._index[1] else path[:-1]
        words = [f"[{'.'.join(str(part) for part in table)}]"] if table else []
        return " ".join([*words, *(str(part) for part in path[len(table) :])])

    def line(self, path: Sequence[str | int]) -> int:
        """Return the line of the nearest thing on the way to `path` that has one; 0 if none has."""
        for length in range(len(path), 0, -1):
            if found := self._index[0].get(tuple(path[:length])):
                return found
        return 0


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """Return the tables of a TOML document.

    Args:
        text: the document.
        file: its path relative to the office, for the complaint.

    Raises:
        OfficeInvalid: it is not TOML; the problem has the line.
    """
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        found = _SYNTAX_LINE.search(str(error))
        line = int(found[1]) if found else 0
        raise OfficeInvalid([Problem(file=file, line=line, what=f"not TOML: {error}")]) from None


def read_toml(text: str, model: type[Content], file: str, known: str = "") -> Content:
    """Return a TOML document as a `model`.

    Args:
        text: the document.
        model: the type that it shall be.
        file: its path relative to the office.
        known: as in `toml_problems`.

    Raises:
        OfficeInvalid: it is not TOML or does not fit, with every problem found.
    """
    table = parse_toml(text, file)
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise OfficeInvalid(toml_problems(error, TomlLines(text), file, known)) from None


def toml_problems(error: ValidationError, lines: TomlLines, file: str, known: str = "") -> list[Problem]:
    """Return what does not fit, a problem each; what was written is not repeated, it may be a secret.

    Args:
        error: what pydantic says.
        lines: of the file.
        file: its path relative to the office.
        known: the fix for a field that there is not, for instance where the fields are told.
    """
    problems = []
    for one in field_errors(error):
        fix = known if one.kind == "extra_forbidden" else ""
        problems.append(toml_problem(file, lines, one.at, one.words, fix))
    return problems


def toml_problem(file: str, lines: TomlLines, at: Path, what: str, fix: str = "") -> Problem:
    """Return a problem at a table or field: `[table] field: what`, at its line."""
    place = lines.place(at)
    return Problem(file=file, line=lines.line(at), what=f"{place}: {what}" if place else what, fix=fix)


def _name(lines: dict[Path, int], path: Path, number: int) -> None:
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], number)


def _parts(dotted: str) -> Path:
    return tuple(double or single or bare for double, single, bare in _PART.findall(dotted))


def _opens(value: str) -> str:
    for quotes in ('"""', "'''"):
        if value.lstrip().startswith(quotes) and value.count(quotes) == 1:
            return quotes
    return ""
