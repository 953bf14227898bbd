"""A head on a text's features: which label, how sure, and whether the text is of the kind it was taught."""

from datetime import date

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from contracts.base import Frozen
from contracts.embedding import EmbedderIdentity
from models.local.calibration import Floats, softmax
from models.local.features import Features
from models.routing.candidate import AcceptRule

NEIGHBOURS = 3
"""The guard looks at the mean similarity to this many nearest training examples."""


class Measured(Frozen):
    """How a head did on the held-out examples of one language.

    Attributes:
        right: of all of them, if it answered everything.
        accepted, wrong: those that it stands by, and how many of these are wrong.
    """

    held_out: int
    right: int
    accepted: int
    wrong: int


class HeadCard(Frozen):
    """What a trained head is and what it can do; kept beside it and shown by `kontor models card`.

    Attributes:
        recipe: version of the training code; another recipe is another head.
        data_hash: SHA-256 over the examples.
        accuracy: on held-out examples, with everything answered.
        calibration_error: expected gap between confidence and accuracy on held-out examples.
        by_language: the held-out examples by their recognised language; empty is short or unclear.
        guard: texts less similar than this to their nearest training examples are out of scope.
        weights_sha256: hash of the tensors: the version that decisions record.
    """

    task: str
    recipe: str
    labels: tuple[str, ...]
    trained_on: date
    embedder: EmbedderIdentity
    data_hash: str
    trained_with: int
    per_label: dict[str, int]
    strength: float
    temperature: float
    accuracy: float
    calibration_error: float
    guard: float
    accept: AcceptRule
    by_language: dict[str, Measured] = {}
    weights_sha256: str = ""


class Guess(Frozen):
    """What a head makes of one text.

    Attributes:
        confidence: calibrated probability that `label` is right.
        similarity: mean cosine to the nearest training examples.
        runner_up: the second most likely label.
    """

    label: str
    confidence: float
    similarity: float
    in_scope: bool
    runner_up: str

    def accepted(self, rule: AcceptRule) -> bool:
        """Say whether it passes the calibrated threshold and the guard."""
        return self.in_scope and rule.threshold is not None and self.confidence >= rule.threshold


class Head:
    """A linear classifier with its temperature, its guard and its card; plain numpy, no scikit-learn."""

    def __init__(
        self,
        card: HeadCard,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32],
        neighbours: NDArray[np.float16],
    ) -> None:
        """Take the parts.

        Args:
            card: what it is.
            weight: shape (labels, features).
            bias: shape (labels,).
            neighbours: the training examples' unit vectors, shape (examples, dimension).
        """
        self.card = card
        self._weight, self._bias = weight, bias
        self._neighbours = neighbours
        self._neighbours_f32 = neighbours.astype(np.float32)

    def scores(self, features: Features) -> Floats:
        """Return one score for each label, shape (texts, labels)."""
        scores: Floats = (features.times(self._weight) + self._bias).astype(np.float64)
        return scores

    def guess(self, features: Features) -> list[Guess]:
        """Return what the head makes of each text."""
        probabilities = softmax(self.scores(features), self.card.temperature)
        similarity = nearest_similarity(features.whole, self._neighbours_f32)
        guesses = []
        for row, near in zip(probabilities, similarity, strict=True):
            second, first = np.argsort(row)[-2:]
            guesses.append(
                Guess(
                    label=self.card.labels[first],
                    confidence=float(row[first]),
                    similarity=float(near),
                    in_scope=bool(near >= self.card.guard),
                    runner_up=self.card.labels[second],
                )
            )
        return guesses

    def with_card(self, card: HeadCard) -> "Head":
        """Return the same numbers under another card."""
        return Head(card, self._weight, self._bias, self._neighbours)

    def tensors(self) -> bytes:
        """Return the head's numbers as safetensors."""
        return save({"weight": self._weight, "bias": self._bias, "neighbours": self._neighbours})


def nearest_similarity(
    vectors: NDArray[np.float32], among: NDArray[np.float32], *, skip_self: bool = False
) -> Floats:
    """Return each vector's mean cosine to its nearest few `among`, for telling strangers apart.

    Distance to the nearest training examples in the embedding space is a plain and strong test for
    out-of-scope inputs (Sun, Ming, Zhu & Li, "Out-of-Distribution Detection with Deep Nearest
    Neighbors", ICML 2022).

    Args:
        vectors: unit vectors, shape (texts, dimension).
        among: unit vectors of the training examples.
        skip_self: leave out the nearest one, for vectors that are themselves among them.
    """
    result = np.empty(len(vectors), dtype=np.float64)
    take = min(NEIGHBOURS + skip_self, len(among))
    for start in range(0, len(vectors), 512):
        similar = vectors[start : start + 512] @ among.T
        top = -np.sort(-np.partition(similar, -take, axis=1)[:, -take:], axis=1)
        result[start : start + 512] = top[:, skip_self:].mean(axis=1)
    return result
