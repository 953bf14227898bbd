"""Promises about error: the bound is exact, the search keeps it, the curve is what it says."""

from collections.abc import Callable

import numpy as np
import pytest

from models.local.calibration import (
    calibration_error,
    choose_threshold,
    fit_temperature,
    risk_coverage,
    softmax,
    upper_bound,
)

TARGET, SURE = 0.05, 0.9


def world(draw: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Answers whose true error at confidence c is (1 - c), as a calibrated head's would be."""
    confidence = draw.beta(6, 0.5, size=count)
    return confidence, draw.random(count) < confidence


@pytest.fixture(scope="module")
def true_error() -> Callable[[float], float]:
    """The true error above a threshold, from very many answers."""
    confidence, right = world(np.random.default_rng(1), 400_000)
    order = np.argsort(-confidence)
    errors = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    descending = -confidence[order]
    return lambda threshold: float(errors[np.searchsorted(descending, -threshold, side="right") - 1])


def test_the_bound_is_clopper_and_pearsons() -> None:
    # No error in n trials: the exact bound is 1 - delta^(1/n).
    assert upper_bound(0, 59, 0.05) == pytest.approx(1 - 0.05 ** (1 / 59))
    assert upper_bound(7, 7, 0.05) == 1.0
    assert upper_bound(3, 100, 0.05) == pytest.approx(0.0757, abs=1e-3)


def test_the_chosen_threshold_keeps_its_promise_as_often_as_it_says(
    true_error: Callable[[float], float],
) -> None:
    """Over many draws of held-out examples the true error exceeds the target in at most a tenth."""
    draw = np.random.default_rng(0)
    broken, covered, draws = 0, [], 200
    for _ in range(draws):
        rehearsal, _ = world(draw, 400)
        confidence, right = world(draw, 400)
        rule = choose_threshold(confidence, right, rehearsal, target_error=TARGET, sure=SURE)
        if rule.threshold is not None:
            broken += true_error(rule.threshold) > TARGET
            covered.append(rule.coverage)
    # 20 expected at most; 33 is three standard deviations above.
    assert broken <= 33
    assert len(covered) > 0.9 * draws
    assert np.mean(covered) > 0.4


def test_no_threshold_is_chosen_when_none_keeps_the_promise() -> None:
    confidence = np.linspace(0.5, 1, 500)
    right = np.arange(500) % 4 != 0
    rule = choose_threshold(confidence, right, confidence, target_error=TARGET, sure=SURE)
    assert (rule.threshold, rule.coverage) == (None, 0.0)


def test_too_few_held_out_examples_promise_nothing() -> None:
    rule = choose_threshold(
        np.full(20, 0.99), np.full(20, True), np.full(20, 0.99), target_error=0.02, sure=0.95
    )
    assert rule.threshold is None


def test_what_the_guard_refused_is_never_accepted() -> None:
    draw = np.random.default_rng(2)
    confidence, right = world(draw, 2000)
    confidence[:500] = 0.0
    rehearsal, _ = world(draw, 2000)
    rule = choose_threshold(confidence, right, rehearsal, target_error=0.2, sure=SURE)
    assert rule.threshold is not None
    assert rule.threshold > 0
    assert rule.coverage <= 0.75


def test_temperature_undoes_overconfidence() -> None:
    draw = np.random.default_rng(3)
    scores = draw.normal(size=(4000, 4)) * 2
    truth = np.array([draw.choice(4, p=row) for row in softmax(scores)])
    assert fit_temperature(scores * 3, truth) == pytest.approx(3, rel=0.1)


def test_calibration_error_is_zero_for_the_honest_and_large_for_boasters() -> None:
    confidence, right = world(np.random.default_rng(4), 50_000)
    assert calibration_error(confidence, right) < 0.01
    assert calibration_error(np.full(100, 0.99), np.arange(100) % 2 == 0) == pytest.approx(0.49)


def test_the_risk_coverage_curve_ends_at_the_plain_error() -> None:
    coverage, risk = risk_coverage(np.array([0.9, 0.5, 0.8, 0.6]), np.array([True, False, True, False]))
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk.tolist() == [0.0, 0.0, pytest.approx(1 / 3), 0.5]
