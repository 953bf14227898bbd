"""The office's numbers in `/metrics`, read now and again in the background: no scrape waits for them."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Lock, Thread

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from memory.authoritative.numbers.catalogue import NUMBERS
from memory.authoritative.numbers.number import Number, Reading

LOGGER = logging.getLogger(__name__)
AGAIN_SECONDS = 300.0
BESIDE: tuple[tuple[str, str, Callable[[Reading], float | None]], ...] = (
    ("_low", "the lower end of its 95 % interval", lambda reading: reading.low),
    ("_high", "the upper end of its 95 % interval", lambda reading: reading.high),
    ("_n", "of how many", lambda reading: reading.n),
    ("_open", "how many may still come to count", lambda reading: reading.open or None),
    ("_target", "what it is held against", lambda reading: reading.target),
)
"""What stands beside a number: suffix, words, and where it is read."""


class NumberFigures(Collector):
    """Shows the numbers as they last were; a scrape that finds them old has them read anew."""

    def __init__(
        self, read: Callable[[], Sequence[Reading]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what reads the numbers."""
        self._read = read
        self._clock = clock
        self._lock = Lock()
        self._readings: Sequence[Reading] = ()
        self._next_at = float("-inf")

    def collect(self) -> Iterator[Metric]:
        """Yield every number that was read, with what stands beside it."""
        with self._lock:
            due = self._clock() >= self._next_at
            if due:
                self._next_at = self._clock() + AGAIN_SECONDS
            readings = self._readings
        if due:
            Thread(target=self.refresh, name="numbers", daemon=True).start()
        for number in NUMBERS:
            yield from _families(number, [each for each in readings if each.name == number.name])

    def refresh(self) -> None:
        """Read the numbers now; if that fails, the last ones stay."""
        try:
            self._readings = self._read()
        except Exception:  # a thread of its own has nobody to raise to
            LOGGER.warning("the numbers cannot be read now", exc_info=True)


def _families(number: Number, readings: Sequence[Reading]) -> Iterator[Metric]:
    names = [*number.labels, *(["statistic"] if number.statistics else [])]
    for suffix, words, value_of in (("", "", _value), *BESIDE):
        told = f"{number.title}: {words}." if suffix else number.meaning
        family = GaugeMetricFamily(number.name + suffix, told, labels=names)
        for reading in readings:
            value = value_of(reading)
            if value is not None:
                labels = [*reading.labels.values(), *([reading.statistic] if number.statistics else [])]
                family.add_metric(labels, float(value))
        if family.samples:
            yield family


def _value(reading: Reading) -> float | None:
    return reading.value
