"""What a customer's reply says to a question of the desk, in the ways that people write it."""

import pytest

from workflows.returns.matching.replies import heard

YES_NO = ("yes", "no")


@pytest.mark.parametrize(
    "reply",
    [
        "Yes, that's right.",
        "Yes, that\u2019s it.",
        "Yes please, thank you!",
        "It's correct, thanks.",
        "Ja, genau.",
        "Oui, c'est exact.",
        "Oui, c\u2019est exact.",
        "Sí, correcto.",
    ],
)
def test_a_plain_yes_is_a_yes_however_it_is_said(reply: str) -> None:
    assert heard(reply, YES_NO, "confirm", "return, Desk lamp").picked == (0,)


@pytest.mark.parametrize("reply", ["No, that's not it.", "No.", "Nein, das nicht."])
def test_a_no_is_never_a_yes(reply: str) -> None:
    assert heard(reply, YES_NO, "confirm", "return, Desk lamp").picked in {(), (1,)}


@pytest.mark.parametrize(
    "reply", ["That's not right.", "That's wrong.", "Yes, if it's free.", "That's it?", "Yes, but it's late."]
)
def test_what_is_no_plain_yes_picks_nothing(reply: str) -> None:
    assert heard(reply, YES_NO, "confirm", "return, Desk lamp").picked == ()
