"""A letter that lost its end or its lines on the way does not stand by itself."""

import pytest

from tests.workflows.returns.wishes.letters import CUSTOMER
from workflows.returns.wishes.ending import breaks_off, run_together

BOUGHT = [line for order in CUSTOMER.orders for line in order.lines]


@pytest.mark.parametrize(
    "letter",
    [
        "Please return the tent. It was too small for us",
        "Please return the tent, it leaks. Everything",
        "Please return the tent and the lamp. Not",
        "Please return the tent. I'm",
        "exchange the tent for the one for 3 persons, green, and",
        "W-90001: tent -> PayPal\nEveryth",
        "Please return the tent.\n\noh and the lam",
    ],
)
def test_a_letter_without_an_end_breaks_off(letter: str) -> None:
    assert breaks_off(letter, BOUGHT)


@pytest.mark.parametrize(
    "letter",
    [
        "Please return the tent. It was too small for us.",
        "tent goes back pls, leaks all the time. refund to visa",
        "Please return the tent, it leaks. PayPal.\n\nAnna",
        "please return the tent, it leaks\nthx omar",
        "Please return the tent, it leaks. Have a nice weekend, Anna",
        "Can I have the label by tomorrow? thanks :) Chen",
        "tent back, leaks. the lamp i keep",
    ],
)
def test_a_letter_that_ends_with_a_name_or_a_closing_word_does_not(letter: str) -> None:
    assert not breaks_off(letter, BOUGHT)


def test_a_list_whose_lines_were_joined_is_told_from_a_letter_in_one_line() -> None:
    letter = (
        "Hello, these things of W-90001 shall be others:\n- the tent for three persons, green as it is\n"
        "- the bottle in blue, one litre\nMoney for all of it by PayPal, thank you so much.\n\nAnna"
    )

    assert run_together(" ".join(letter.split()), BOUGHT)
    assert not run_together(letter, BOUGHT)
    assert not run_together("Please return the tent, it leaks. PayPal. Anna", BOUGHT)
