"""A draft's claims checked against the texts they are given with: no case, no books, no network."""

import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import frontmatter

from contracts.embedding import Embedder
from contracts.office import read_text
from memory.semantic.markdown import day_of
from memory.semantic.stores.qdrant_edge import QdrantEdge
from workflows.content.checking.check import check, earlier_statements
from workflows.content.checking.verdict import Origin, Verdict
from workflows.content.claims.claim import claims_in
from workflows.content.evidence import Evidence, SourceText
from workflows.content.prose import Prose, read


class NotReadable(Exception):
    """A text cannot be read; the message names the file."""


async def check_draft(draft: Prose, texts: Sequence[SourceText], embedder: Embedder) -> list[Verdict]:
    """Return a verdict for each claim of a draft, in the draft's order.

    A claim may also differ from what the draft said before it; that bears nothing out.

    Args:
        draft: what is checked.
        texts: given sources and own earlier texts.
        embedder: finds the passages that may bear on a claim.
    """
    claims = claims_in(draft)
    async with _evidence(embedder, texts) as evidence:
        found = await evidence.find([claim.sentence.text for claim in claims])
        return [
            check(claim, [*passages, *earlier_statements(claims, at)], searched=evidence.searched)
            for at, (claim, passages) in enumerate(zip(claims, found, strict=True))
        ]


def text_of(file: Path, origin: Origin = Origin.SOURCE) -> SourceText:
    """Read a file, without its front matter; its lines are counted from the file's first.

    Raises:
        NotReadable: it is no text, or its front matter no YAML.
    """
    try:
        whole = read_text(file)
        post = frontmatter.loads(whole)
    except Exception as wrong:  # the YAML library raises many kinds
        raise NotReadable(f"{file}: {str(wrong).splitlines()[0]}") from wrong
    before = whole[: whole.find(post.content)].count("\n") if post.content else 0
    return SourceText(str(file), read("\n" * before + post.content), origin, _day(post, file))


def _day(post: frontmatter.Post, file: Path) -> date | None:
    moment = day_of(post.get("date"), file.name)
    return moment.date() if moment else None


@asynccontextmanager
async def _evidence(embedder: Embedder, texts: Iterable[SourceText]) -> AsyncIterator[Evidence]:
    """Index texts in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="kontor-evidence-") as folder:
        vectors = QdrantEdge(Path(folder))
        try:
            evidence = Evidence(embedder, vectors)
            await evidence.add(texts)
            yield evidence
        finally:
            vectors.close()
