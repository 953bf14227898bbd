"""Two rankings made one: similarity of meaning, and how much of the question's words is there."""

from memory.semantic.stores.base import Found, Hit

DENSE_WEIGHT = 0.4
TERM_WORTH = 12.0
"""About the most that one rare word adds to a BM25 score: (k1 + 1) times a rarity of 5.5.

The weight was chosen by `python -m benchmarks.tune_recall` on half of an archive, in the middle of
the plateau from 0.30 to 0.45; what `make eval` reports was not looked at for it. A convex
combination of bounded scores beat reciprocal rank fusion there, as it does in Bruch, Gai and Ingber,
"An Analysis of Fusion Functions for Hybrid Retrieval" (2023).
"""


def fuse(found: Found, terms: int, dense_weight: float = DENSE_WEIGHT) -> list[Hit]:
    """Return the union of both rankings, best first.

    A passage that only the words found gets the similarity of the last one that meaning found: it
    cannot be nearer. A question few of whose words occur anywhere leans on meaning by itself.

    Args:
        found: both rankings with their raw scores: cosine, BM25.
        terms: how many terms the lexical side made of the question.
        dense_weight: the share of meaning, 0 to 1.

    Returns:
        Hits with scores of about 0 to 1.
    """
    meaning = {hit.id: max(hit.score, 0.0) for hit in found.dense}
    words = {hit.id: min(hit.score / (TERM_WORTH * max(terms, 1)), 1.0) for hit in found.lexical}
    farthest = min(meaning.values(), default=0.0)
    fused = [
        Hit(
            id_,
            dense_weight * meaning.get(id_, farthest) + (1 - dense_weight) * words.get(id_, 0.0),
        )
        for id_ in meaning.keys() | words.keys()
    ]
    return sorted(fused, key=lambda hit: (-hit.score, hit.id))
