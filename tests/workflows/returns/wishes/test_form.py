"""What a language model reads a letter into: only lines, variants and words that there are."""

import json
from typing import Any

import pytest
from google.genai import types

from contracts.decision import Question
from models.gemini.answer import Read, read
from tests.workflows.returns.wishes.letters import CUSTOMER
from workflows.returns.types import WISHES
from workflows.returns.wishes.form import letter_form
from workflows.returns.wishes.letter import OrderReading

ORDER, OTHER = CUSTOMER.orders[:2]
LINE = ORDER.lines[0]
LETTER = f"Please take the {LINE.name} back. I live at 5 Elm Street."
WISH: dict[str, Any] = {
    "order": ORDER.id,
    "kind": "return",
    "pieces": [{"line": LINE.id, "sku": ""}],
    "address": "",
    "payment": "",
    "quote": "take the",
}


def asked(*wishes: dict[str, Any], **more: Any) -> Read:
    question = Question(
        task=WISHES, text=LETTER, choices=tuple(each.model_dump_json() for each in (ORDER, OTHER))
    )
    said = {"sure": True, "quote": "take the", "why": "these words say it", "wishes": wishes} | more
    content = types.Content(role="model", parts=[types.Part(text=json.dumps(said))])
    response = types.GenerateContentResponse(candidates=[types.Candidate(content=content)])
    return read(response, letter_form(question), question)


def test_a_reading_is_what_the_rules_would_have_made_of_it() -> None:
    found = asked(WISH)

    assert (found.outcome, found.form is not None) == ("answered", True)
    answer = found.form.answer() if found.form else {}
    own = OrderReading.model_validate(answer["reading"])
    assert [(wish.kind.value, wish.pieces[0].line) for wish in own.wishes] == [("return", LINE.id)]
    assert answer["elsewhere"] == []


def test_a_letter_that_wishes_nothing_is_a_reading_without_wishes() -> None:
    found = asked()

    assert found.form is not None
    assert found.form.answer()["reading"] is None


@pytest.mark.parametrize(
    "spoiled",
    [
        {"order": "W-404"},
        {"kind": "gift"},
        {"payment": "somebody's card"},
        {"pieces": [{"line": "L404", "sku": ""}]},
        {"pieces": [{"line": LINE.id, "sku": "NO-SUCH-SKU"}]},
        {"pieces": []},
        {"kind": "cancel"},
        {"kind": "change_address", "pieces": []},
        {"quote": " "},
        {"amount_cents": 100},
    ],
    ids=",".join,
)
def test_what_the_orders_do_not_have_does_not_fit(spoiled: dict[str, Any]) -> None:
    assert asked(WISH | spoiled).outcome == "malformed"


def test_a_line_is_not_wished_for_twice() -> None:
    assert "twice" in asked(WISH, WISH | {"kind": "exchange"}).why


@pytest.mark.parametrize(
    "invented",
    [
        {"quote": "refund all of it"},
        {"kind": "change_address", "pieces": [], "address": "6 Oak Street"},
    ],
    ids=["quote", "address"],
)
def test_words_that_the_letter_does_not_hold_are_grounded_in_nothing(invented: dict[str, Any]) -> None:
    assert asked(WISH | invented).outcome == "ungrounded"
    there = {"kind": "change_address", "pieces": [], "address": "5 Elm Street"}
    assert asked(WISH | there).outcome == "answered"


def test_no_order_is_no_form() -> None:
    with pytest.raises(ValueError, match="no order is given"):
        letter_form(Question(task=WISHES, text=LETTER))
