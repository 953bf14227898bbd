"""Offices by their content, on both engines: one copy of each file, one order of releases, one in force."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from contracts.office import Release, office_version, version_of
from memory.authoritative.offices import SqlOffices
from memory.authoritative.releases import OF_OFFICE, SqlReleases
from memory.database import reading, table_of
from memory.episodic.anchor import Anchor, AnchorFile
from memory.episodic.chain import Signer
from memory.episodic.journal import Journal
from memory.episodic.log import SqlEpisodes
from memory.tables.offices import OfficeFileRow
from tests.memory.audit_helpers import OneKey

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
FIRST = {
    "office.toml": b"name = 'Shop'\n",
    "policies/shop.cedar": b"permit ...;\n",
    "head.bin": b"\x00\xff\r\n",
}
SECOND = {**FIRST, "policies/shop.cedar": b"forbid ...;\n", "staff.toml": b""}


@dataclass
class Office:
    engine: Engine
    folder: Path

    def __post_init__(self) -> None:
        anchor = Anchor(AnchorFile(self.folder / "anchor"))
        journal = Journal(self.engine, Signer(OneKey()), anchor)
        self.offices = SqlOffices(self.engine)
        self.releases = SqlReleases(journal)
        self.log = SqlEpisodes(journal, anchor)

    def release(self, files: dict[str, bytes], **more: object) -> Release:
        return self.releases.put_in_force(files, by="anna", at=NOW, **more)  # type: ignore[arg-type]  # passed on

    def stored_files(self) -> int:
        with reading(self.engine) as session:
            return int(
                session.execute(select(func.count()).select_from(table_of(OfficeFileRow))).scalar_one()
            )


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Office:
    return Office(engine, tmp_path)


def test_before_the_first_release_nothing_is_in_force(office: Office) -> None:
    assert office.offices.in_force() is None
    assert office.offices.history(10) == ()


def test_a_release_is_in_force_with_who_when_and_what_changed_and_is_an_episode(office: Office) -> None:
    office.release(FIRST, note="opening")
    second = office.release(SECOND)

    assert office.offices.in_force() == second
    assert [one.number for one in office.offices.history(10)] == [2, 1]
    assert (second.version, second.by, second.at) == (office_version(SECOND), "anna", NOW)
    assert second.changes.words() == "added staff.toml; changed policies/shop.cedar"
    kept = office.log.of_case(OF_OFFICE)
    assert [(one.kind, one.data["number"], one.data["note"]) for one in kept] == [
        ("office_in_force", 1, "opening"),
        ("office_in_force", 2, ""),
    ]


def test_a_file_that_two_versions_share_is_kept_once_and_each_version_comes_back_byte_for_byte(
    office: Office,
) -> None:
    office.release(FIRST)
    office.release(SECOND)

    assert office.stored_files() == 5
    assert office.offices.files(office_version(FIRST)) == FIRST
    assert office.offices.files(office_version(SECOND)) == SECOND


def test_what_is_in_force_already_is_not_put_there_again(office: Office) -> None:
    first = office.release(FIRST)

    assert office.release(FIRST) == first
    office.release(SECOND)
    again = office.release(FIRST)

    assert (again.number, again.version) == (3, first.version), "going back is a release of its own"


def test_problems_are_on_record_and_more_of_them_are_a_release_of_their_own(office: Office) -> None:
    office.release(FIRST)
    anyway = office.release(FIRST, problems=["policies/tests/shop.toml:3: expected ask"])

    assert (anyway.number, anyway.anyway, anyway.changes.words()) == (2, True, "nothing")
    assert office.release(FIRST, problems=anyway.problems) == anyway
    assert office.release(FIRST, problems=[*anyway.problems, "another"]).number == 3
    assert office.log.of_case(OF_OFFICE)[1].data["problems"] == [*anyway.problems]


def test_of_two_first_starts_at_once_with_two_folders_one_is_first_for_both(office: Office) -> None:
    found: list[Release] = []

    def start(files: dict[str, bytes]) -> Callable[[], None]:
        return lambda: found.append(office.release(files, first=True))

    starters = [threading.Thread(target=start(files)) for files in (FIRST, SECOND) * 3]
    for each in starters:
        each.start()
    for each in starters:
        each.join()

    assert len(found) == 6
    assert {one.number for one in found} == {1}
    assert len({one.version for one in found}) == 1


def test_a_version_is_unpacked_once_and_written_anew_if_somebody_changed_it(office: Office) -> None:
    version = office.release(SECOND).version
    below = office.folder / "offices"
    folder = office.offices.unpacked(version, below)
    assert version_of(folder) == version

    (folder / "staff.toml").write_text("[people.mallory]")
    assert office.offices.unpacked(version, below) == folder
    assert version_of(folder) != version
    office.offices.unpacked(version, below, again=True)

    assert version_of(folder) == version
    assert [each.name for each in below.iterdir()] == [version]


def test_a_path_that_leads_out_of_the_folder_is_not_written(office: Office) -> None:
    version = office.release({"../../outside.toml": b"x"}).version

    with pytest.raises(ValueError, match="leads out of the office's folder"):
        office.offices.unpacked(version, office.folder / "below" / "offices")
    assert not list(office.folder.rglob("outside.toml"))


def test_files_that_are_not_the_version_they_claim_to_be_are_refused(office: Office) -> None:
    version = office.release(FIRST).version
    with office.engine.begin() as connection:
        connection.execute(table_of(OfficeFileRow).update().values(content=b"forged"))

    with pytest.raises(ValueError, match="not that version"):
        office.offices.unpacked(version, office.folder / "offices")


def test_a_version_that_was_never_in_force_is_named(office: Office) -> None:
    with pytest.raises(KeyError, match="0123 was ever put in force"):
        office.offices.files("0123")
