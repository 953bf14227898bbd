"""`models.toml` is refused with file, table and line, and the example office is sound."""

import shutil
from pathlib import Path

import pytest

from contracts.office import OfficeInvalid
from models.check import check_models
from models.routing.catalogue import load_catalogue

GOOD = """[models.head]
kind = "head"

[tasks."returns.intent"]
contract = "label"
latency_ms = 1000
target_error = 0.05
candidates = ["head"]

[tasks."returns.intent".labels]
return = "send back"
cancel = "stop"
"""


def refused(folder: Path, text: str) -> list[str]:
    (folder / "models.toml").write_text(text)
    with pytest.raises(OfficeInvalid) as invalid:
        load_catalogue(folder)
    return [str(problem) for problem in invalid.value.problems]


def test_the_example_office_is_sound(office: Path) -> None:
    assert check_models(office) == []


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(GOOD)
    catalogue = load_catalogue(tmp_path)
    assert catalogue.tasks["returns.intent"].candidates == ("head",)
    assert catalogue.models["head"].free


@pytest.mark.parametrize(
    ("change", "into", "said"),
    [
        (
            "latency_ms = 1000",
            "latency_ms = 0",
            "models.toml:6: [tasks.returns.intent] latency_ms: must be more than 0",
        ),
        ("target_error = 0.05", "", "models.toml:4: [tasks.returns.intent] target_error: is missing"),
        ('candidates = ["head"]', 'candidates = ["hed"]', "models.toml:8: [tasks.returns.intent] candidates"),
        ('kind = "head"', 'kind = "brain"', "models.toml:2: [models.head] kind: must be 'head'"),
        ('kind = "head"', 'kind = "gemini"', "models.toml:1: [models.head]: a gemini model needs id"),
        ('contract = "label"', 'contract = "label"\ncontrakt = 1', "models.toml:6: [tasks.returns.intent]"),
        ("latency_ms = 1000", "latency_ms = = 1", "models.toml:6: "),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, change: str, into: str, said: str) -> None:
    problems = refused(tmp_path, GOOD.replace(change, into))
    assert any(problem.startswith(said) for problem in problems), problems


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert [str(problem) for problem in check_models(tmp_path)] == ["models.toml: is missing"]


def test_bad_examples_are_told_with_their_line(office: Path, tmp_path: Path) -> None:
    shutil.copytree(office, tmp_path / "office")
    file = tmp_path / "office" / "examples" / "returns.intent.jsonl"
    lines = file.read_text().splitlines()
    lines[2] = '{"text": "hm", "label": "dance"}'
    file.write_text("\n".join(lines) + "\n")
    [problem] = check_models(tmp_path / "office")
    assert (problem.file, problem.line) == ("examples/returns.intent.jsonl", 3)
