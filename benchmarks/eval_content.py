"""How well a draft's claims are checked: what is caught, what alarms wrongly, what is left to people.

Drafts are true sentences of one half of a blog, told in other words; their posts are the given sources, all
other posts the archive. What the rules and thresholds were set by is the other half.
`KONTOR_EVAL_CONTENT_DRAFTS` limits the posts that drafts are made of (default: all of the half).
"""

import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from benchmarks.content_drafts import Told, drafts, posts
from benchmarks.content_mutations import Mutant, caught, mutants, plausible_names
from benchmarks.recall_sets import claims
from benchmarks.rows import Row
from contracts.embedding import Embedder
from memory.semantic.stores.qdrant_edge import QdrantEdge
from models.local.embedder import SentenceEmbedder
from workflows.content.checking.check import check
from workflows.content.checking.verdict import PASSES, Origin, Passage, Verdict, Word
from workflows.content.claims.claim import claims_in
from workflows.content.evidence import AT_MOST, Evidence, Mode, SourceText
from workflows.content.prose import Prose, Sentence

TUNED_ON, JUDGED_ON = 0, 1
SEED = 1
CAUGHT = {"number": 0.98, "date": 0.98, "name": 0.95, "negation": 0.80, "swap": None}
MOST_ALARMS, MOST_OVERCLAIMED, MOST_LEFT = 0.02, 0.02, 0.40
CANDIDATES = 60
"""Passages that are fetched, so that ten are left when the draft's own post is withheld."""


@dataclass(frozen=True)
class Checked:
    """Verdicts on true sentences, with and without their own post as a source, and on untrue ones.

    Attributes:
        found: for each true sentence by each mode, whether its own sentence is among the first ten passages.
    """

    true: list[Verdict]
    withheld: list[Verdict]
    untrue: list[tuple[Mutant, Verdict | None]]
    found: dict[Mode, list[bool]]


async def rows() -> list[Row]:
    """Judge the half that nothing was set on."""
    limit = int(os.environ.get("KONTOR_EVAL_CONTENT_DRAFTS", "0"))
    embedder = SentenceEmbedder()
    checked = await judge(embedder, JUDGED_ON, limit)
    measured = [*_of_drafts(checked), *await _of_hard_claims(embedder)]
    embedder.close()
    return measured


async def judge(embedder: Embedder, half: int, limit: int = 0) -> Checked:
    """Check the drafts made of half of the posts, and their mutants."""
    given = posts(half)
    names = plausible_names(given)
    chosen = random.Random(SEED).sample(given, limit) if 0 < limit < len(given) else given
    told = drafts(chosen, SEED)
    untrue = mutants(told, names, SEED + 1)
    with index(embedder) as evidence:
        await evidence.add([*given, *posts(1 - half)])
        dense = await evidence.find([each.text for each in told], limit=AT_MOST, mode="dense")
        fused = await evidence.find([each.text for each in told], limit=CANDIDATES)
        of_untrue = await evidence.find([each.text for each in untrue], limit=CANDIDATES)
    return Checked(
        true=_verdicts(told, fused, own=True),
        withheld=_verdicts(told, fused, own=False),
        untrue=[
            (mutant, _verdict(mutant.text, mutant.told.post, found, own=True))
            for mutant, found in zip(untrue, of_untrue, strict=True)
        ],
        found={"dense": _own_found(told, dense), "fused": _own_found(told, fused)},
    )


@contextmanager
def index(embedder: Embedder) -> Iterator[Evidence]:
    """Give an empty index of its own folder, and take it away."""
    with tempfile.TemporaryDirectory() as folder:
        vectors = QdrantEdge(Path(folder))
        yield Evidence(embedder, vectors)
        vectors.close()


def _verdicts(told: Sequence[Told], found: Sequence[Sequence[Passage]], *, own: bool) -> list[Verdict]:
    verdicts = (
        _verdict(each.text, each.post, passages, own=own) for each, passages in zip(told, found, strict=True)
    )
    return [verdict for verdict in verdicts if verdict is not None]


def _verdict(text: str, post: str, found: Sequence[Passage], *, own: bool) -> Verdict | None:
    """Check one sentence; None if nothing in it was seen to be checkable."""
    of_claims = claims_in(Prose(text, (Sentence(text, 0, 1),)))
    passages = [
        passage if passage.source == post else replace(passage, origin=Origin.ARCHIVE)
        for passage in found
        if own or passage.source != post
    ]
    return check(of_claims[0], passages[:AT_MOST]) if of_claims else None


def _own_found(told: Sequence[Told], found: Sequence[Sequence[Passage]]) -> list[bool]:
    return [
        any(each.post == passage.source and each.original in passage.text for passage in passages[:AT_MOST])
        for each, passages in zip(told, found, strict=True)
    ]


def _of_drafts(checked: Checked) -> Iterator[Row]:
    for kind, bar in CAUGHT.items():
        here = [(mutant, verdict) for mutant, verdict in checked.untrue if mutant.kind == kind]
        hits = [verdict is not None and caught(mutant, verdict) for mutant, verdict in here]
        passed = [verdict is not None and verdict.word in PASSES for _, verdict in here]
        yield Row(f"content.mutants.{kind}", len(here), "count")
        yield Row(f"content.check_caught.{kind}", fmean(hits), "share", bar)
        yield Row(f"content.check_passed.{kind}", fmean(passed), "share")
    yield Row("content.claims", len(checked.true), "count")
    yield Row("content.check_false_alarm", _share(checked.true, {Word.DIFFERS}), "share", MOST_ALARMS)
    withheld = _share(checked.withheld, {Word.DIFFERS})
    yield Row("content.check_false_alarm.withheld", withheld, "share", MOST_ALARMS)
    yield Row("content.check_left", _share(checked.true, set(Word) - PASSES), "share", MOST_LEFT)
    dense = fmean(checked.found["dense"])
    yield Row("content.evidence_at10.drafts.dense", dense, "share")
    yield Row("content.evidence_at10.drafts.fused", fmean(checked.found["fused"]), "share", dense)


def _share(verdicts: Sequence[Verdict], words: set[Word]) -> float:
    return fmean(verdict.word in words for verdict in verdicts)


async def _of_hard_claims(embedder: Embedder) -> list[Row]:
    """Search all of Fool Me Twice: how often the gold is found, how often a refuted claim passes."""
    given, refuted = claims(), claims("REFUTES")
    texts = [
        SourceText(str(place), Prose(text, (Sentence(text, 0, 1),)))
        for place, text in enumerate(given.passages)
    ]
    gold = [{str(place) for place in places} for _, places in given.questions]
    with index(embedder) as evidence:
        await evidence.add(texts)
        asked = [claim for claim, _ in given.questions]
        found = {mode: await evidence.find(asked, mode=mode) for mode in ("dense", "fused")}
    recall = {
        mode: fmean(
            len(wanted.intersection(passage.source for passage in passages)) / len(wanted)
            for wanted, passages in zip(gold, lists, strict=True)
        )
        for mode, lists in found.items()
    }
    untrue = {claim for claim, _ in refuted.questions}
    verdicts = [
        _verdict(claim, "", passages, own=True)
        for claim, passages in zip(asked, found["fused"], strict=True)
        if claim in untrue
    ]
    checkable = [verdict for verdict in verdicts if verdict is not None]
    return [
        Row("content.evidence_at10.claims.dense", recall["dense"], "share"),
        Row("content.evidence_at10.claims.fused", recall["fused"], "share", recall["dense"]),
        Row("content.refuted_claims", len(checkable), "count"),
        Row("content.check_overclaim", _share(checkable, set(PASSES)), "share", MOST_OVERCLAIMED),
    ]
