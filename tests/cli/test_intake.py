"""Requests are read line by line; a bad line is named and the good ones go in."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.intake import BadLine, parse
from contracts.returns import ReturnRequest
from workflows.desks import DESKS

DESK = DESKS["returns"]
CHANNELS = frozenset({"webshop"})
GOOD = {"id": "RMA-1", "channel": "webshop", "order": "W-1", "message": "too small"}


def line(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes})


def test_a_good_line_becomes_a_request() -> None:
    assert list(parse(DESK, [line()], CHANNELS)) == [ReturnRequest(**GOOD)]


def test_a_bad_line_is_named_with_its_number_and_reason_and_the_good_ones_go_in() -> None:
    found = list(parse(DESK, [line(), "{", "", line(id="RMA-2")], CHANNELS))

    assert [type(entry) for entry in found] == [ReturnRequest, BadLine, ReturnRequest]
    assert isinstance(found[1], BadLine)
    assert found[1].number == 2
    assert "JSON" in found[1].why


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"message": None}, "message"),
        ({"amount": 3}, "amount"),
        ({"channel": "fax"}, "webshop"),
        ({"id": "a/b"}, "case id"),
        ({"id": ""}, "case id"),
    ],
)
def test_a_bad_field_is_named(changes: dict[str, Any], said: str) -> None:
    [found] = parse(DESK, [line(**changes)], CHANNELS)

    assert isinstance(found, BadLine)
    assert said in found.why


@given(st.lists(st.text(), max_size=8))
def test_whatever_comes_in_every_line_is_a_request_or_named_with_its_number(lines: list[str]) -> None:
    found = list(parse(DESK, lines, CHANNELS))

    filled = [number for number, text in enumerate(lines, start=1) if text.strip()]
    assert [entry.number for entry in found if isinstance(entry, BadLine)] == filled[: len(found)]
