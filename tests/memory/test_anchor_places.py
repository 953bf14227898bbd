"""Heads outside in two places: what either keeps is held against the log, and the two against each other."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from memory.episodic.anchor import Anchor, AnchorFile, AnchorPlaces, AnchorSink
from memory.episodic.anchor_check import LONGEST_LAG
from memory.episodic.chain import ChainHead
from memory.episodic.chain_check import LogFinding
from memory.episodic.journal import Journal
from memory.episodic.verify import Report, verify_log
from tests.memory.audit_helpers import Log, happened


class TwoPlaces(Log):
    """A log whose heads are kept in two files, the second on another disk."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        super().__init__(engine, folder)
        (folder / "elsewhere").mkdir()
        self.first, self.second = folder / "audit.anchor", folder / "elsewhere" / "audit.anchor"
        self.places: dict[str, AnchorSink] = {
            "first": AnchorFile(self.first),
            "second": AnchorFile(folder / "elsewhere", makes_folder=False),
        }
        self.journal = Journal(engine, self.signer, Anchor(AnchorPlaces(self.places), appends=4))

    def report(self) -> Report:
        return verify_log(self.engine, self.places, self.signer.public_key())

    def back_to(self, count: int) -> None:
        """Set the database back to an older state of its own, head and all."""
        older = next(head for head in self.heads() if head.count == count)
        assign = ", ".join(f"{name} = '{value}'" for name, value in older.model_dump().items())
        self.attack(f"delete from episodes where position > {count}", f"update episode_head set {assign}")

    def heads(self) -> Iterator[ChainHead]:
        return (head for head in AnchorFile(self.second).heads() if isinstance(head, ChainHead))


def set_back(file: Path, lines: int) -> None:
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:lines]))


def named(findings: tuple[LogFinding, ...]) -> list[tuple[str, str, int]]:
    return [(finding.place, finding.wrong, finding.position) for finding in findings]


@pytest.fixture
def log(engine: Engine, tmp_path: Path) -> TwoPlaces:
    made = TwoPlaces(engine, tmp_path)
    for episode in happened(14):
        made.journal.append([episode])
    return made


def test_every_head_is_kept_in_both_places(log: TwoPlaces) -> None:
    report = log.report()
    assert report.whole, report.findings
    assert [(place.name, place.heads, place.count) for place in report.places] == [
        ("first", 4, 13),
        ("second", 4, 13),
    ]
    assert (report.anchors, report.without_head) == (8, 1)
    assert log.first.read_text() == log.second.read_text()


def test_a_database_set_back_together_with_the_first_place_is_found_by_the_second(log: TwoPlaces) -> None:
    log.back_to(5)
    set_back(log.first, 2)
    assert verify_log(log.engine, {"first": log.places["first"]}, log.signer.public_key()).whole
    report = log.report()
    assert named(report.findings) == [("second", "cut tail", 13), ("first", "anchor", 5)]
    assert "counts 5 episodes, that of second 13" in report.findings[1].what


def test_a_place_that_was_set_back_alone_is_named(log: TwoPlaces) -> None:
    set_back(log.second, 2)
    assert named(log.report().findings) == [("second", "anchor", 5)]


def test_the_only_place_is_named_when_it_ends_far_before_the_log(log: TwoPlaces) -> None:
    log.journal.append(happened(LONGEST_LAG, "later"))
    only = {"first": log.places["first"]}
    assert verify_log(log.engine, only, log.signer.public_key()).whole
    set_back(log.first, 2)
    [finding] = verify_log(log.engine, only, log.signer.public_key()).findings
    assert (finding.place, finding.wrong, finding.position) == ("first", "anchor", 5)
    assert f"counts 5 of {14 + LONGEST_LAG} episodes" in finding.what


def test_a_place_that_cannot_be_read_is_named(log: TwoPlaces) -> None:
    log.second.unlink()
    log.second.mkdir()
    assert ("second", "anchor", 0) in named(log.report().findings)


def test_a_place_that_was_forged_is_named(log: TwoPlaces) -> None:
    log.second.write_text(log.second.read_text().replace('"count":9', '"count":8'))
    assert named(log.report().findings) == [("second", "anchor", 8)]


def test_a_second_place_that_holds_nothing_yet_is_named_until_it_does(log: TwoPlaces) -> None:
    log.second.unlink()
    assert named(log.report().findings) == [("second", "anchor", 0)]
    Anchor(AnchorPlaces(log.places)).keep(log.episodes.head())
    assert log.report().whole


def test_a_place_that_cannot_be_written_stops_nobody_and_is_named(
    log: TwoPlaces, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "elsewhere").rename(tmp_path / "gone")
    with caplog.at_level(logging.ERROR):
        for episode in happened(9, "later"):
            log.journal.append([episode])
    assert "is not kept outside" in caplog.text
    assert log.episodes.head().count == 23
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    assert named(log.report().findings) == [("second", "anchor", 13)]
    Anchor(AnchorPlaces(log.places)).keep(log.episodes.head())
    assert log.report().whole


def test_keeping_a_head_by_hand_says_which_place_failed(log: TwoPlaces, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").rename(tmp_path / "gone")
    with pytest.raises(OSError, match="second: "):
        Anchor(AnchorPlaces(log.places)).keep(log.episodes.head())
