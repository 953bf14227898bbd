"""`kontor content check`, through its command line, with the real embedder."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bootstrap.installation import Installation
from cli.content import app
from settings import Settings
from tests.conftest import ROOT

RUN = CliRunner()
DRAFT = """---
title: Moved
---

The committee moved 15 agencies to the new host in May 2015.

Lunch for the committee cost $40.
"""
SOURCE = """---
date: 2015-06-01
---
In May 2015, the committee moved 12 agencies to the new host.

Lunch for the committee cost 40 dollars.
"""


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a draft and its source, and an installation."""
    (tmp_path / "draft.md").write_text(DRAFT)
    (tmp_path / "source.md").write_text(SOURCE)
    with Installation(Settings(office=ROOT / "office", state=tmp_path / "state")) as here:
        monkeypatch.setattr(RUN, "invoke", partial(RUN.invoke, obj=here))
        yield tmp_path


def run(*arguments: str, code: int = 0) -> str:
    result = RUN.invoke(app, ["check", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_number_that_the_source_gives_otherwise_is_shown_with_both_places_and_the_exit_code_is_1(
    texts: Path,
) -> None:
    source = str(texts / "source.md")
    printed = run(str(texts / "draft.md"), "--source", source, "--json", code=1)
    first, second = json.loads(printed)
    assert first["said"] == "differs: source 12, draft 15"
    assert (first["line"], first["source"], first["source_line"]) == (5, source, 4)
    [difference] = first["differences"]
    assert first["claim"][difference["start"] : difference["end"]] == "15"
    assert second["word"] == "agrees in every checked part"


def test_the_table_shows_what_a_person_must_look_at_and_counts_the_rest(texts: Path) -> None:
    printed = run(str(texts / "draft.md"), "--archive", str(texts), code=1)
    assert "differs: own text 12, draft 15" in printed
    assert "$40" not in printed
    assert "agrees in every checked part 1" in printed
    assert "$40" in run(str(texts / "draft.md"), "--archive", str(texts), "--all", code=1)


def test_a_draft_that_contradicts_itself_is_told_so(texts: Path) -> None:
    draft = texts / "draft.md"
    draft.write_text(
        "The new canteen has 40 seats for guests.\n\nBut the new canteen has 60 seats for guests."
    )
    printed = run(str(draft), "--source", str(texts / "source.md"), code=1)
    assert "differs: earlier in the draft 40, draft 60" in printed


def test_without_anything_to_check_against_it_says_what_to_give(texts: Path) -> None:
    assert "give --source FILE" in run(str(texts / "draft.md"), code=2)


def test_a_source_that_is_no_text_is_named(texts: Path) -> None:
    (texts / "picture.md").write_bytes(b"caf\xe9 \x81 \xff")
    assert "picture.md" in run(str(texts / "draft.md"), "--source", str(texts / "picture.md"), code=1)
