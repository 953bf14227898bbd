"""Passages that may bear on a claim: found by meaning and by words, in given sources and own texts.

Sentence vectors find evidence, they do not judge it: what is found is compared by `checking`.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from contracts.embedding import Embedder
from memory.semantic.ranking import fuse
from memory.semantic.stores.base import Filter, Found, Hit, Point, VectorStore
from workflows.content.checking.verdict import Origin, Passage
from workflows.content.prose import Prose, Sentence
from workflows.content.wording import content_stems

AT_MOST = 10
"""So many passages are compared with a claim."""
CANDIDATES = 100
"""So many are fetched by meaning and by words each, before both rankings are made one."""
DENSE_WEIGHT = 0.6
"""The share of meaning in the ranking; see docs/decisions/0042."""
COLLECTION = "evidence"

Mode = Literal["fused", "dense"]


@dataclass(frozen=True)
class SourceText:
    """A text that claims are checked against.

    Attributes:
        name: what it is cited by.
        at: the day it is of.
    """

    name: str
    prose: Prose
    origin: Origin = Origin.SOURCE
    at: date | None = None


class Evidence:
    """An index of sentences. Each is found alone and given out with its neighbours of the same block."""

    def __init__(self, embedder: Embedder, vectors: VectorStore, dense_weight: float = DENSE_WEIGHT) -> None:
        """Make an empty index in a vector store.

        Raises:
            EmbedderMismatch: the store's collection is another embedder's.
        """
        self._embedder = embedder
        self._vectors = vectors
        self._dense_weight = dense_weight
        self._passages: dict[str, Passage] = {}
        self._sources: set[str] = set()
        vectors.create(COLLECTION, embedder.identity)

    @property
    def searched(self) -> int:
        """How many texts are searched."""
        return len(self._sources)

    async def add(self, texts: Iterable[SourceText]) -> None:
        """Take in texts; a text of a name that is there already is added to it."""
        given = list(texts)
        self._sources.update(text.name for text in given)
        passages = [(sentence, passage) for text in given for sentence, passage in _passages(text)]
        embedded = await self._embedder.embed([sentence for sentence, _ in passages])
        points = []
        for (sentence, passage), vector in zip(passages, embedded, strict=True):
            id_ = str(uuid.UUID(int=len(self._passages) + 1))
            self._passages[id_] = passage
            points.append(Point(id_, vector, sentence, "", "", "", 0.0))
        self._vectors.upsert(COLLECTION, points)

    async def find(
        self, claims: Sequence[str], *, limit: int = AT_MOST, mode: Mode = "fused"
    ) -> list[list[Passage]]:
        """Return for each claim the passages that may bear on it, the likeliest first."""
        embedded = await self._embedder.embed(claims)
        return [
            [self._passages[hit.id] for hit in self._ranked(claim, vector, mode)[:limit]]
            for claim, vector in zip(claims, embedded, strict=True)
        ]

    def _ranked(self, claim: str, vector: Sequence[float], mode: Mode) -> Sequence[Hit]:
        words = claim if mode == "fused" else None
        found: Found = self._vectors.search(COLLECTION, vector, words, Filter(), CANDIDATES)
        if mode == "dense":
            return found.dense
        return fuse(found, len(content_stems(claim)), self._dense_weight)


def _passages(text: SourceText) -> Iterator[tuple[str, Passage]]:
    """Yield each sentence that is no heading, and the passage it stands in."""
    sentences = [sentence for sentence in text.prose.sentences if not sentence.heading]
    for at, sentence in enumerate(sentences):
        near = [each for each in sentences[max(0, at - 1) : at + 2] if _one_block(text.prose, sentence, each)]
        around = text.prose.text[near[0].start : near[-1].end]
        yield sentence.text, Passage(around, text.name, text.origin, text.at, sentence.line)


def _one_block(prose: Prose, one: Sentence, other: Sentence) -> bool:
    first, second = sorted((one, other), key=lambda sentence: sentence.start)
    return "\n\n" not in prose.text[first.end : second.start]
