"""A folder of Markdown with front matter as documents of passages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import frontmatter
from markdown_it import MarkdownIt
from markdown_it.token import Token

from contracts.memory import Document, Memory
from contracts.office import read_text

PASSAGE_WORDS = 120
"""About 170 tokens: all-MiniLM-L6-v2 reads 256 and drops the rest."""
LEAST_WORDS = 12
"""A shorter rest joins the passage before it."""
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
HTML = re.compile(r"<[^>]+>")
LIQUID = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{:.*?\}", re.S)
DATED_NAME = re.compile(r"(\d{4})-(\d{2})-(\d{2})-")


class NotReadable(Exception):
    """A file's front matter or text cannot be read."""


@dataclass
class Section:
    """What stands under one heading."""

    anchor: str
    blocks: list[str] = field(default_factory=list)


def files(folder: Path) -> list[Path]:
    """Return the Markdown files of a folder and all below it, in the order of their names."""
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".md", ".markdown"))


def read(file: Path, folder: Path, kind: str) -> Document:
    """Read one file: its passages have its date, and `KIND:PATH#HEADING` as their source.

    Passages are sections cut at paragraphs, so a change in one section leaves the others as they
    were. Each begins with the post's title, so that it can be understood alone.

    Raises:
        NotReadable: the front matter is no YAML, or the file is no UTF-8.
    """
    try:
        post = frontmatter.loads(read_text(file))
    except Exception as wrong:  # the YAML library raises many kinds
        raise NotReadable(f"{file}: {str(wrong).splitlines()[0]}") from wrong
    source = f"{kind}:{file.relative_to(folder).as_posix()}"
    title = " ".join(str(post.get("title") or "").split())
    moment = day_of(post.get("date"), file.name)
    passages = [
        Memory(
            text=f"{title}: {passage}" if title else passage,
            kind=kind,
            source=f"{source}#{section.anchor}" if section.anchor else source,
            at=moment,
        )
        for section in _sections(post.content)
        for passage in _passages(section.blocks)
    ]
    return Document(source=source, passages=tuple(passages))


def day_of(written: Any, name: str) -> datetime | None:
    """Return a post's date: of its front matter, else of its file name, at midnight UTC."""
    if isinstance(written, datetime):
        return written if written.tzinfo else written.replace(tzinfo=UTC)
    if isinstance(written, date):
        return datetime(written.year, written.month, written.day, tzinfo=UTC)
    try:
        if isinstance(written, str):
            return datetime.fromisoformat(written).replace(tzinfo=UTC)
        if match := DATED_NAME.match(name):
            return datetime(*(int(part) for part in match.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]  # three integers
    except ValueError:
        return None
    return None


def _sections(body: str) -> list[Section]:
    sections = [Section("")]
    tokens = MarkdownIt("commonmark").enable("table").parse(LIQUID.sub(" ", body))
    for before, token in zip([None, *tokens], tokens, strict=False):
        text = _text(token)
        if before is not None and before.type == "heading_open":
            sections.append(Section(_slug(text)))
            if text:
                sections[-1].blocks.append(text)
        elif text:
            sections[-1].blocks.append(text)
    return sections


def _text(token: Token) -> str:
    if token.type == "inline":
        parts = (_inline(child) for child in token.children or [])
        return " ".join("".join(parts).split())
    if token.type in ("fence", "code_block"):
        return " ".join(token.content.split())
    if token.type == "html_block":
        return " ".join(HTML.sub(" ", token.content).split())
    return ""


def _inline(token: Token) -> str:
    if token.type in ("text", "code_inline"):
        return token.content
    return " " if token.type in ("softbreak", "hardbreak") else ""


def _slug(heading: str) -> str:
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-")


def _passages(blocks: Sequence[str]) -> Iterator[str]:
    passages: list[list[str]] = []
    for piece in (piece for block in blocks for piece in _pieces(block)):
        words = piece.split()
        if passages and len(passages[-1]) + len(words) <= PASSAGE_WORDS:
            passages[-1] += words
        else:
            passages.append(words)
    if len(passages) > 1 and len(passages[-1]) < LEAST_WORDS:
        passages[-2] += passages.pop()
    yield from (" ".join(words) for words in passages)


def _pieces(block: str) -> Iterator[str]:
    """Yield a block whole if it is short enough, else its sentences, else runs of its words."""
    if len(block.split()) <= PASSAGE_WORDS:
        yield block
        return
    for sentence in SENTENCE_END.split(block):
        words = sentence.split()
        for start in range(0, len(words), PASSAGE_WORDS):
            yield " ".join(words[start : start + PASSAGE_WORDS])
