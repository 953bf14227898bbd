"""How many pieces a message means: by its numbers, by what is kept, or it is in doubt."""

import pytest

from workflows.returns.matching.quantities import Asked, Bought, asked_quantities

MUG = Bought(name="Coffee mug", quantity=3)
SHIRT = Bought(name="T-shirt", options="moss S", quantity=2)
PLATE = Bought(name="Plate", quantity=2)
SHOES = Bought(name="Running shoes", options="42", quantity=2)
BOTTLE = Bought(name="Water bottle", options="0.75 l green", quantity=2)


def asked(text: str, *order: Bought) -> list[int | str | None]:
    found = asked_quantities(text, order, range(len(order)))
    return ["?" if each.doubt else each.quantity for each in found]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("I want to return one coffee mug, I only need two of them.", 1),
        ("One of the three coffee mugs arrived broken. Refund that one mug, the other two are fine.", 1),
        ("I ordered three mugs. One has a crack, please refund it.", 1),
        ("I ordered three mugs and one of them has a crack, please refund that one.", 1),
        ("the last mug of the three is broken", 1),
        ("I'd like to return a mug", 1),
        ("one mug too many was ordered, send one back", 1),
        ("2 of the 3 mugs are broken", 2),
        ("I keep one mug and return the others.", 2),
        ("Two mugs arrived broken, and the third one is fine", 2),
        ("Only one of the mugs is ok, the other two have cracks; I'd like a refund for those two", 2),
        ("Please take back 2 of 3 mugs. I keep 1.", 2),
        ("I received 3 mugs but ordered 1, want to return 2", 2),
        ("All three mugs are chipped, refund please", None),
        ("All two mugs are chipped, I want to return them for a refund please", 2),
        ("The mugs are chipped, I want my money back", None),
        ("I want to send back everything", None),
        ("I bought 3 mugs 2 weeks ago, they are broken", None),
    ],
)  # fmt: skip
def test_the_number_that_goes_back_is_read(text: str, pieces: int | None) -> None:
    assert asked(text, MUG) == [pieces]


@pytest.mark.parametrize(
    "text",
    [
        "The mug is chipped, I want my money back",
        "It leaks, refund.",
        "Some of the mugs are broken",
        "half of the mugs are broken",
        "Not all of the mugs are broken",
        "I want to return two or three mugs",
        "Return two mugs, keep two",
        "I'd like to return 5 mugs",
        "I don't like the mug at all",
        "Please return all of the mugs except one",
        "Ich möchte eine Tasse zurückgeben",
        "I want to return half a dozen mugs",
        "A pair of mugs is broken, refund please",
        "1-2 mugs are broken",
        "At least two mugs are broken",
        "More than one mug is broken",
        "2/3 of the mugs are broken",
        "None of the mugs are what I wanted",
        "Every other mug is broken",
        "I don't want all 3 mugs, just take 1 back and refund it please",
        "Refund 50% of the mugs, they are chipped",
        "I want to return -1 mugs",
        "I return two of the mugs. Sorry, I mean three",
        "I return two of the mugs. Actually make it three",
        "I want to return a mug or two",
        "I want to return the mugs, but not the red one",
        "Return II mugs",
    ],
)
def test_a_number_that_is_not_understood_is_in_doubt(text: str) -> None:
    [found] = asked_quantities(text, [MUG], [0])
    assert found == Asked(doubt="how many of Coffee mug are meant, 3 were bought")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Thirteen mugs arrived broken", 13),
        ("Twenty of the mugs are chipped, refund those", 20),
        ("21 of the 30 mugs are broken", 21),
        ("Twenty-one mugs arrived broken", "?"),
        ("I want to return two dozen mugs", "?"),
        ("Half a dozen mugs go back, please", "?"),
        ("A hundred mugs are broken", "?"),
    ],
)
def test_of_many_pieces_no_larger_number_is_taken_for_all_of_them_or_for_a_part_of_itself(
    text: str, pieces: int | str
) -> None:
    assert asked(text, Bought(name="Coffee mug", quantity=30)) == [pieces]


def test_each_line_has_the_number_that_stands_before_its_own_name() -> None:
    assert asked("Please refund two mugs and one plate", MUG, PLATE) == [2, 1]
    assert asked("The plates are broken. Of the mugs only one is broken.", MUG, PLATE) == [1, None]


def test_a_line_that_bears_a_plural_name_needs_a_number() -> None:
    assert asked("The shoes pinch", SHOES) == ["?"]
    assert asked("The 2 shoes pinch", SHOES) == [None]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Both bottles leak from the lid. Luckily my bag survived. Please refund them both.", BOTTLE),
        ("Both shirts shrank two sizes at 30 degrees, I want to return all of them", SHIRT),
    ],
)
def test_both_of_two_are_all(text: str, line: Bought) -> None:
    assert asked(text, line) == [None]


def test_a_line_of_one_piece_needs_no_number() -> None:
    assert asked("It leaks", Bought(name="Kettle", quantity=1)) == [None]
