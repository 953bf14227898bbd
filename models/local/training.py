"""How a head is trained: a held-out split, a linear classifier, its temperature, guard and threshold."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from contracts.embedding import EmbedderIdentity
from models.local.calibration import (
    Bools,
    Floats,
    Ints,
    calibration_error,
    choose_threshold,
    fit_temperature,
    softmax,
)
from models.local.classifier import Head, HeadCard, Measured, nearest_similarity
from models.local.examples import Example, data_hash, split
from models.local.features import Features, Matrix
from models.local.language import language_of
from models.routing.candidate import AcceptRule
from models.routing.catalogue import TaskSpec

RECIPE = "logistic-3"
STRENGTHS = (3.0, 10.0, 30.0)
MANY_STRENGTH = 10.0
FOLDS = 3
FEW = 3000
"""Up to so many examples, the strength of regularisation is chosen by cross-validation."""
UNTESTED = AcceptRule(
    threshold=None,
    coverage=0,
    error=0,
    error_bound=1,
    target_error=0.5,
    target_confidence=0.5,
    held_out=0,
)


def train(
    task_name: str,
    task: TaskSpec,
    examples: list[Example],
    features: Features,
    *,
    embedder: EmbedderIdentity,
    today: date,
) -> Head:
    """Train a head on part of the examples and calibrate it on the rest. Deterministic.

    Args:
        task_name: the task's name in `models.toml`.
        task: its labels, target error and confidence.
        examples: labelled texts.
        features: what is read of them, one row each.
        embedder: who made the vectors.
        today: the card's date.

    Raises:
        TooFewExamples: a label has fewer than eight.
    """
    labels = tuple(sorted({example.label for example in examples}))
    truth = np.array([labels.index(example.label) for example in examples], dtype=np.int64)
    parts = split(examples)
    learn, held_out = features.rows(parts.learn), features.rows(parts.held_out)
    with threadpool_limits(1):  # small matrices: more threads are slower, and far slower beside other work
        space = Space.of(learn)
        rehearsal = _rehearse(space, truth[parts.learn])
        weight, bias = fit(space.points, truth[parts.learn], rehearsal.strength)
    similarity = nearest_similarity(learn.whole, learn.whole, skip_self=True)
    card = HeadCard(
        task=task_name,
        recipe=RECIPE,
        labels=labels,
        trained_on=today,
        embedder=embedder,
        data_hash=data_hash(examples),
        trained_with=len(parts.learn),
        per_label=dict(sorted(Counter(example.label for example in examples).items())),
        strength=rehearsal.strength,
        temperature=rehearsal.temperature,
        guard=float(np.quantile(similarity, task.guard_share)),
        accuracy=0.0,
        calibration_error=0.0,
        accept=UNTESTED,
    )
    rehearsed = np.where(similarity >= card.guard, rehearsal.confidence, 0.0)
    head = Head(card, space.back(weight), bias.astype(np.float32), learn.whole.astype(np.float16))
    unseen = [examples[index] for index in parts.held_out]
    return _calibrated(head, held_out, unseen, rehearsed, task)


def _calibrated(
    head: Head, held_out: Features, examples: Sequence[Example], rehearsal: Floats, task: TaskSpec
) -> Head:
    """Measure a head on the held-out examples and give it its threshold."""
    guesses = head.guess(held_out)
    right = np.array([one.label == guess.label for one, guess in zip(examples, guesses, strict=True)])
    confidence = np.array([guess.confidence for guess in guesses])
    in_scope = np.array([guess.in_scope for guess in guesses])
    rule = choose_threshold(
        np.where(in_scope, confidence, 0.0),
        right,
        rehearsal,
        target_error=task.target_error,
        sure=task.target_confidence,
    )
    measured = {
        "accuracy": float(right.mean()),
        "calibration_error": calibration_error(confidence, right),
        "accept": rule,
        "by_language": _by_language(examples, right, [guess.accepted(rule) for guess in guesses]),
        "weights_sha256": hashlib.sha256(head.tensors()).hexdigest(),
    }
    return head.with_card(head.card.model_copy(update=measured))


def _by_language(examples: Sequence[Example], right: Bools, accepted: Sequence[bool]) -> dict[str, Measured]:
    """Count how a head did in each language."""
    told = [language_of(example.text) for example in examples]
    found = {}
    for language in sorted(set(told)):
        mine = [
            (bool(fits), taken)
            for said, fits, taken in zip(told, right, accepted, strict=True)
            if said == language
        ]
        found[language] = Measured(
            held_out=len(mine),
            right=sum(fits for fits, _ in mine),
            accepted=sum(taken for _, taken in mine),
            wrong=sum(taken and not fits for fits, taken in mine),
        )
    return found


@dataclass(frozen=True)
class Space:
    """The examples as points in which a linear head is fitted.

    With fewer examples than features every solution lies in the examples' own span, so the points are
    turned into it (singular value decomposition): the same head, many times faster.

    Attributes:
        points: one row each; dense, or scipy CSR when there are many examples.
        axes: the span's axes as rows, in terms of the features; None if the points are the features.
    """

    points: Any
    axes: Floats | None

    @classmethod
    def of(cls, features: Features) -> "Space":
        """Choose the space for some examples."""
        matrix = features.matrix()
        if matrix.shape[0] > FEW:
            return cls(matrix, None)
        left, size, axes = np.linalg.svd(matrix.toarray().astype(np.float64), full_matrices=False)
        return cls(left * size, axes)

    def back(self, weight: Floats) -> Matrix:
        """Return a weight fitted on the points as a weight of the features."""
        turned = weight if self.axes is None else weight @ self.axes
        return turned.astype(np.float32)


def fit(points: Any, truth: Ints, strength: float) -> tuple[Floats, Floats]:
    """Fit multinomial logistic regression; return weight (labels, columns) and bias (labels,).

    Args:
        points: one row each.
        truth: label indexes, each label present.
        strength: scikit-learn's C, the inverse of the regularisation.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - only training needs it

    model = LogisticRegression(C=strength, max_iter=2000).fit(points, truth)
    weight, bias = model.coef_, model.intercept_
    if len(bias) == 1:  # two labels: scikit-learn keeps one row, for the second
        weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return weight, bias


@dataclass(frozen=True)
class _Rehearsal:
    """What cross-fitting on the learning part settled.

    Attributes:
        confidence: in each example's answer, by a head that did not see it.
    """

    strength: float
    temperature: float
    confidence: Floats


def _rehearse(space: Space, truth: Ints) -> _Rehearsal:
    """Choose regularisation and temperature on answers of heads that did not see the example."""
    best, settled = np.inf, _Rehearsal(MANY_STRENGTH, 1.0, np.zeros(len(truth)))
    for strength in STRENGTHS if len(truth) <= FEW else (MANY_STRENGTH,):
        scores = _unseen_scores(space, truth, strength)
        temperature = fit_temperature(scores, truth)
        probabilities = softmax(scores, temperature)
        loss = float(-np.log(probabilities[np.arange(len(truth)), truth] + 1e-12).mean())
        if loss < best:
            best, settled = loss, _Rehearsal(strength, temperature, probabilities.max(axis=1))
    return settled


def _unseen_scores(space: Space, truth: Ints, strength: float) -> Floats:
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415 - only training needs it

    scores = np.empty((len(truth), int(truth.max()) + 1))
    for seen, unseen in StratifiedKFold(FOLDS).split(np.empty(len(truth)), truth):
        weight, bias = fit(space.points[seen], truth[seen], strength)
        scores[unseen] = space.points[unseen] @ weight.T + bias
    return scores
