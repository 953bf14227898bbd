"""Both rankings of every question of a set, through the real embedder and the embedded engine."""

import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.recall_sets import RecallSet
from contracts.embedding import Embedder
from memory.semantic.ranking import DENSE_WEIGHT, fuse
from memory.semantic.service import CANDIDATES
from memory.semantic.stores.base import Filter, Found, Point
from memory.semantic.stores.lexicon import Lexicon
from memory.semantic.stores.qdrant_edge import QdrantEdge

AT = 5


@dataclass(frozen=True)
class Rankings:
    """What was found for each question, how many terms it has, and what should have been found."""

    found: tuple[Found, ...]
    terms: tuple[int, ...]
    gold: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Quality:
    """Recall at 5: share of a question's answers among the first five; MRR: 1 / place of the first."""

    at5: float
    mrr: float


async def rank(given: RecallSet, embedder: Embedder) -> Rankings:
    """Index the passages and ask every question."""
    lexicon = Lexicon()
    ids = [str(uuid.UUID(int=number + 1)) for number in range(len(given.passages))]
    vectors = await embedder.embed(given.passages)
    asked = await embedder.embed([question for question, _ in given.questions])
    with tempfile.TemporaryDirectory() as folder:
        store = QdrantEdge(Path(folder), lexicon)
        store.create("set", embedder.identity)
        for id_, vector, text in zip(ids, vectors, given.passages, strict=True):
            store.upsert("set", [Point(id_, vector, text, "post", "", "", 0.0)])
        found = tuple(
            store.search("set", vector, question, Filter(), CANDIDATES)
            for vector, (question, _) in zip(asked, given.questions, strict=True)
        )
        store.close()
    terms = tuple(len(lexicon.question(question).indices) for question, _ in given.questions)
    gold = tuple(frozenset(ids[place] for place in places) for _, places in given.questions)
    return Rankings(found, terms, gold)


def judge(rankings: Rankings, mode: str, dense_weight: float = DENSE_WEIGHT) -> Quality:
    """Return recall at 5 and MRR of one way to rank: `dense`, `lexical` or `fused`."""
    lists = [
        _list(found, terms, mode, dense_weight)
        for found, terms in zip(rankings.found, rankings.terms, strict=True)
    ]
    scored = list(zip(lists, rankings.gold, strict=True))
    return Quality(
        at5=fmean(len(gold.intersection(ids[:AT])) / len(gold) for ids, gold in scored),
        mrr=fmean(_reciprocal(ids, gold) for ids, gold in scored),
    )


def _list(found: Found, terms: int, mode: str, dense_weight: float) -> list[str]:
    if mode == "fused":
        return [hit.id for hit in fuse(found, terms, dense_weight)]
    return [hit.id for hit in (found.dense if mode == "dense" else found.lexical)]


def _reciprocal(ids: Sequence[str], gold: frozenset[str]) -> float:
    return next((1 / place for place, id_ in enumerate(ids, start=1) if id_ in gold), 0.0)
