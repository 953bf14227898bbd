"""Each version of the folder is told once, when nobody is writing any more."""

import os
from pathlib import Path

import pytest

from contracts.office import version_of
from service.office_watch import OfficeWatch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "office.toml").write_text("one")
    return tmp_path


def test_a_folder_that_is_in_force_is_no_news(folder: Path) -> None:
    watch = OfficeWatch(folder)

    assert [watch.news(version_of(folder)) for _ in range(3)] == ["", "", ""]


def test_an_edit_is_told_once_and_not_while_files_are_still_written(folder: Path) -> None:
    in_force, watch = version_of(folder), OfficeWatch(folder)
    watch.news(in_force)
    for text in ("half", "whole"):
        (folder / "office.toml").write_text(text)
        assert watch.news(in_force) == ""

    assert watch.news(in_force) == version_of(folder)
    assert watch.news(in_force) == ""


def test_an_edit_from_before_the_first_look_is_news_too(folder: Path) -> None:
    watch = OfficeWatch(folder)

    assert [watch.news("0123"), watch.news("0123"), watch.news("0123")] == ["", version_of(folder), ""]


def test_taken_back_and_made_again_an_edit_is_told_again(folder: Path) -> None:
    in_force, watch = version_of(folder), OfficeWatch(folder)
    told = []
    for text in ("two", "one", "two"):
        (folder / "office.toml").write_text(text)
        told += [watch.news(in_force), watch.news(in_force)]

    assert told == ["", told[1], "", "", "", told[1]]
    assert told[1] not in ("", in_force)


def test_a_file_that_was_touched_and_says_the_same_is_no_news(folder: Path) -> None:
    in_force, watch = version_of(folder), OfficeWatch(folder)
    watch.news(in_force)
    os.utime(folder / "office.toml", (1, 1))

    assert [watch.news(in_force) for _ in range(3)] == ["", "", ""]


def test_no_folder_is_no_news(tmp_path: Path) -> None:
    watch = OfficeWatch(tmp_path / "nowhere")

    assert [watch.news("0123") for _ in range(2)] == ["", ""]


def test_a_folder_that_goes_while_it_is_read_is_looked_at_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, watch = version_of(folder), OfficeWatch(folder)
    watch.news("0123")
    with monkeypatch.context() as gone:
        gone.setattr("service.office_watch.version_of", _nothing_there)
        assert watch.news("0123") == ""
    assert [watch.news("0123") for _ in range(2)] == ["", new]


def _nothing_there(_folder: Path) -> str:
    raise FileNotFoundError("it went")
