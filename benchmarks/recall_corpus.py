"""Passages and vectors in any number, made of real ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.recall_sets import claims
from contracts.embedding import Embedder, EmbedderIdentity

SEEDS = 1_000
QUESTIONS = 300
NOISE = 0.35
"""Length of the noise beside a unit vector: neighbours stay neighbours, no two are the same."""

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Corpus:
    """Texts with their unit vectors, and questions with theirs."""

    identity: EmbedderIdentity
    texts: tuple[str, ...]
    vectors: Vectors
    questions: tuple[str, ...]
    asked: Vectors


async def corpus(embedder: Embedder, size: int) -> Corpus:
    """Make `size` passages: each the halves of two real sentences, its vector between theirs.

    Embedding 100,000 texts takes minutes and is no part of what is measured with them.
    """
    given = claims()
    sentences = given.passages[:SEEDS]
    questions = tuple(question for question, _ in given.questions[:QUESTIONS])
    seeds = np.array(await embedder.embed(sentences), dtype=np.float32)
    asked = np.array(await embedder.embed(questions), dtype=np.float32)
    random = np.random.default_rng(18)
    pairs = random.integers(0, len(sentences), (size, 2))
    noise = random.normal(size=(size, seeds.shape[1])).astype(np.float32)
    noise *= NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    vectors = seeds[pairs[:, 0]] + 0.5 * seeds[pairs[:, 1]]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True) + noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = tuple(
        f"{_half(sentences[one], 0)} {_half(sentences[other], 1)} n{number}x"
        for number, (one, other) in enumerate(pairs)
    )
    return Corpus(embedder.identity, texts, vectors.astype(np.float32), questions, asked)


def _half(text: str, which: int) -> str:
    words = text.split()
    middle = len(words) // 2
    return " ".join(words[:middle] if which == 0 else words[middle:])


class Known:
    """Satisfies `contracts.embedding.Embedder` with vectors computed before the clock was started."""

    def __init__(self, given: Corpus) -> None:
        """Take the corpus whose texts will be asked for."""
        self.identity = given.identity
        self._given = given
        self._vectors = dict(zip(given.texts, given.vectors.tolist(), strict=True))
        self._vectors |= dict(zip(given.questions, given.asked.tolist(), strict=True))

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return the known vectors."""
        return [self._vectors[text] if text in self._vectors else self._redacted(text) for text in texts]

    def _redacted(self, text: str) -> list[float]:
        """Return the vector of the passage whose number, its last word, this text ends with."""
        number = int(text.rsplit(maxsplit=1)[-1].strip("nx"))
        vector: list[float] = self._given.vectors[number].tolist()
        return vector

    def count_tokens(self, text: str) -> int:
        """Count words."""
        return len(text.split())
