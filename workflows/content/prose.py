"""A Markdown text as its readers see it: sentences and links, each with its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from sentencex import get_sentence_boundaries

_TEMPLATE = re.compile(r"\{%.*?%\}|\{:.*?\}", re.S)
_EXPRESSION = re.compile(r"\{\{\s*(?:[\"']([^\"']*)[\"'])?.*?\}\}", re.S)
"""A site generator's expression; one that begins with a quoted string, such as an address, stands for it."""
_ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|cf|vs|incl)\.$")
"""What ends no sentence, whatever follows: the splitter is unsure before capitals."""
_BREAK = "\n\n"


@dataclass(frozen=True)
class Sentence:
    """One sentence.

    Attributes:
        start: its first character in the prose's text; `text` stands from there to `end`.
        line: the line of the Markdown where its block begins, counted from 1.
        heading: whether it is a heading, or a part of one.
    """

    text: str
    start: int
    line: int
    heading: bool = False

    @property
    def end(self) -> int:
        """The place behind its last character."""
        return self.start + len(self.text)


@dataclass(frozen=True)
class Link:
    """A link's words, their place in the prose's text, and where it leads."""

    words: str
    start: int
    target: str


@dataclass(frozen=True)
class Prose:
    """A text without its markup: blocks parted by empty lines; code, HTML and pictures are left out."""

    text: str
    sentences: tuple[Sentence, ...]
    links: tuple[Link, ...] = ()


def read(markdown: str) -> Prose:
    """Read a Markdown text without its front matter.

    Template tags of site generators (`{% … %}`) are no words; a link's address may be such an expression.
    """
    pieces: list[str] = []
    sentences: list[Sentence] = []
    links: list[Link] = []
    at = 0
    for token, heading in _blocks(markdown):
        words, found = _words(token, at)
        if not words.strip():
            continue
        line = (token.map or [0])[0] + 1
        sentences += [
            Sentence(text, at + start, line, heading=heading) for start, text in sentences_in(words)
        ]
        links += found
        pieces.append(words)
        at += len(words) + len(_BREAK)
    return Prose(_BREAK.join(pieces), tuple(sentences), tuple(links))


def sentences_in(text: str) -> Iterator[tuple[int, str]]:
    """Yield each sentence of a plain text with its place; surrounding white space is not part of it."""
    start = 0
    for boundary in get_sentence_boundaries("en", text):
        end = int(boundary["end_index"])
        words = text[start:end].strip()
        if words and not _ABBREVIATED.search(words):
            yield start + text[start:end].index(words), words
            start = end
    if words := text[start:].strip():
        yield start + text[start:].index(words), words


def _blocks(markdown: str) -> Iterator[tuple[Token, bool]]:
    cleaned = _EXPRESSION.sub(lambda found: found[1] or "", _TEMPLATE.sub(_as_long, markdown))
    before = None
    for token in MarkdownIt("commonmark").enable("table").parse(cleaned):
        if token.type == "inline":
            yield token, before is not None and before.type == "heading_open"
        before = token


def _as_long(found: re.Match[str]) -> str:
    """Return as many line ends as a match has, so that later lines keep their numbers."""
    return " " + "\n" * found[0].count("\n")


def _words(block: Token, at: int) -> tuple[str, list[Link]]:
    """Return the words of a block that begins at a place, and its links."""
    text, links = "", []
    opened: tuple[int, str] | None = None
    for child in block.children or []:
        if child.type in ("text", "code_inline"):
            text += " ".join(child.content.split("\n"))
        elif child.type in ("softbreak", "hardbreak"):
            text += " "
        elif child.type == "link_open":
            opened = len(text), str(child.attrs.get("href", ""))
        elif child.type == "link_close" and opened is not None:
            links.append(Link(text[opened[0] :], at + opened[0], opened[1]))
            opened = None
    return text, links
