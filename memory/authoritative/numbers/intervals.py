"""95 % intervals: what the true value may be, given so many observations."""

import math
from typing import NamedTuple

SURE = 0.95


class Interval(NamedTuple):
    """Both ends; None where too little was seen to say."""

    low: float | None = None
    high: float | None = None


class Ranks(NamedTuple):
    """Places in the sorted observations, from 1: of the quantile and of its interval; 0 is none."""

    at: int
    low: int
    high: int


def of_share(hits: int, n: int) -> Interval:
    """Return Wilson's interval of a share."""
    if not n:
        return Interval()
    from scipy.stats import binomtest  # noqa: PLC0415 - a second of imports that only a reader needs

    found = binomtest(hits, n).proportion_ci(SURE, method="wilson")
    return Interval(float(found.low), float(found.high))


def of_mean(n: int, total: float, squares: float) -> Interval:
    """Return Student's interval of a mean, by count, sum and sum of squares.

    Of what is never below zero, as times and costs are: the interval does not begin there either.
    """
    if n < 2:  # noqa: PLR2004 - of one there is no spread
        return Interval()
    from scipy.stats import t  # noqa: PLC0415 - a second of imports that only a reader needs

    mean = total / n
    spread = math.sqrt(max(0.0, squares / n - mean * mean) / (n - 1))
    away = float(t.ppf((1 + SURE) / 2, n - 1)) * spread
    return Interval(max(0.0, mean - away), mean + away)


def ranks(share: float, n: int) -> Ranks:
    """Return where a quantile stands among n sorted observations, and the ends of its interval.

    How many observations lie below the true quantile is binomial; an end that would lie outside is none.
    """
    from scipy.stats import binom  # noqa: PLC0415 - a second of imports that only a reader needs

    low = int(binom.ppf((1 - SURE) / 2, n, share))
    high = int(binom.ppf((1 + SURE) / 2, n, share)) + 1
    return Ranks(at=max(1, math.ceil(n * share)), low=low, high=high if high <= n else 0)
