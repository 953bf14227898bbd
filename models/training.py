"""How a head is trained: a held-out split, a linear classifier, its temperature, guard and threshold."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from contracts.embedding import EmbedderIdentity
from models.calibration import Floats, Ints, calibration_error, choose_threshold, fit_temperature, softmax
from models.catalogue import TaskSpec
from models.classifier import Head, HeadCard, nearest_similarity
from models.examples import Example, data_hash

RECIPE = "logistic-1"
STRENGTHS = (3.0, 10.0, 30.0)
FOLDS = 3
FEW = 3000
"""Up to so many examples, the strength of regularisation is chosen by cross-validation."""
LEAST_PER_LABEL = 8
GUARD_QUANTILE = 0.01
"""The guard refuses what is stranger than all but this share of the training examples."""


class TooFewExamples(Exception):
    """A label has too few examples to train and to hold out."""


@dataclass(frozen=True)
class Split:
    """Indexes of the examples to learn from and of those held out."""

    learn: list[int]
    held_out: list[int]


def split(examples: list[Example]) -> Split:
    """Hold out part of each label's examples, chosen by the hash of their text.

    Few examples give two fifths away, so that the threshold's bound rests on something; many give a
    fifth. The choice depends on the texts alone: the same data is always split the same way.

    Raises:
        TooFewExamples: a label has fewer than eight.
    """
    share = min(0.4, max(0.2, 300 / max(len(examples), 1)))
    by_label: dict[str, list[int]] = {}
    for index in sorted(range(len(examples)), key=lambda index: examples[index].key):
        by_label.setdefault(examples[index].label, []).append(index)
    learn, held_out = [], []
    for label, indexes in sorted(by_label.items()):
        if len(indexes) < LEAST_PER_LABEL:
            raise TooFewExamples(f"label {label!r} has {len(indexes)} examples; {LEAST_PER_LABEL} are needed")
        cut = round(len(indexes) * share)
        held_out += indexes[:cut]
        learn += indexes[cut:]
    return Split(learn=sorted(learn), held_out=sorted(held_out))


def train(
    task_name: str,
    task: TaskSpec,
    examples: list[Example],
    vectors: NDArray[np.float32],
    *,
    embedder: EmbedderIdentity,
    today: date,
) -> Head:
    """Train a head on part of the examples and calibrate it on the rest. Deterministic.

    Args:
        task_name: the task's name in `models.toml`.
        task: its labels, target error and confidence.
        examples: labelled texts.
        vectors: their unit vectors, shape (examples, dimension).
        embedder: who made the vectors.
        today: the card's date.

    Raises:
        TooFewExamples: a label has fewer than eight.
    """
    labels = tuple(sorted({example.label for example in examples}))
    truth = np.array([labels.index(example.label) for example in examples], dtype=np.int64)
    parts = split(examples)
    seen, known = vectors[parts.learn], truth[parts.learn]
    strength, temperature = _strength_and_temperature(seen, known)
    weight, bias = fit(seen, known, strength)
    guard = float(np.quantile(nearest_similarity(seen, seen, skip_self=True), GUARD_QUANTILE))
    card = HeadCard(
        task=task_name,
        recipe=RECIPE,
        labels=labels,
        trained_on=today,
        embedder=embedder,
        data_hash=data_hash(examples),
        trained_with=len(parts.learn),
        per_label=dict(sorted(Counter(example.label for example in examples).items())),
        strength=strength,
        temperature=temperature,
        guard=guard,
        accuracy=0.0,
        calibration_error=0.0,
        accept=choose_threshold(
            np.empty(0), np.empty(0, dtype=bool), task.target_error, task.target_confidence
        ),
    )
    head = Head(card, weight, bias, seen.astype(np.float16))
    return _calibrated(head, vectors[parts.held_out], truth[parts.held_out], task)


def _calibrated(head: Head, vectors: NDArray[np.float32], truth: Ints, task: TaskSpec) -> Head:
    """Measure a head on the held-out examples and give it its threshold."""
    guesses = head.guess(vectors)
    right = np.array([head.card.labels[t] == g.label for t, g in zip(truth, guesses, strict=True)])
    confidence = np.array([guess.confidence for guess in guesses])
    in_scope = np.array([guess.in_scope for guess in guesses])
    rule = choose_threshold(
        np.where(in_scope, confidence, 0.0), right, task.target_error, task.target_confidence
    )
    measured = {
        "accuracy": float(right.mean()),
        "calibration_error": calibration_error(confidence, right),
        "accept": rule,
        "weights_sha256": hashlib.sha256(head.tensors()).hexdigest(),
    }
    return head.with_card(head.card.model_copy(update=measured))


def fit(
    vectors: NDArray[np.float32], truth: Ints, strength: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit multinomial logistic regression; return weight (labels, dimension) and bias (labels,).

    Args:
        vectors: unit vectors.
        truth: label indexes.
        strength: scikit-learn's C, the inverse of the regularisation.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - only training needs it

    model = LogisticRegression(C=strength, max_iter=2000).fit(vectors, truth)
    weight, bias = model.coef_, model.intercept_
    if len(bias) == 1:  # two labels: scikit-learn keeps one row for the second
        weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return weight.astype(np.float32), bias.astype(np.float32)


def _strength_and_temperature(vectors: NDArray[np.float32], truth: Ints) -> tuple[float, float]:
    """Choose both on scores of examples by heads that did not see them (cross-fitting)."""
    candidates = STRENGTHS if len(truth) <= FEW else STRENGTHS[-1:]
    best = (np.inf, STRENGTHS[-1], 1.0)
    for strength in candidates:
        scores = _unseen_scores(vectors, truth, strength)
        temperature = fit_temperature(scores, truth)
        best = min(best, (_loss(scores, truth, temperature), strength, temperature))
    return best[1], best[2]


def _unseen_scores(vectors: NDArray[np.float32], truth: Ints, strength: float) -> Floats:
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415 - only training needs it

    scores = np.empty((len(truth), int(truth.max()) + 1))
    for learn, judge in StratifiedKFold(FOLDS).split(vectors, truth):
        weight, bias = fit(vectors[learn], truth[learn], strength)
        scores[judge] = vectors[judge] @ weight.T + bias
    return scores


def _loss(scores: Floats, truth: Ints, temperature: float) -> float:
    probabilities = softmax(scores, temperature)
    return float(-np.log(probabilities[np.arange(len(truth)), truth] + 1e-12).mean())
