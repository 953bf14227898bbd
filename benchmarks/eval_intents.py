"""How well local heads understand intents they were taught, and whether their promise holds.

`banking77` comes with a test set. `bitext` does not, and its texts are machine-made variations of few
templates: a random split would put twins on both sides. So whole families are held out: texts that
are equal once politeness and small words are taken away go to the same side, by the hash of what is left.

`KONTOR_EVAL_TEXTS` limits the texts that are judged (default: all), for trying the code out.
"""

import asyncio
import csv
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.data import DataMissing, data_folder
from benchmarks.risk_curve import Curve, write_picture
from benchmarks.rows import Row
from contracts.base import text_hash
from models.local.calibration import risk_coverage
from models.local.classifier import Guess, Head
from models.local.embedder import SentenceEmbedder
from models.local.examples import Example
from models.local.features import Features, features_of
from models.local.training import MANY_STRENGTH, Space, fit, train
from models.routing.catalogue import TaskSpec
from workflows.returns.matching.tokens import tokens, word_set

TARGET_ERROR, CONFIDENCE, SHOTS = 0.02, 0.95, 10
PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "risk-coverage.svg"
POLITE = word_set(
    """help need know want like problem question information assistance way how where what there give tell
    show see check some about try trying"""
)


@dataclass(frozen=True)
class Corpus:
    """Labelled texts to learn from, and others to judge by."""

    name: str
    learn: list[Example]
    judge: list[Example]


@dataclass(frozen=True)
class Judged:
    """A trained head and what it made of the texts it never saw."""

    corpus: Corpus
    head: Head
    features: Features
    guesses: list[Guess]

    @property
    def right(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether each guess was right."""
        pairs = zip(self.corpus.judge, self.guesses, strict=True)
        return np.array([example.label == guess.label for example, guess in pairs])

    @property
    def accepted(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether the head stood by each guess."""
        return np.array([guess.accepted(self.head.card.accept) for guess in self.guesses])


async def rows() -> list[Row]:
    """Return accuracy, coverage and realised error on both corpora, and draw their curves."""
    try:
        corpora = [banking77(data_folder("intents")), bitext(data_folder("intents"))]
    except DataMissing as missing:
        print(f"intents: {missing}")  # noqa: T201 - an evaluation tells whoever started it
        return []
    embedder = SentenceEmbedder()
    judged = [await judge(corpus, embedder) for corpus in corpora]
    found = [row for each in judged for row in await rows_of(each, embedder)]
    for each, other in zip(judged, reversed(judged), strict=True):
        strangers = each.head.guess(other.features)
        share = float(np.mean([guess.accepted(each.head.card.accept) for guess in strangers]))
        found.append(Row(f"intent.{each.corpus.name}.strangers_accepted", share, "share"))
    write_picture(PICTURE, [curve(each) for each in judged], TARGET_ERROR)
    await asyncio.to_thread(embedder.close)
    return found


def banking77(folder: Path) -> Corpus:
    """Read banking77 with the test set it comes with."""
    sides = [
        [
            Example(text=row["text"].strip(), label=row["category"])
            for row in _read(folder / "banking77" / file)
        ]
        for file in ("train.csv", "test.csv")
    ]
    return Corpus("banking77", unique(sides[0]), some(sides[1]))


def bitext(folder: Path) -> Corpus:
    """Read bitext and hold out three tenths of its families."""
    learn: list[Example] = []
    judge_by: list[Example] = []
    for row in _read(folder / "bitext" / "bitext_8k_train.csv"):
        example = Example(text=row["utterance"].strip(), label=row["intent"])
        side = judge_by if int(text_hash(family(example.text))[:4], 16) % 10 < 3 else learn
        side.append(example)
    return Corpus("bitext", unique(learn), some(judge_by))


def family(text: str) -> str:
    """Return what is left of a text without politeness, small words, order and repetition."""
    return " ".join(sorted(set(tokens(text)) - POLITE))


def unique(examples: list[Example]) -> list[Example]:
    """Return the examples without repetitions, in the order of their keys."""
    found = {example.key: example for example in examples}
    return sorted(found.values(), key=lambda example: example.key)


def some(examples: list[Example]) -> list[Example]:
    """Return the examples to judge by: all, or as many as the environment allows."""
    found = unique(examples)
    return found[: int(os.environ.get("KONTOR_EVAL_TEXTS", len(found)))]


async def judge(corpus: Corpus, embedder: SentenceEmbedder) -> Judged:
    """Train and calibrate a head as the product does, then ask it what it never saw."""
    task = TaskSpec(
        contract="label",
        labels=dict.fromkeys(sorted({example.label for example in corpus.learn}), ""),
        latency_ms=1000,
        target_error=TARGET_ERROR,
        target_confidence=CONFIDENCE,
        candidates=("head",),
    )
    features = await features_of(embedder, [example.text for example in corpus.learn])
    head = await asyncio.to_thread(
        train, corpus.name, task, corpus.learn, features, embedder=embedder.identity, today=date.today()
    )
    unseen = await features_of(embedder, [example.text for example in corpus.judge])
    return Judged(corpus, head, unseen, head.guess(unseen))


async def rows_of(judged: Judged, embedder: SentenceEmbedder) -> list[Row]:
    """Return one corpus's rows."""
    name, accepted, right = f"intent.{judged.corpus.name}", judged.accepted, judged.right
    error = float((~right[accepted]).mean()) if accepted.any() else 0.0
    bar = 0.92 if judged.corpus.name == "banking77" else None
    return [
        Row(f"{name}.accuracy", float(right.mean()), "share", bar),
        Row(f"{name}.accuracy_10shot", await few_shots(judged, embedder), "share"),
        Row(f"{name}.coverage_at_2pct", float(accepted.mean()), "share"),
        Row(f"{name}.realised_error_at_2pct", error, "share", TARGET_ERROR),
        Row(f"{name}.calibration_error", judged.head.card.calibration_error, "share"),
    ]


async def few_shots(judged: Judged, embedder: SentenceEmbedder) -> float:
    """Return the accuracy of a head that saw ten examples of each label (those with the least hashes)."""
    shots: dict[str, list[Example]] = {}
    for example in sorted(judged.corpus.learn, key=lambda example: example.key):
        shots.setdefault(example.label, []).append(example)
    chosen = [example for label in sorted(shots) for example in shots[label][:SHOTS]]
    labels = sorted(shots)
    space = Space.of(await features_of(embedder, [example.text for example in chosen]))
    truth = np.array([labels.index(example.label) for example in chosen], dtype=np.int64)
    weight, bias = await asyncio.to_thread(fit, space.points, truth, MANY_STRENGTH)
    said = (judged.features.times(space.back(weight)) + bias).argmax(axis=1)
    wanted = [labels.index(e.label) if e.label in labels else -1 for e in judged.corpus.judge]
    return float((said == np.array(wanted)).mean())


def curve(judged: Judged) -> Curve:
    """Return the test set's risk-coverage curve with the point the head chose."""
    confidence = np.array([guess.confidence if guess.in_scope else 0.0 for guess in judged.guesses])
    coverage, risk = risk_coverage(confidence, judged.right)
    accepted = judged.accepted
    error = float((~judged.right[accepted]).mean()) if accepted.any() else 0.0
    return Curve(judged.corpus.name, list(coverage), list(risk), (float(accepted.mean()), error))


def _read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
