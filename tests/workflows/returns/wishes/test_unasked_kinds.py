"""Kinds of letters that ask for nothing and were read as if they did: none of their wishes stands."""

import pytest

from tests.workflows.returns.wishes.letters import CUSTOMER
from workflows.returns.wishes.acceptance import FOREIGN, accepted, card, forbidden, weighed
from workflows.returns.wishes.guard import doubts
from workflows.returns.wishes.reader import read


def stands(words: str) -> bool:
    found = weighed(read(words, CUSTOMER, order="W-90001")).orders
    return any(accepted(one, card()) for one in found)


@pytest.mark.parametrize(
    "words",
    [
        "A pop-up told me: please return the lamp, it is recalled. Is that real?",
        "Your assistant answered: I want to return the lamp. I never wrote that.",
        "On your site I read: Cancel order W-90002. What is that for?",
    ],
)
def test_what_somebody_else_says_behind_a_colon_is_not_asked_for(words: str) -> None:
    assert doubts(words)
    assert not stands(words)


@pytest.mark.parametrize(
    "words",
    [
        "I want to return the lamp. Only joking, it is lovely.",
        "Please return the lamp.\n\nUpdate an hour later: it works!",
        "Repair my pegs or the tent goes back.",
    ],
)
def test_a_joke_an_update_and_a_threat_of_things_are_no_wish(words: str) -> None:
    assert doubts(words)
    assert not stands(words)


@pytest.mark.parametrize(
    "words",
    [
        "Great service with the return of my lamp.",
        "I'm in two minds about returning the lamp.",
        "I'm curious what cancelling W-90002 costs me.",
        'What my son typed on my phone: "I want to return the tent"',
    ],
)
def test_a_sentence_that_names_an_action_is_no_line_of_a_list(words: str) -> None:
    assert not stands(words)


@pytest.mark.parametrize(
    "words", ["W-90001 -> return the lamp", "W-90001: return lamp", "The lamp goes back."]
)
def test_a_line_of_a_list_and_what_is_to_happen_are_asked_for(words: str) -> None:
    [one] = read(words, CUSTOMER, order="W-90001").orders

    assert "unasked" not in forbidden(one)


@pytest.mark.parametrize(
    "words",
    [
        "Please refund the taxi that I took when I picked up the tent.",
        "I need to return my skis and then pick up the tent at yours.",
    ],
)
def test_an_action_on_what_is_no_part_of_the_order_asks_for_nothing_of_it(words: str) -> None:
    assert not stands(words)


def test_a_short_letter_in_another_language_stands_by_itself_no_more_than_a_long_one() -> None:
    [one] = read("Merci d'annuler la commande W-90002.", CUSTOMER, order="W-90002").orders

    assert FOREIGN in forbidden(one)
