"""A repair is asked for plainly, or the letter is read as any other."""

import pytest

from workflows.returns.wishes.repairs import asks_for_repair


@pytest.mark.parametrize(
    "message",
    [
        "The lamp arrived broken. Could you repair it, please?",
        "My headphones have a dead left ear cup. Please repair them.",
        "The kettle leaks since yesterday. I would like to have it repaired.",
        "The shirt arrived with a torn seam. Can you mend it?",
        "I want the desk lamp repaired, its switch is broken.",
        "The zip of the jacket is broken. I'd like a repair.",
        "The lamp stopped working after ten months. I need it fixed.",
    ],
)
def test_a_plain_wish_for_a_repair_is_one(message: str) -> None:
    assert asks_for_repair(message)


@pytest.mark.parametrize(
    "message",
    [
        "My headphones crackle. I'd like to return them for a refund, not a repair.",
        "It turns out my old one can be repaired so I don't need the new hose.",
        "Do you repair coffee machines after the warranty is over?",
        "My neighbour fixed the jacket, thank you.",
        "I already had it repaired.",
        "The desk lamp is defective, I want it fixed or replaced.",
        "Please do not repair it.",
        "Never mind, please don't fix it.",
        "The lamp is broken. If it is still under warranty, please repair it.",
        "Please tell me how to repair it.",
        "Could you tell me how much a repair costs?",
        "My friend asked whether you could repair her lamp.",
        'You wrote: "please repair it". That was not me.',
        "The lamp is broken. Please send a new one.",
    ],
)
def test_what_denies_ponders_reports_or_also_wishes_something_else_is_none(message: str) -> None:
    assert not asks_for_repair(message)
