"""A change of an order must be asked for in so many words; everything else that is said of it is a doubt."""

import pytest

from workflows.returns.wishes.change_guard import doubts


@pytest.mark.parametrize(
    "words",
    [
        "Can I still change the shirt in my order to size L later if I need to?",
        "Please do not change the shirt in my order to size L, I am happy with it.",
        "I already changed the address of my order to 5 Main Street, Springfield IL 62701, thanks!",
        "Don't ship it to 5 Main Street, Springfield IL 62701, I moved.",
        "If you cannot deliver by Friday, change the shirt to L.",
        "My neighbour changed her shirt to size L.",
        "Did you change the shirt to size L?",
        "Could I change my card to paypal next time?",
        "You charged the order to my paypal, thank you.",
        "Is it possible to change the shirt to L?",
        "Thanks for changing the shirt to L.",
        "What does it cost to change it to size L?",
        "Please change the shirt to L. Never mind, leave it as it is.",
        "I ordered two things: the shirt in L and a lamp.",
        "Nice shirt: L instead of M would have been better.",
        "W-90002: the shirt -> L? I don't know yet.",
        "The shirt is not sent to me in L, please don't change it.",
    ],
)
def test_what_is_not_plainly_asked_for_changes_nothing(words: str) -> None:
    assert doubts(words)


@pytest.mark.parametrize(
    "words",
    [
        "Please change the shirt in my order to size L.",
        "Could you please change the lamp in my order to the black one?",
        "Please ship my order to 5 Main Street, Springfield IL 62701 instead.",
        "Please charge the order to my PayPal instead of my card.",
        "I ordered the shirt in S, please make it an L.",
        "Hello, I'd like the shirt in L instead if possible.",
        "W-90002 (not sent yet): shirt -> L",
        "Order W-90002: the shirt in L instead of M.",
        "Please charge the order to my PayPal, not to my Visa.",
        "Three changes: the shirt in L instead of M, the lamp in black, the mug in red.",
        "Please send it to 5 Main Street, Springfield IL 62701, if it's still in the warehouse.",
    ],
)
def test_what_is_plainly_asked_for_stands(words: str) -> None:
    assert doubts(words) == ()
