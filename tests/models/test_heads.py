"""Trained heads: deterministic, safe on disk, calibrated, and deaf to strangers."""

import json
from datetime import date
from pathlib import Path

import pytest

from contracts.office import OfficeInvalid
from models.local.candidate import HeadCandidate
from models.local.embedder import SentenceEmbedder
from models.local.examples import Example, TooFewExamples, append_examples, data_hash, load_examples, split
from models.local.features import features_of, sentences
from models.local.heads import HeadStore, head_key
from models.local.training import train
from models.routing.catalogue import TaskSpec

THINGS = ["shoes", "lamp", "kettle", "jacket", "phone", "table", "tent", "puzzle", "mug", "rug"]
SAYINGS = {
    "return": ["I want to return the {}", "please take the {} back", "the {} goes back, refund please"],
    "where": ["where is my {}", "when does the {} arrive", "has the {} been shipped"],
}
DAY = date(2026, 11, 22)


def examples() -> list[Example]:
    made = [
        Example(text=saying.format(thing), label=label)
        for label, sayings in SAYINGS.items()
        for saying in sayings
        for thing in THINGS
    ]
    return sorted(made, key=lambda example: example.key)


def task(**other: object) -> TaskSpec:
    values: dict[str, object] = {
        "contract": "label",
        "labels": {"return": "send back", "where": "ask where it is"},
        "examples": "examples.jsonl",
        "latency_ms": 1000,
        "target_error": 0.2,
        "candidates": ["head"],
    }
    return TaskSpec.model_validate(values | other)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    append_examples(tmp_path / "examples.jsonl", examples())
    return tmp_path


async def test_a_head_learns_holds_out_and_says_what_it_accepts(embedder: SentenceEmbedder) -> None:
    known = examples()
    features = await features_of(embedder, [example.text for example in known])
    head = train("t", task(), known, features, embedder=embedder.identity, today=DAY)
    card = head.card
    assert card.trained_with + card.accept.held_out == len(known)
    assert card.accuracy > 0.9
    assert card.accept.threshold is not None
    assert card.accept.error_bound <= 0.2
    unseen = await features_of(embedder, ["I'd like to send the boots back", "any news of my parcel?"])
    assert [guess.label for guess in head.guess(unseen)] == ["return", "where"]


async def test_a_head_says_how_it_did_in_each_language(embedder: SentenceEmbedder) -> None:
    known = [
        *examples(),
        *(Example(text=f"Ich möchte {thing} bitte zurückgeben", label="return") for thing in THINGS),
        *(Example(text=f"Wo bleibt denn nun endlich {thing}?", label="where") for thing in THINGS),
    ]
    features = await features_of(embedder, [example.text for example in known])
    card = train("t", task(), known, features, embedder=embedder.identity, today=DAY).card

    assert set(card.by_language) >= {"en", "de"}
    assert sum(one.held_out for one in card.by_language.values()) == card.accept.held_out
    assert sum(one.right for one in card.by_language.values()) == round(card.accuracy * card.accept.held_out)


async def test_a_stranger_is_out_of_scope_however_sure_the_head_is(embedder: SentenceEmbedder) -> None:
    known = examples()
    features = await features_of(embedder, [example.text for example in known])
    head = train("t", task(), known, features, embedder=embedder.identity, today=DAY)
    strangers = await features_of(
        embedder, ["The mitochondrion is the powerhouse of the cell", "zxqv 9931 lkj", "Vote on Sunday!"]
    )
    assert not any(guess.accepted(head.card.accept) for guess in head.guess(strangers))


async def test_the_same_examples_make_the_same_head(embedder: SentenceEmbedder) -> None:
    known = examples()
    features = await features_of(embedder, [example.text for example in known])
    one, two = (
        train("t", task(), known, features, embedder=embedder.identity, today=DAY).card for _ in range(2)
    )
    assert one == two


def test_the_split_depends_on_texts_and_not_on_their_order() -> None:
    known = examples()
    held_out = {known[index].text for index in split(known).held_out}
    backwards = known[::-1]
    assert {backwards[index].text for index in split(backwards).held_out} == held_out


def test_a_label_with_few_examples_is_named() -> None:
    with pytest.raises(TooFewExamples, match="'rare' has 1 examples"):
        split([*examples(), Example(text="once", label="rare")])


async def test_a_head_is_trained_once_and_then_read(embedder: SentenceEmbedder, folder: Path) -> None:
    store = HeadStore(folder / "heads")
    first = await HeadCandidate(folder, store, embedder, today=lambda: DAY).head("t", task())
    again = await HeadCandidate(folder, store, embedder, today=lambda: date(2030, 1, 1)).head("t", task())
    assert again.card == first.card
    [kept] = (folder / "heads" / "t").iterdir()
    assert sorted(file.name for file in kept.iterdir()) == ["card.json", "head.safetensors"]


async def test_another_example_or_target_makes_another_head(embedder: SentenceEmbedder) -> None:
    known = examples()
    keys = {
        head_key(task(), known, embedder.identity),
        head_key(task(), [*known, Example(text="and the sofa?", label="where")], embedder.identity),
        head_key(task(target_error=0.1), known, embedder.identity),
        head_key(task(), known, embedder.identity.model_copy(update={"weights_hash": "other"})),
    }
    assert len(keys) == 4


async def test_tampered_tensors_are_not_used_but_trained_anew(
    embedder: SentenceEmbedder, folder: Path
) -> None:
    store = HeadStore(folder / "heads")
    first = await HeadCandidate(folder, store, embedder).head("t", task())
    [kept] = (folder / "heads" / "t").iterdir()
    data = bytearray((kept / "head.safetensors").read_bytes())
    data[-1] ^= 1
    (kept / "head.safetensors").write_bytes(bytes(data))
    assert store.read("t", kept.name) is None
    again = await HeadCandidate(folder, store, embedder).head("t", task(), again=True)
    assert again.card.data_hash == first.card.data_hash
    assert store.read("t", kept.name) is not None


def test_bad_example_files_name_every_line(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    lines = [
        {"text": "a", "label": "return"},
        {"text": "b"},
        {"text": "c", "label": "dance"},
        {"text": " A ", "label": "where"},
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines) + "\nnot json\n")
    with pytest.raises(OfficeInvalid) as invalid:
        load_examples(file, frozenset({"return", "where"}))
    assert [problem.line for problem in invalid.value.problems] == [2, 3, 4, 5]
    assert "not one of return, where" in str(invalid.value)
    assert "labelled 'return' elsewhere" in str(invalid.value)


def test_examples_are_known_by_their_words_not_by_spacing_or_file_order(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    assert append_examples(file, [Example(text="Where  is it?", label="where")]) == 1
    assert append_examples(file, [Example(text="where is IT?", label="where")]) == 0
    known = [Example(text="a", label="x"), Example(text="b", label="y")]
    assert data_hash(known) != data_hash(known[:1])


def test_a_very_long_text_gives_its_first_and_last_sentences() -> None:
    text = " ".join(f"Sentence number {n}." for n in range(40))
    found = sentences(text)
    assert (len(found), found[0], found[-1]) == (12, "Sentence number 0.", "Sentence number 39.")
