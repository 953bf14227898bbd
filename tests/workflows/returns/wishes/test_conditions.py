"""What shall be done where a replacement is not in stock is evaluated; no other condition is ignored."""

import pytest

from tests.workflows.returns.wishes.letters import CUSTOMER
from workflows.returns.wishes import guard
from workflows.returns.wishes.acceptance import accepted, card, weighed
from workflows.returns.wishes.conditions import CONDITIONS, Otherwise, conditional
from workflows.returns.wishes.letter import Customer, Kind, OrderReading, Piece
from workflows.returns.wishes.reader import read

BLUE = "W-90001: please exchange the tent for a blue one for 3 persons."


def with_blue_tents(blue: int) -> Customer:
    """The customer of a shop that has so many blue tents."""
    first, *others = CUSTOMER.orders
    stocked = tuple(
        variant.model_copy(update={"available": blue}) if variant.sku == "TENT-3-B" else variant
        for variant in first.variants
    )
    return Customer(
        orders=(first.model_copy(update={"variants": stocked}), *others), methods=CUSTOMER.methods
    )


def reading(message: str, *, blue: int) -> OrderReading:
    """Read a letter by a customer whose shop has so many blue tents."""
    [one] = weighed(read(message, with_blue_tents(blue))).orders
    return one


@pytest.mark.parametrize(
    ("words", "otherwise"),
    [
        ("If there is none in blue, I keep it.", Otherwise.KEEP),
        ("If it is sold out, just leave it as it is.", Otherwise.KEEP),
        ("But if you have none left, I'd like my money back, please.", Otherwise.RETURN),
        ("If that's not available then please refund me.", Otherwise.RETURN),
    ],
)
def test_conditions_on_stock_are_understood(words: str, otherwise: Otherwise) -> None:
    assert conditional(f"{BLUE} {words}").otherwise is otherwise
    assert conditional(f"{BLUE} {words}").text == BLUE


def test_where_it_is_in_stock_the_condition_changes_nothing() -> None:
    found = reading(f"{BLUE} If there is none in blue, I keep it.", blue=2)

    assert [(wish.kind, wish.pieces) for wish in found.wishes] == [
        (Kind.EXCHANGE, (Piece(line="L1", sku="TENT-3-B"),))
    ]
    assert accepted(found, card())


def test_where_it_is_not_it_goes_back_or_stays_as_the_customer_says() -> None:
    back = reading(f"{BLUE} If there is none in blue, I'd like my money back.", blue=0)
    kept = reading(f"{BLUE} If there is none in blue, I keep it.", blue=0)

    assert [(wish.kind, wish.pieces) for wish in back.wishes] == [(Kind.RETURN, (Piece(line="L1"),))]
    assert accepted(back, card())
    assert kept.wishes == ()
    assert not accepted(kept, card())


@pytest.mark.parametrize(
    "words",
    [
        "But only if I get the money back on my card.",
        "If my wife agrees, that is.",
        "But only if it costs nothing.",
        "As long as it comes by Friday.",
        "If there is none in blue, take the one that my brother has.",
        "If there is none in blue, I keep it. If it is sold out, please refund me.",
    ],
)
def test_any_other_condition_is_nobodys_to_decide_but_a_persons(words: str) -> None:
    assert not accepted(reading(f"{BLUE} {words}", blue=2), card())


@pytest.mark.parametrize("blue", [0, 2])
@pytest.mark.parametrize(
    "letter",
    [
        f"{BLUE} If the lamp is sold out, please refund me.",
        f"{BLUE} If the tent is out of stock in blue, refund the lamp.",
        f"{BLUE} If there is none in blue, refund the sneakers.",
        f"{BLUE} If the sneakers are sold out, refund it.",
        f"{BLUE} If there is none in green, I'd like my money back.",
        f"{BLUE} If there is no lamp, I'd like my money back.",
        f"{BLUE} And exchange the bottle for a blue one with 1 litre. If it is sold out, please refund me.",
        f"{BLUE} I return the lamp. If it is sold out, just refund it.",
        f"{BLUE} Cancel W-90002. If it is sold out, please refund me.",
        "W-90001: please return the lamp. If it is sold out, I keep it.",
        "If the tent is out of stock in blue, refund the lamp.",
        "W-90001: If the tent is out of stock in blue, refund the lamp.",
        f"{BLUE[:-1]}, and if it is sold out, refund the lamp.",
    ],
)
def test_a_condition_that_may_be_about_another_thing_moves_nothing_unasked(letter: str, blue: int) -> None:
    found = weighed(read(letter, with_blue_tents(blue), order="W-90001"))

    assert not any(accepted(each, card()) for each in found.orders)
    # The desk's other reading must not act on what the guard took out.
    assert guard.doubts(letter) or any(each.signs.get(CONDITIONS) for each in found.orders)


def test_a_condition_that_names_the_thing_is_about_it() -> None:
    named = reading(f"{BLUE} If the blue tent is not available, refund the tent.", blue=0)

    assert [(wish.kind, wish.pieces) for wish in named.wishes] == [(Kind.RETURN, (Piece(line="L1"),))]
    assert accepted(named, card())


def test_a_condition_that_is_understood_is_no_obstacle_and_a_wish_taken_back_is() -> None:
    assert guard.doubts(f"{BLUE} If there is none in blue, I keep it.") == ()
    assert guard.doubts(f"{BLUE} No, I keep it.")
