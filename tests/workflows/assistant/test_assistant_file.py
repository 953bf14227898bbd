"""What `assistant.toml` and the documents say, and what is said about them where it cannot be so."""

import shutil
from pathlib import Path

import pytest

from service.soundness import check_office
from tests.conftest import ROOT
from workflows.assistant.assistant_file import assistant_of
from workflows.assistant.questions import names_one, question_key
from workflows.registry import check_desk_files


@pytest.fixture
def office(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "office", tmp_path / "office"))


def complaints(office: Path) -> list[str]:
    return [str(problem) for problem in check_desk_files(office)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("least_score = 0.55", "least_score = 5", "assistant.toml:10: [answers] least_score"),
        ("idle_hours = 72", "idle_days = 72", "assistant.toml:4: idle_days"),
        ('never = ["refund",', 'never = ["",', "an empty word would be found in everything"),
    ],
)
def test_a_wrong_line_is_named(office: Path, before: str, after: str, said: str) -> None:
    file = office / "assistant.toml"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after, 1))
    [problem] = complaints(office)
    assert said in problem


def test_an_assistant_with_no_document_to_quote_is_found(office: Path) -> None:
    shutil.rmtree(office / "documents")
    [problem] = complaints(office)
    assert "every question would go to a person" in problem


def test_a_document_that_holds_nothing_is_found(office: Path) -> None:
    (office / "documents" / "empty.md").write_text("---\ntitle: Empty\n---\n")
    assert complaints(office) == ["documents/empty.md: it holds no text (write some, or delete it)"]


def test_an_assistant_whose_words_are_missing_is_found(office: Path) -> None:
    (office / "texts" / "en" / "assistant" / "unknown.txt").unlink()
    [problem] = [str(each) for each in check_office(office)]
    assert problem.startswith("texts/en/assistant/unknown.txt: missing")


def test_an_office_without_the_file_has_no_assistant_and_no_fault(tmp_path: Path) -> None:
    assert assistant_of(tmp_path) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Can I return shoes?", "Can I not return shoes?"),
        ("Is it 14 days?", "Is it 40 days?"),
        ("Enable the newsletter", "Disable the newsletter"),
        ("Do you ship to Norway?", "Do you ship to Sweden?"),
    ],
)
def test_only_the_same_words_are_the_same_question(one: str, other: str) -> None:
    assert question_key(one, "public", "v") != question_key(other, "public", "v")
    assert question_key(f"  {one.upper()} ", "public", "v") == question_key(one, "public", "v")
    assert question_key(one, "public", "v") != question_key(one, "c-1", "v")
    assert question_key(one, "public", "v") != question_key(one, "public", "w")


@pytest.mark.parametrize(
    ("text", "found"), [("Can I talk to a human?", True), ("Is it a humanoid robot?", False)]
)
def test_a_word_is_found_as_a_whole(text: str, found: bool) -> None:
    assert names_one(text, ["a human"]) is found
