"""Which lines, which variant: the matchers answer what is said and are unsure of what is not."""

import shutil
from pathlib import Path

import pytest

from contracts.decision import Question
from models.check import check_models
from models.local.embedder import SentenceEmbedder
from models.local.picks import load_match_examples, matcher_card
from models.routing.catalogue import load_catalogue
from workflows.returns.matching.candidate import MatcherCandidate
from workflows.returns.matching.items import match_items
from workflows.returns.matching.variants import match_variant

ORDER = ["Trail Running Shoes blue 42", "Rain Jacket green M", "Steel Water Bottle 500 ml"]
SHIRTS = ["T-Shirt blue M", "T-Shirt red L", "Backpack grey"]
SHOES = ["colour: blue, size: 41", "colour: blue, size: 43", "colour: black, size: 42"]
BOUGHT = "Trail Running Shoes blue 42"


@pytest.mark.parametrize("task", ["returns.items", "returns.variant"])
async def test_the_offices_examples_are_never_answered_wrongly(
    task: str, office: Path, embedder: SentenceEmbedder
) -> None:
    examples = load_match_examples(office / "examples" / f"{task}.jsonl")
    spec = load_catalogue(office).tasks[task]
    card = await matcher_card(task, spec, examples, MatcherCandidate(embedder))
    assert card.wrong == 0
    assert card.answered > 0.75 * card.examples


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("The jacket is lovely, but the shoes pinch and go back.", (0,)),
        ("Everything except the bottle, please.", (0, 1)),
        ("Please cancel the whole order", (0, 1, 2)),
        ("Shoes and bottle: refund. I'm keeping the jacket.", (0, 2)),
        ("THE JACKETS ZIP BROKE", (1,)),
    ],
)
def test_lines_are_named_by_their_words(text: str, picked: tuple[int, ...]) -> None:
    match = match_items(text, ORDER)
    assert match is not None
    assert (match.picked, match.sure) == (picked, True)


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("I want to return all three picture frames and get my money back.", (0,)),
        ("Send back all four of the rain jackets, they are too small.", (1,)),
        ("Both picture frames are chipped, refund please.", (0,)),
        ("All these rain jackets leak, I want to return them.", (1,)),
        ("Both the picture frame and the rain jacket go back.", (0, 1)),
        ("I want to return all of it because the rain jacket leaks.", (0, 1)),
        ("Please refund both.", (0, 1)),
        ("All three items go back, the frames too.", (0, 1)),
    ],
)
def test_all_of_one_thing_is_not_the_whole_order(text: str, picked: tuple[int, ...]) -> None:
    match = match_items(text, ["Picture frame", "Rain jacket"])
    assert match is not None
    assert (match.picked, match.sure) == (picked, True)


def test_two_lines_named_alike_are_not_guessed_between() -> None:
    match = match_items("The T-shirt has a hole.", SHIRTS)
    assert match is not None
    assert not match.sure


def test_the_colour_that_is_wanted_names_no_line() -> None:
    match = match_items("Please exchange the blue T-shirt for a grey one.", SHIRTS)
    assert match is not None
    assert match.picked == (0,)


def test_a_text_that_names_nothing_of_the_order_is_left_to_meaning() -> None:
    assert match_items("Hello, please help.", ORDER) is None


async def test_a_line_called_by_another_word_is_found_by_meaning(embedder: SentenceEmbedder) -> None:
    question = Question(task="returns.items", text="my sneakers are too tight", choices=tuple(ORDER))
    match = await MatcherCandidate(embedder).match("returns.items", question)
    assert (match.picked, match.sure) == ((0,), True)


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("I'd like a 43 instead of the 42", 1),
        ("from 42 to 41 please", 0),
        ("I got blue, I want black", 2),
        ("not blue, black please", 2),
        ("they are too small", 1),
        ("a size smaller", 0),
    ],
)
def test_the_variant_that_is_wanted_is_picked(text: str, picked: int) -> None:
    match = match_variant(text, SHOES, BOUGHT)
    assert match is not None
    assert (match.picked, match.sure) == ((picked,), True)


def test_an_option_that_is_not_named_must_stay_as_it_was() -> None:
    """Black exists only in 42 and 44 was named: nothing fits both, so nobody guesses."""
    choices = ["colour: black, size: 43", "colour: white, size: 42"]
    match = match_variant("I'd like black please", choices, BOUGHT)
    assert match is not None
    assert (match.picked, match.sure) == ((0,), False)


def test_days_are_no_sizes() -> None:
    assert match_variant("I received them 41 days ago", SHOES, BOUGHT) is None


def test_two_wishes_for_one_option_are_not_guessed_between() -> None:
    match = match_variant("I want a 41 or I want a 43", SHOES, BOUGHT)
    assert match is not None
    assert not match.sure


def test_a_bad_labelled_example_is_named_with_its_line(office: Path, tmp_path: Path) -> None:
    folder = tmp_path / "office"
    shutil.copytree(office, folder)
    file = folder / "examples" / "returns.items.jsonl"
    last = len(file.read_text().splitlines())
    with file.open("a") as lines:
        lines.write('{"text": "the lamp", "choices": ["Lamp"], "picked": [1]}\n{"text": "half a li\n')
    found = [(problem.file, problem.line) for problem in check_models(folder)]
    assert found == [("examples/returns.items.jsonl", last + 1), ("examples/returns.items.jsonl", last + 2)]
