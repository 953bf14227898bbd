"""Calls beside a workflow keep a connector's limits together with those that come over its queue."""

from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from connectors.limits import CallLimits
from contracts.connector import Manifest


class Stopwatch:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def manifest(name: str, rate: float, concurrency: int = 1000) -> Manifest:
    return Manifest(
        name=name,
        version="1",
        transport="http",
        base_url="http://127.0.0.1",
        digest="d" * 64,
        operations={},
        rate_limit_per_second=rate,
        concurrency=concurrency,
    )


def make_a_call(limits: CallLimits, connector: str = "shop") -> None:
    with limits.call(connector):
        pass


def test_a_second_of_calls_may_be_made_at_once_and_then_they_wait() -> None:
    watch = Stopwatch()
    limits = CallLimits([manifest("shop", 3.0)], watch)
    for _ in range(3):
        assert limits.has_room("shop")
        make_a_call(limits)
    assert not limits.has_room("shop")
    watch.seconds += 0.34
    assert limits.has_room("shop")


def test_a_rate_below_one_still_lets_a_call_through_now_and_then() -> None:
    watch = Stopwatch()
    limits = CallLimits([manifest("shop", 0.2)], watch)
    make_a_call(limits)
    watch.seconds += 4.9
    assert not limits.has_room("shop")
    watch.seconds += 0.2
    assert limits.has_room("shop")


def test_connectors_do_not_share_their_limits() -> None:
    limits = CallLimits([manifest("busy", 1.0), manifest("idle", 1.0)], Stopwatch())
    make_a_call(limits, "busy")
    assert not limits.has_room("busy")
    assert limits.has_room("idle")


def test_no_more_calls_are_under_way_than_the_system_takes() -> None:
    limits = CallLimits([manifest("shop", 50.0, concurrency=2)], Stopwatch())
    with ExitStack() as calls:
        for _ in range(2):
            assert limits.has_room("shop")
            calls.enter_context(limits.call("shop"))
        assert not limits.has_room("shop")
    assert limits.has_room("shop")


@given(rate=st.floats(0.5, 50), steps=st.lists(st.tuples(st.floats(0, 2), st.booleans()), max_size=200))
def test_calls_by_both_ways_never_exceed_the_rate_by_more_than_a_burst(
    rate: float, steps: list[tuple[float, bool]]
) -> None:
    """The queue's calls come unasked, at the server's own rate; calls beside it only where there is room."""
    watch = Stopwatch()
    limits = CallLimits([manifest("shop", rate)], watch)
    made, due = 0, 0.0
    for pause, beside in steps:
        watch.seconds += pause
        if beside and limits.has_room("shop"):
            make_a_call(limits)
            made += 1
        elif not beside and watch.seconds >= due:
            make_a_call(limits)
            made, due = made + 1, watch.seconds + 1 / rate
    assert made <= watch.seconds * rate + max(rate, 1.0) + 1
