"""The terms of a text, for the half of a search that looks for words."""

from dataclasses import dataclass

from qdrant_edge import Bm25, Bm25Config

AVERAGE_WORDS = 50.0
"""BM25's average passage length, in words that are no stop words: what an import's passages have."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A sparse vector: hashed terms (32 bits) and their weights."""

    indices: list[int]
    values: list[float]


class Lexicon:
    """Tokenises, drops stop words and stems with Qdrant's own BM25 model, in process.

    Term weights stand in the passage's vector; the other factor, how rare a term is in the
    collection, is the store's to count. (Robertson and Zaragoza, 2009, k1 = 1.2, b = 0.75.)
    """

    def __init__(self, language: str = "english") -> None:
        """Choose stop words and stemmer."""
        self._model = Bm25(Bm25Config(language=language, avg_len=AVERAGE_WORDS))

    def passage(self, text: str) -> Terms:
        """Return the weights of a passage that is indexed."""
        vector = self._model.embed_document(text)
        return Terms(list(vector.indices), list(vector.values))

    def question(self, text: str) -> Terms:
        """Return the weights of a text that is searched for: 1 for each term."""
        vector = self._model.embed_query(text)
        return Terms(list(vector.indices), list(vector.values))
