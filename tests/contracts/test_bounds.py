"""What passes the doors can be written by every writer behind them; what does not is named."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from contracts import bounds
from contracts.approvals.messages import read_answer, read_withdrawal
from contracts.approvals.request import Answer
from contracts.approvals.rules import flaw
from contracts.bounds import (
    DEEPEST,
    INT64,
    LONGEST_NOTE_CHARS,
    MOST_CENTS,
    OutOfBounds,
    cleaned,
    read_json,
    size,
)
from tests.conftest import ROOT

ANY_TEXT = st.text(st.characters(codec=None, categories=None))
JUNK: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


def numbers(value: JsonValue) -> list[int]:
    if isinstance(value, dict):
        return [number for each in value.values() for number in numbers(each)]
    if isinstance(value, list):
        return [number for each in value for number in numbers(each)]
    return [value] if isinstance(value, int) else []


@settings(deadline=None)
@given(JUNK)
def test_whatever_passes_can_be_written_everywhere(junk: JsonValue) -> None:
    try:
        passed = cleaned(junk)
    except OutOfBounds:
        return
    text = json.dumps(passed, allow_nan=False, ensure_ascii=False)
    assert text.encode()
    assert "\0" not in text
    assert "\\u0000" not in json.dumps(passed)
    assert all(number in INT64 for number in numbers(passed))
    assert cleaned(passed) == passed
    assert size(passed) == len(json.dumps(passed, ensure_ascii=False, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"lines": [{"price": 1}, {"price": 100000000000000000000}]}', "lines.1.price: is a whole number"),
        ('{"total": NaN}', "total: is no number"),
        ('{"total": 1e999}', "total: is no number"),
        ("[" * (DEEPEST + 5) + "]" * (DEEPEST + 5), "deep"),
        ("[" * 100_000, "deep"),
    ],
)
def test_what_no_record_can_hold_is_refused_with_the_name_of_its_field(text: str, named: str) -> None:
    with pytest.raises(OutOfBounds, match=named):
        read_json(text)


def test_nul_and_half_an_emoji_cost_nobody_their_message() -> None:
    assert read_json('{"message": "too\\u0000 small \\ud83d", "whole": "\\ud83d\\ude00"}') == {
        "message": "too\ufffd small \ufffd",
        "whole": "\U0001f600",
    }


@settings(deadline=None)
@given(JUNK)
def test_whatever_is_signalled_is_an_answer_or_a_text_that_can_be_kept(junk: JsonValue) -> None:
    said = read_answer(junk)
    kept = said if isinstance(said, str) else said.model_dump_json()
    assert kept.encode().count(0) == 0
    assert read_withdrawal(junk).why.encode().count(0) == 0


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (Answer(person="b" * 501, choice="approve"), "person"),
        (Answer(person="ben", choice="approve", note="n" * (LONGEST_NOTE_CHARS + 1)), "note"),
        (Answer(person="ben", choice="edit", amount_cents=MOST_CENTS * 100_000), "amount_cents"),
    ],
)
def test_an_answer_that_is_too_large_is_none_and_its_field_is_named(answer: Answer, field: str) -> None:
    assert str(flaw(answer)).startswith(field)
    assert str(read_answer(answer.model_dump(mode="json"))).startswith(field)


def test_the_page_of_limits_says_what_the_constants_say() -> None:
    rows = re.findall(
        r"^\|[^|]+\| `(\w+)` \| ([\d,]+) \|$", (ROOT / "docs/limits.md").read_text(), re.MULTILINE
    )
    stated = {name: int(value.replace(",", "")) for name, value in rows}
    constants = {name for name in vars(bounds) if re.match(r"(MOST|LONGEST|DEEPEST)", name)}
    assert stated == {name: getattr(bounds, name) for name in constants}
