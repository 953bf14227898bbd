"""From scores to promises: calibrated probabilities, and a threshold with a bound on the error."""

import math

import numpy as np
from numpy.typing import NDArray

from models.routing.candidate import AcceptRule

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

STEPS = 100
"""Thresholds that are laid out."""


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


def choose_threshold(
    confidence: Floats, right: Bools, rehearsal: Floats, *, target_error: float, sure: float
) -> AcceptRule:
    """Choose the threshold that accepts most while the error among the accepted stays under target.

    Selective prediction with a bound on its risk (Geifman & El-Yaniv, "Selective Classification for
    Deep Neural Networks", NeurIPS 2017), by fixed-sequence testing (Angelopoulos, Bates, Candès,
    Jordan & Lei, "Learn then Test", 2021): thresholds are laid out beforehand, from strict to
    lenient, and each is tested on the held-out examples with the exact binomial bound; the first
    that fails ends the search, which is why none of them costs the others any certainty. It holds
    for texts drawn like the examples, for no others.

    Args:
        confidence: calibrated confidence in each held-out answer; 0 for what the guard refuses.
            Neither the head nor its temperature may have seen these examples.
        right: whether each held-out answer was right.
        rehearsal: confidences on other examples, on which the thresholds are laid out.
        target_error: the largest share of wrong answers among those accepted.
        sure: the probability, over the draw of the held-out examples, with which that must hold.
    """
    best, bound = None, 1.0
    for threshold in _sequence(rehearsal, len(confidence), target_error, 1 - sure):
        accepted = confidence >= threshold
        found = upper_bound(int((~right[accepted]).sum()), int(accepted.sum()), 1 - sure)
        if found > target_error:
            break
        best, bound = float(threshold), found
    taken = confidence >= best if best is not None else np.zeros(len(confidence), dtype=bool)
    return AcceptRule(
        threshold=best,
        coverage=float(taken.mean()) if len(taken) else 0.0,
        error=float((~right[taken]).mean()) if taken.any() else 0.0,
        error_bound=bound,
        target_error=target_error,
        target_confidence=sure,
        held_out=len(confidence),
    )


def _sequence(rehearsal: Floats, held_out: int, target_error: float, delta: float) -> Floats:
    """Lay out thresholds from strict to lenient, in steps of a hundredth of the rehearsal.

    A strict threshold accepts too few examples to prove anything, a lenient one too many mistakes: the
    sequence begins where the test is most likely to pass, going by the rehearsal's own confidences.
    """
    from scipy.stats import binom  # noqa: PLC0415 - a second of imports that only training needs

    inside = np.sort(rehearsal[rehearsal > 0])[::-1]
    if not held_out or not len(inside):
        return np.empty(0)
    places = np.unique(np.linspace(0, len(inside) - 1, STEPS).astype(int))
    accepted = np.round((places + 1) / len(rehearsal) * held_out)
    mistakes = np.cumsum(1 - inside)[places] / (places + 1)
    passes = binom.cdf(binom.ppf(delta, accepted, target_error) - 1, accepted, mistakes)
    thresholds: Floats = inside[places[int(np.argmax(passes)) :]]
    return thresholds


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
