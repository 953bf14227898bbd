"""From scores to promises: calibrated probabilities, and a threshold with a bound on the error."""

import math

import numpy as np
from numpy.typing import NDArray

from contracts.frozen import Frozen

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class AcceptRule(Frozen):
    """When an answer is good enough to be accepted.

    Attributes:
        threshold: the least confidence that is accepted; None when no threshold keeps the promise.
        coverage: share of the held-out examples that are accepted.
        error: share of wrong answers among them.
        error_bound: with probability `target_confidence`, the true error is below it.
        held_out: how many examples that rests on.
    """

    threshold: float | None
    coverage: float
    error: float
    error_bound: float
    target_error: float
    target_confidence: float
    held_out: int


def softmax(scores: Floats, temperature: float = 1.0) -> Floats:
    """Return each row of `scores` / `temperature` as probabilities."""
    scaled = scores / temperature
    exponents = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities: Floats = exponents / exponents.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(scores: Floats, truth: Ints) -> float:
    """Return the temperature under which the softmax of `scores` is best calibrated.

    It minimises the negative log-likelihood over one number (Guo, Pleiss, Sun & Weinberger, "On
    Calibration of Modern Neural Networks", ICML 2017), by golden-section search over its logarithm.

    Args:
        scores: shape (examples, labels), from heads that did not see these examples.
        truth: the right label's index for each.
    """

    def loss(log_temperature: float) -> float:
        probabilities = softmax(scores, math.exp(log_temperature))
        return float(-np.log(probabilities[np.arange(len(truth)), truth] + 1e-12).mean())

    low, high, ratio = math.log(0.05), math.log(20.0), (math.sqrt(5) - 1) / 2
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return math.exp((low + high) / 2)


def upper_bound(errors: int, trials: int, delta: float) -> float:
    """Return the exact (Clopper & Pearson, 1934) upper bound on an error rate.

    With probability at least 1 - `delta`, a rate above it would have shown more than `errors` in
    `trials`.
    """
    from scipy.stats import beta  # noqa: PLC0415 - a second of imports that only training needs

    return 1.0 if errors >= trials else float(beta.ppf(1 - delta, errors + 1, trials - errors))


def choose_threshold(confidence: Floats, right: Bools, target_error: float, sure: float) -> AcceptRule:
    """Choose the threshold that accepts most while the error among the accepted stays under target.

    This is SGR, selection with guaranteed risk: a binary search over the held-out confidences, each
    step judged by the binomial tail bound at its share of 1 - `sure`, so that the promise holds for
    whatever threshold comes out (Geifman & El-Yaniv, "Selective Classification for Deep Neural
    Networks", NeurIPS 2017, algorithm 2). The examples must be held out: neither the head nor its
    temperature may have seen them. It holds for texts drawn like the examples, for no others.

    Args:
        confidence: calibrated confidence in each held-out answer; 0 for what the guard refuses.
        right: whether each answer was right.
        target_error: the largest share of wrong answers among those accepted.
        sure: the probability, over the draw of the examples, with which that must hold.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence, wrong = confidence[order], np.cumsum(~right[order])
    count = len(order)
    steps = max(1, math.ceil(math.log2(max(count, 2))))
    best, bound = 0, 1.0
    low, high = 0, count  # accepts `low` answers surely enough, more than `high` never
    for _ in range(steps):
        middle = math.ceil((low + high) / 2)
        accepted = _with_ties(sorted_confidence, middle)
        if accepted == 0:
            break
        found = upper_bound(int(wrong[accepted - 1]), accepted, (1 - sure) / steps)
        if found <= target_error and sorted_confidence[accepted - 1] > 0:
            low = max(low, middle)
            if accepted > best:
                best, bound = accepted, found
        else:
            high = middle - 1
        if low >= high:
            break
    return AcceptRule(
        threshold=float(sorted_confidence[best - 1]) if best else None,
        coverage=best / count if count else 0.0,
        error=float(wrong[best - 1]) / best if best else 0.0,
        error_bound=bound if best else 1.0,
        target_error=target_error,
        target_confidence=sure,
        held_out=count,
    )


def _with_ties(descending: Floats, count: int) -> int:
    """Return how many are accepted by the threshold of the `count`-th: equals come in together."""
    if count == 0:
        return 0
    return int(np.searchsorted(-descending, -descending[count - 1], side="right"))


def calibration_error(confidence: Floats, right: Bools, bins: int = 10) -> float:
    """Return the expected calibration error: mean gap of confidence and accuracy over equal bins."""
    if not len(confidence):
        return 0.0
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[which == b].mean() - right[which == b].mean()) * (which == b).mean()
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps))


def risk_coverage(confidence: Floats, right: Bools) -> tuple[Floats, Floats]:
    """Return coverage and error among the accepted, from the surest answer alone to all."""
    order = np.argsort(-confidence, kind="stable")
    accepted = np.arange(1, len(order) + 1)
    return accepted / len(order), np.cumsum(~right[order]) / accepted
