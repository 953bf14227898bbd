"""What a head reads of a text: its embedding, its sentences' embeddings, and its letters."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.embedding import Embedder

LETTERS = 2**13
"""Length of the hashed vector of letter groups."""
MOST_SENTENCES = 12

Matrix = NDArray[np.float32]

_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n+")


@dataclass(frozen=True)
class Features:
    """The features of some texts, one row each.

    Attributes:
        whole: unit vectors of the whole texts, shape (texts, dimension).
        parts: for each dimension the largest value over the text's sentences, same shape: a long
            message's one telling sentence would drown in the vector of the whole.
        letters: hashed groups of three to five letters, scipy CSR, shape (texts, LETTERS): they tell
            apart what embeddings blur (return, exchange) and forgive spelling.
    """

    whole: Matrix
    parts: Matrix
    letters: Any

    def __len__(self) -> int:
        return len(self.whole)

    def rows(self, indexes: Sequence[int]) -> "Features":
        """Return the features of some of the texts."""
        chosen = list(indexes)
        return Features(self.whole[chosen], self.parts[chosen], self.letters[chosen])

    def matrix(self) -> Any:
        """Return everything side by side as one scipy CSR matrix, shape (texts, 2 x dimension + LETTERS)."""
        from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - half a second only training pays

        return hstack([csr_matrix(self.whole), csr_matrix(self.parts), self.letters]).tocsr()

    def times(self, weight: Matrix) -> Matrix:
        """Return `matrix() @ weight.T` without building the matrix."""
        size = self.whole.shape[1]
        product: Matrix = (
            self.whole @ weight[:, :size].T
            + self.parts @ weight[:, size : 2 * size].T
            + self.letters @ weight[:, 2 * size :].T
        )
        return product


async def features_of(embedder: Embedder, texts: Sequence[str]) -> Features:
    """Embed texts and their sentences in one go, and hash their letters."""
    pieces = [sentences(text) for text in texts]
    several = [piece for piece in pieces if len(piece) > 1]
    flat = [*texts, *(sentence for piece in several for sentence in piece)]
    vectors = np.array(await embedder.embed(flat), dtype=np.float32).reshape(len(flat), -1)
    whole, at = vectors[: len(texts)], len(texts)
    parts = whole.copy()
    for index, piece in enumerate(pieces):
        if len(piece) > 1:
            parts[index] = vectors[at : at + len(piece)].max(axis=0)
            at += len(piece)
    return Features(whole, parts, _hasher().transform([plain(text) for text in texts]))


def sentences(text: str) -> list[str]:
    """Cut a text into sentences; of a very long one the first and the last."""
    found = [piece for piece in _SENTENCE_END.split(text) if len(piece.strip()) > 1]
    half = MOST_SENTENCES // 2
    return found if len(found) <= MOST_SENTENCES else found[:half] + found[-half:]


def plain(text: str) -> str:
    """Return the text in lower case with straight apostrophes and single spaces."""
    return " ".join(text.lower().replace("\u2019", "'").split())


@cache
def _hasher() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415 - loaded with the models

    return HashingVectorizer(
        n_features=LETTERS, analyzer="char_wb", ngram_range=(3, 5), binary=True, dtype=np.float32
    )
