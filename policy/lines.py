"""Where in a TOML file something stands, so that a problem can name its line."""

import re


def line_of(text: str, path: list[str]) -> int:
    """Return the line (1-based) of the deepest part of `path` that the file names, 0 if none.

    `["hours", "monday"]` is a key `monday` after the header `[hours]`, and `["approvals"]` is the first
    header that begins so, as `[approvals.default]`; a path's numbers (a place in
    a list) count as the list itself.
    """
    named = [part for part in path if not part.isdigit()]
    for depth in range(len(named), 0, -1):
        if found := _find(text.splitlines(), named[:depth]):
            return found
    return 0


def _find(lines: list[str], path: list[str]) -> int:
    header: list[str] = []
    key = re.compile(rf"\s*{re.escape(path[-1])}\s*=")
    for number, line in enumerate(lines, 1):
        table = re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line)
        if table:
            header = [part.strip().strip("\"'") for part in table.group(1).split(".")]
            if header[: len(path)] == path:
                return number
        elif header == path[:-1] and key.match(line):
            return number
    return 0
