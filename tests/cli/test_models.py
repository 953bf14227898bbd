"""`kontor models`, through its command line, with the real model and the office's own heads."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bootstrap.installation import Installation
from cli.models import app
from contracts.case import CaseRecord, CaseStatus
from contracts.decision import Decision, Provenance
from settings import Settings
from tests.conftest import ROOT

RUN = CliRunner()
KEPT_PER_LABEL = 12


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation with a copy of the example office and an empty state folder."""
    shutil.copytree(ROOT / "office", tmp_path / "office")
    found = Settings(office=tmp_path / "office", state=tmp_path / "state")
    with Installation(found) as here:
        monkeypatch.setattr(RUN, "invoke", partial(RUN.invoke, obj=here))
        yield here


def run(*arguments: str, code: int = 0) -> str:
    result = RUN.invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


def few_examples(found: Installation, task: str) -> Path:
    """Keep only some examples of each label, so that training takes a moment."""
    file = found.settings.office / "examples" / f"{task}.jsonl"
    kept: dict[str, list[str]] = {}
    for line in file.read_text().splitlines():
        lines = kept.setdefault(json.loads(line)["label"], [])
        if len(lines) < KEPT_PER_LABEL:
            lines.append(line)
    file.write_text("\n".join(line for lines in kept.values() for line in lines) + "\n")
    return file


def test_list_shows_every_task_with_its_candidates(installed: Installation) -> None:
    told = json.loads(run("list", "--json"))
    assert told["tasks"]["returns.intent"]["candidates"] == ["head", "gemini-flash"]
    assert "returns.variant" in run("list")


def test_explain_says_why_each_candidate_was_taken_or_passed_over(installed: Installation) -> None:
    told = json.loads(run("explain", "returns.intent", "Where is my parcel?", "--json"))
    assert (told["outcome"], told["answer"]) == ("answered", {"label": "where_is_it"})
    head, gemini = told["provenance"]["route"]
    assert head["taken"]
    assert "is needed" in head["why"]
    assert not gemini["taken"]
    assert gemini["why"]


def test_explain_takes_choices_for_tasks_that_pick(installed: Installation) -> None:
    words = run("explain", "returns.items", "the hat is too big", "--choice", "Hat red", "--choice", "Mug")
    assert "Hat red" in words
    assert "named by its words" in words
    assert "give each with --choice" in run("explain", "returns.items", "the hat", code=2)


def test_a_task_that_is_not_there_is_told_with_those_that_are(installed: Installation) -> None:
    assert "it has inbox.topic, returns.asks, returns.intent" in run("card", "returns.dance", code=2)


def test_the_office_ships_the_heads_of_its_own_examples(installed: Installation) -> None:
    """If this fails, the examples changed: `kontor models train TASK --ship` for both tasks."""
    for task in ("returns.intent", "returns.reason"):
        card = json.loads(run("card", task, "--json"))
        [shipped] = (installed.settings.office / "heads" / task).iterdir()
        assert card == json.loads((shipped / "card.json").read_text())
        assert card["accept"]["error_bound"] <= card["accept"]["target_error"]
    assert not (installed.settings.state / "heads").exists()


def test_a_matchers_card_counts_by_rule(installed: Installation) -> None:
    card = json.loads(run("card", "returns.variant", "--json"))
    assert card["wrong"] == 0
    assert card["wrong_by_rule"]["named by its options"][1] > 10


def test_train_writes_a_head_with_its_card_and_no_pickle(installed: Installation) -> None:
    few_examples(installed, "returns.intent")
    card = json.loads(run("train", "returns.intent", "--json"))
    [folder] = (installed.settings.state / "heads" / "returns.intent").iterdir()
    assert sorted(file.name for file in folder.iterdir()) == ["card.json", "head.safetensors"]
    assert card["per_label"]["exchange"] == KEPT_PER_LABEL


def test_corrections_become_examples_only_after_a_person_labelled_them(
    installed: Installation, tmp_path: Path
) -> None:
    file, review = few_examples(installed, "returns.intent"), tmp_path / "review.jsonl"
    unsure(installed, "RMA-1", "Kindly take this teapot off my hands, call 030 901820 or ann@example.org")
    unsure(installed, "RMA-2", "asdf")
    run("learn", "returns.intent", "--collect", str(review), "--days", "36500")
    lines = [json.loads(line) for line in review.read_text().splitlines()]
    assert {line["case_id"][-5:] for line in lines} == {"RMA-1", "RMA-2"}
    assert "ann@example.org" not in review.read_text()
    before = file.read_text()
    assert json.loads(run("learn", "returns.intent", "--take-in", str(review), "--json"))["added"] == 0
    assert file.read_text() == before
    for line in lines:
        line["label"] = "return" if "teapot" in line["text"] else "-"
    review.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = json.loads(run("learn", "returns.intent", "--take-in", str(review), "--json"))
    assert (told["added"], told["waiting"]) == (1, 0)
    assert told["before"]["weights_sha256"] != told["after"]["weights_sha256"]
    assert "teapot" in file.read_text().splitlines()[-1]


def test_a_review_with_an_unknown_label_is_refused_with_its_line(
    installed: Installation, tmp_path: Path
) -> None:
    review = tmp_path / "review.jsonl"
    review.write_text('{"case_id": "c", "text": "t", "guess": "", "label": "dance"}\n')
    assert "review.jsonl:1: label 'dance' is not one of" in run(
        "learn", "returns.intent", "--take-in", str(review), code=1
    )


def unsure(found: Installation, rma: str, message: str) -> None:
    """Put a case into the books whose intent nobody stood by."""
    case_id, at = f"returns/webshop/{rma}", datetime(2026, 11, 5, tzinfo=UTC)
    record = CaseRecord(
        id=case_id,
        desk="returns",
        channel="webshop",
        status=CaseStatus.WAITING,
        summary="",
        opened_at=at,
        updated_at=at,
        request={"message": message},
    )
    found.case_writer.record(record, ())
    provenance = Provenance(by="local", name="returns.intent@head", version="1", inputs_hash="-")
    decision = Decision(
        task="returns.intent", outcome="unsure", answer={"label": "other"}, provenance=provenance
    )
    found.decisions.keep_all(case_id, {"read/returns.intent": decision})
