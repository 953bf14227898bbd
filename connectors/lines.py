"""Where in a TOML file a value stands, so that a complaint can name its line."""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence

_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\]#]+?)\s*\]\]?")
_KEY = re.compile(
    r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")
_SYNTAX_LINE = re.compile(r"at line (\d+)")

Path = tuple[str | int, ...]


class TomlLines:
    """An index from the path of a table or key to its line, 1-based.

    `tomllib` keeps no positions; this reads only headers and the beginnings of keys, and skips
    what stands inside multi-line strings. A value inside an inline table has the line of its key.
    """

    def __init__(self, text: str) -> None:
        """Index a TOML document that `tomllib` accepts."""
        self._lines: dict[Path, int] = {}
        self._seen: Counter[Path] = Counter()
        table: Path = ()
        closing = ""
        for number, line in enumerate(text.splitlines(), start=1):
            if closing:
                closing = "" if closing in line else closing
                continue
            if header := _TABLE.match(line):
                table = self._enter(header)
                self._lines.setdefault(table, number)
            elif key := _KEY.match(line):
                self._lines.setdefault(table + _parts(key[1]), number)
                closing = _opens(line[key.end() :])

    def _enter(self, header: re.Match[str]) -> Path:
        table = _parts(header[2])
        if header[1] == "[[":
            self._seen[table] += 1
            return (*table, self._seen[table] - 1)
        return table

    def line(self, path: Sequence[str | int]) -> int:
        """Return the line of the nearest thing on the way to `path` that has one; 0 if none has."""
        for length in range(len(path), 0, -1):
            if found := self._lines.get(tuple(path[:length])):
                return found
        return 0


def syntax_line(error: tomllib.TOMLDecodeError) -> int:
    """Return the line that a TOML syntax error names, 0 if it names none."""
    found = _SYNTAX_LINE.search(str(error))
    return int(found[1]) if found else 0


def _parts(dotted: str) -> Path:
    return tuple(double or single or bare for double, single, bare in _PART.findall(dotted))


def _opens(value: str) -> str:
    for quotes in ('"""', "'''"):
        if value.lstrip().startswith(quotes) and value.count(quotes) == 1:
            return quotes
    return ""
