"""Answers that nobody foresaw: any JSON at all, and good answers with one place spoilt."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from pydantic import JsonValue

from connectors.prepared import Prepared, Response
from connectors.templates import Scope

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["", "0000-00-00", "2026-11-20", "2026-11-20T10:00:00"]),
    st.sampled_from(["1.234,5", "-1", "1e400", "NaN", "\x00", "null"]),
    st.sampled_from([0, -1, 10**30, 1e308, -0.0, 29.990000000000002]),
)
junk = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)
"""Any JSON."""


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of everything in a JSON value, the whole first."""
    yield at
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*at, name))


def spoilt(good: JsonValue) -> st.SearchStrategy[JsonValue]:
    """Return answers that are good but for one place, where junk stands, or nothing."""
    return st.builds(lambda at, what: _with(good, at, what), st.sampled_from([*places(good)]), junk)


def _with(good: JsonValue, at: tuple[str | int, ...], what: JsonValue) -> JsonValue:
    if not at:
        return what
    answer: Any = copy.deepcopy(good)
    holder = answer
    for name in at[:-1]:
        holder = holder[name]
    holder[at[-1]] = what
    return answer  # type: ignore[no-any-return]  # a deep copy of JSON


class Says:
    """An executor that gives one answer to everything."""

    def __init__(self, body: Any = None) -> None:
        self.body = body

    async def call(self, prepared: Prepared, scope: Scope) -> Response:
        return Response(self.body)

    async def close(self) -> None:
        """Nothing is open."""
