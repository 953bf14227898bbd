"""A language model's reading counts beside the rules' own: it fills in, and overrules nothing."""

from typing import Any

import pytest

from contracts.decision import Decision, Provenance
from tests.workflows.returns.test_second_reading import ORDER, REQUEST, back, read, swap
from workflows.returns.reading import WHAT_IS_WANTED, WHICH_ITEMS, Reading
from workflows.returns.second_reading import together
from workflows.returns.types import Intent
from workflows.returns.wishes.conditions import CONDITIONAL
from workflows.returns.wishes.letter import AGAINST_A_CHANGE, Kind, OrderReading, Piece, Wish

NOWHERE = Wish(order="W-1", kind=Kind.RETURN)
MOVE = Wish(order="W-1", kind=Kind.CHANGE_ADDRESS, address="1 Main Street")


def said(*wishes: Wish, elsewhere: str = "", **signs: float) -> dict[str, Any]:
    reading = OrderReading(order="W-1", wishes=wishes, signs=signs).model_dump(mode="json")
    others = [OrderReading(order=elsewhere, wishes=(MOVE,)).model_dump(mode="json")] if elsewhere else []
    return {"reading": reading if wishes else None, "elsewhere": others, AGAINST_A_CHANGE: []}


def gemini(answer: dict[str, Any], rules: dict[str, Any]) -> Decision:
    provenance = Provenance(by="gemini", name="test", version="1", inputs_hash="")
    return Decision(
        task="returns.wishes", outcome="answered", answer=answer, provenance=provenance, earlier=rules
    )


def signed(sign: str) -> dict[str, Any]:
    reading = OrderReading(order="W-1", wishes=(back("L2"),), signs={sign: 1.0})
    return said() | {"reading": reading.model_dump(mode="json")}


def open_items() -> Reading:
    return read(Intent.RETURN, 0, WHICH_ITEMS, settleable=True)


def test_it_says_which_line_is_meant_where_the_rules_found_none() -> None:
    found = together(REQUEST, ORDER, open_items(), gemini(said(back("L2")), said(NOWHERE, empty=1.0)))

    assert found.understood
    assert [line.id for line in found.lines] == ["L2"]


def test_it_settles_a_language_that_the_rules_do_not_know() -> None:
    rules = said(back("L2"), foreign=1.0)

    assert together(REQUEST, ORDER, open_items(), gemini(said(back("L2")), rules)).understood


def test_two_readings_that_differ_are_a_persons_who_is_told_both() -> None:
    found = together(REQUEST, ORDER, open_items(), gemini(said(back("L2")), said(back("L1"))))

    assert not found.understood
    assert found.doubts[1:] == (
        "two readings of the letter differ",
        "the rules read: return Shirt",
        "Gemini reads: return Cap",
    )


@pytest.mark.parametrize(
    "sign", ["machine", "obstacles", "conditions", "unasked", "unended", "partial_cancel"]
)
def test_what_the_rules_found_against_a_letter_it_never_overrules(sign: str) -> None:
    found = together(REQUEST, ORDER, open_items(), gemini(said(back("L2")), signed(sign)))

    assert f"the rules forbid it: {sign}" in found.doubts


def test_a_letter_that_asks_for_nothing_stays_one() -> None:
    doubt = "the customer says that they do not want it"
    found = together(
        REQUEST, ORDER, read(Intent.RETURN, 1, doubt), gemini(said(back("L2")), said(back("L2")))
    )

    assert (found.understood, found.doubts) == (False, (doubt,))


def test_a_condition_is_not_its_to_judge() -> None:
    provenance = Provenance(by="rule", name="test", version="1", inputs_hash="")
    asks = Decision(
        task="returns.asks",
        outcome="answered",
        answer={"label": "asks", CONDITIONAL: True},
        provenance=provenance,
    )
    letter = gemini(said(back("L2")), said(back("L2")))

    assert not together(REQUEST, ORDER, open_items(), letter, [asks]).understood


def test_that_nothing_is_wished_is_a_difference_too() -> None:
    found = together(REQUEST, ORDER, read(Intent.RETURN, 1), gemini(said(), said(back("L2"))))

    assert "Gemini reads: nothing is wished" in found.doubts


def test_a_wish_in_a_message_that_asks_where_an_order_is_stays_a_persons() -> None:
    found = together(REQUEST, ORDER, read(Intent.WHERE_IS_IT, 1), gemini(said(back("L2")), said()))

    assert not found.understood


def test_alone_it_does_not_say_what_is_wanted() -> None:
    unsure = read(Intent.RETURN, 1, f"{WHAT_IS_WANTED}: unsure", settleable=True)

    assert not together(REQUEST, ORDER, unsure, gemini(said(back("L2")), said())).understood
    assert together(REQUEST, ORDER, unsure, gemini(said(back("L2")), said(NOWHERE, empty=1.0))).understood


def test_a_change_needs_the_rules_and_their_guard() -> None:
    bare = read(Intent.OTHER, 1)
    assert together(REQUEST, ORDER, bare, gemini(said(MOVE), said(MOVE, foreign=1.0))).understood
    assert not together(REQUEST, ORDER, bare, gemini(said(MOVE), said())).understood

    guarded = said(MOVE) | {AGAINST_A_CHANGE: ["a change is not asked for in so many words"]}
    assert not together(REQUEST, ORDER, bare, gemini(said(MOVE), guarded)).understood


def test_another_order_that_only_the_rules_read_is_a_difference() -> None:
    letter = gemini(said(back("L2")), said(back("L2"), elsewhere="W-2"))

    assert "two readings name different orders" in together(REQUEST, ORDER, open_items(), letter).doubts


def test_a_variant_that_the_rules_read_is_not_replaced() -> None:
    rules = said(Wish(order="W-1", kind=Kind.EXCHANGE, pieces=(Piece(line="L1", sku="SM"),)))
    found = together(REQUEST, ORDER, read(Intent.EXCHANGE, 0), gemini(said(swap("L1", "SL")), rules))

    assert "two readings of the letter differ" in found.doubts
