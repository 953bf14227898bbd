"""A clause asks for an action only in one of a closed set of ways: what stands between belongs to wishing."""

import pytest

from workflows.returns.wishes.guard import doubts


@pytest.mark.parametrize(
    "message",
    [
        "Please cancel my order.",
        "Too late, refund!",
        "Kindly arrange for the return of the coat.",
        "Could you guys take the garden bench back?",
        "I'd like to have the dress exchanged for a smaller size.",
        "I'd like that order to be cancelled please.",
        "The material is plastic. I'd like the steel version in exchange.",
        "I have decided to return the tent.",
        "Would you mind refunding the jumper? It has a hole.",
        "Any chance you could cancel this for me?",
        "Cancellation request for the order I placed this morning.",
        "Returning the hair dryer: it sparks when plugged in.",
        "I have earphones from you that I'd like to return.",
        "Is there time to call off my order? If so, please do it.",
        "Veuillez annuler la commande.",
    ],
)
def test_a_clause_asks_where_its_wish_reaches_the_action(message: str) -> None:
    assert doubts(message) == ()


@pytest.mark.parametrize(
    "message",
    [
        "Please skip the refund.",
        "Who said I want a refund?",
        "It would be silly to cancel now.",
        "Returning it is out of the question.",
        "I want to complain about the refund process.",
        "Send me the terms for cancelling please.",
        "Please protect my order from being cancelled.",
        "Please send me a receipt for the returned lamp.",
        "Please add the cancelled order back to my account.",
        "Please send the replacement you promised last week.",
        "I want the order that you cancelled to be sent after all.",
        "I want the refund reversed.",
        "I will return it only over my dead body.",
        "Can you take back your rude answer please?",
        "The refund you sent is 5 euros short.",
        "The exchange can wait, I need the invoice first.",
        "They will return it to you, please stop them.",
        "Can I cancel until Friday?",
        "Did you cancel my order? Please do it never again.",
    ],
)
def test_a_clause_whose_wish_is_about_something_else_asks_for_nothing(message: str) -> None:
    assert doubts(message) != ()
