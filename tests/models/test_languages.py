"""A text in a language that the office does not read: nothing local stands by its answer, and it says so."""

import pytest

from contracts.decision import Decision, Question
from models.local.language import foreign_in, language_of
from models.routing.languages import Languages
from models.routing.router import ModelRouter
from tests.models.test_router import CATALOGUE, Scripted, reply, route

GERMAN = "Ich möchte die Lampe gern zurückschicken, sie flackert."
FRENCH = "Je voudrais renvoyer la lampe, elle clignote sans arrêt."
READS = Languages(("en", "de"), language_of)


async def decide(text: str, *, any_language: bool = False, **candidates: Scripted) -> Decision:
    task = CATALOGUE.tasks["t"].model_copy(update={"any_language": any_language})
    catalogue = CATALOGUE.model_copy(update={"tasks": {"t": task}})
    return await ModelRouter(catalogue, candidates, languages=READS).decide(Question(task="t", text=text))


def sure(by: str = "local") -> Scripted:
    return Scripted([reply("answered", "a" if by == "local" else "b", 0.99)], by=by)  # type: ignore[arg-type]  # a Literal


async def test_a_text_in_another_language_goes_on_to_gemini() -> None:
    found = await decide(FRENCH, head=sure(), gemini=sure("gemini"))

    assert (found.outcome, found.answer, found.foreign) == ("answered", {"label": "b"}, "fr")
    assert route(found)[0] == ("head", False, "the text is in fr, local answers count in en, de")


async def test_without_gemini_it_is_a_persons_with_the_local_answer_as_a_guess() -> None:
    found = await decide(FRENCH, head=sure())

    assert (found.outcome, found.answer, found.foreign) == ("unsure", {"label": "a"}, "fr")


@pytest.mark.parametrize("text", [GERMAN, "Please take the lamp back, it flickers.", "cancel W-1001"])
async def test_a_text_in_a_language_of_the_office_or_too_short_to_tell_is_read_here(text: str) -> None:
    found = await decide(text, head=sure())

    assert (found.outcome, found.foreign) == ("answered", "")


async def test_rules_that_only_make_a_desk_more_careful_count_in_every_language() -> None:
    found = await decide(FRENCH, any_language=True, head=sure())

    assert (found.outcome, found.foreign) == ("answered", "")


def test_a_letter_with_a_long_english_tail_is_read_in_the_language_that_it_begins_in() -> None:
    letter = (
        "Bonjour, je crois que j'ai fait une bêtise et commandé pour de vrai. C'était une erreur, "
        "pouvez-vous annuler cette commande s'il vous plaît ?"
    )
    tail = "Thanks again for the stickers that came with it. " * 400

    assert language_of(f"{letter}\n\n{tail}") == "en"
    assert foreign_in(f"{letter}\n\n{tail}", ["en"]) == foreign_in(f"{letter} {tail}", ["en"]) == "fr"
    assert foreign_in(tail, ["en"]) == "en"
    assert foreign_in(f"{letter}\n\n{tail}", ["en", "fr"]) == "en"
