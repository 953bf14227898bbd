"""The stopwatch that a held-up call is measured with."""

import sys
import time

import pytest

from activities.clock import stopwatch


def test_the_stopwatch_only_grows() -> None:
    first = stopwatch()
    time.sleep(0.01)
    assert 0.01 <= stopwatch() - first < 60


@pytest.mark.skipif(sys.platform != "linux", reason="CLOCK_BOOTTIME is Linux's")
def test_the_stopwatch_goes_on_while_the_machine_is_suspended() -> None:
    assert abs(stopwatch() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 60
