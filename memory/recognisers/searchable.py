"""A text in one plain spelling to search in, and the way back from there to how it was written."""

import re
import unicodedata
from array import array
from collections.abc import Callable, Iterator
from functools import lru_cache

Span = tuple[int, int]
Finder = Callable[[str], Iterator[Span]]

TAKEN = "\x00"
"""Stands for each character of a finding, so that nothing is found a second time."""
_SPACES = r" \t\u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff"
_MARKS = r"[\u0300-\u036f]"
UNUSUAL = re.compile(
    rf"[{_SPACES}]{{2,}}|[{_SPACES[1:]}]|(?:[^\x00-\x7f]|[A-Za-z](?={_MARKS})){_MARKS}{{0,8}}"
)
"""A run of spaces, a space that is not the plain one, or a character beyond ASCII, with its accents.

Eight accents at most: putting thousands of them in order costs their number squared.
"""
FULL_STOPS = frozenset("\u3002\uff61")
"""What an address in Chinese or Japanese script may have in place of its dots."""


class Searchable:
    """A text as it is searched in: NFKC, plain spaces and hyphens, digits as 0 to 9, nothing invisible.

    Letters keep their case. Positions in `text` lead back to the original.
    """

    def __init__(self, original: str) -> None:
        """Normalise; costs what the text is long."""
        self._original = original
        self._findings: list[tuple[int, int, str]] = []
        self._starts: array[int] | None = None
        self._ends: array[int] | None = None
        self.text = original
        if UNUSUAL.search(original):
            self._normalise()

    def take(self, kind: str, finder: Finder) -> None:
        """Mark what a finder finds; later finders do not see it."""
        spans = merged(finder(self.text))
        if not spans:
            return
        self._findings += [(start, end, kind) for start, end in spans]
        pieces: list[str] = []
        at = 0
        for start, end in spans:
            pieces += [self.text[at:start], TAKEN * (end - start)]
            at = end
        self.text = "".join([*pieces, self.text[at:]])

    def replaced(self) -> tuple[str, dict[str, int]]:
        """Return the original with each finding replaced by `[kind]`, and how many there are of each."""
        found: dict[str, int] = {}
        pieces: list[str] = []
        at = last = 0
        for start, end, kind in sorted(self._findings):
            if start < last:  # runs into the finding before it, which takes it in
                last = max(last, end)
            else:
                pieces += [self._original[at : self._start(start)], f"[{kind}]"]
                found[kind] = found.get(kind, 0) + 1
                last = end
            at = self._end(last)
        return "".join([*pieces, self._original[at:]]), found

    def _start(self, position: int) -> int:
        return position if self._starts is None else self._starts[position]

    def _end(self, position: int) -> int:
        return position if self._ends is None else self._ends[position - 1]

    def _normalise(self) -> None:
        starts, ends = array("L"), array("L")
        pieces: list[str] = []
        at = 0
        for match in UNUSUAL.finditer(self._original):
            start, end = match.span()
            plain = _plain(match.group())
            starts.extend(range(at, start))
            ends.extend(range(at + 1, start + 1))
            starts.extend([start] * len(plain))
            ends.extend([end] * len(plain))
            pieces += [self._original[at:start], plain]
            at = end
        starts.extend(range(at, len(self._original)))
        ends.extend(range(at + 1, len(self._original) + 1))
        self.text = "".join([*pieces, self._original[at:]])
        self._starts, self._ends = starts, ends


def merged(spans: Iterator[Span]) -> list[Span]:
    """Return the spans in order, those that overlap as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


@lru_cache(maxsize=4096)
def _plain(written: str) -> str:
    """Return the plain spelling of one character with its accents, or of a run of spaces."""
    if len(written) > 1 and written.isspace():
        return " "
    plain = "".join(map(_plain_character, unicodedata.normalize("NFKC", written)))
    return " " if plain.isspace() else plain


def _plain_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd" or character == "\u2212":
        return "-"
    if category == "Zs" or character == "\t":
        return " "
    return "." if character in FULL_STOPS else character
