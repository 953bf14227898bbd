"""Whatever is done to the log behind the triggers' back is found and named."""

import json
import random
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from memory.episodic import verify as audit_log
from memory.episodic.anchor import Anchor
from memory.episodic.chain import GENESIS, Signer, link_hash
from memory.episodic.export import ExportBroken, export_log, verify_file
from memory.episodic.journal import Journal
from memory.episodic.verify import verify_log
from tests.memory.audit_helpers import Log, OneKey, happened


@pytest.fixture
def log(engine: Engine, tmp_path: Path) -> Log:
    made = Log(engine, tmp_path)
    for episode in happened(10):
        made.episodes.append([episode])
    return made


def named(log: Log) -> list[tuple[str, int]]:
    return [(finding.wrong, finding.position) for finding in log.verify().findings]


def test_an_untouched_log_is_whole(log: Log) -> None:
    report = log.verify()
    assert report.whole
    assert (report.links, report.anchors) == (10, 3)
    assert (report.without_head, report.notes) == (1, ())


def test_one_changed_letter_in_any_column_of_any_episode_is_found(log: Log) -> None:
    for column in ("id", "case_id", "kind", "at", "data", "previous", "hash"):
        for position in (1, 6, 10):
            where = f"where position = {position}"
            with log.engine.connect() as connection:
                value: str = connection.exec_driver_sql(f"select {column} from episodes {where}").scalar_one()
            flipped = value[:3] + ("q" if value[3] != "q" else "r") + value[4:]
            log.attack(f"update episodes set {column} = '{flipped}' {where}")
            assert ("changed", position) in named(log), column
            log.attack(f"update episodes set {column} = '{value}' {where}")
    assert log.verify().whole


def test_a_changed_link_is_named_once_and_its_neighbours_are_not(log: Log) -> None:
    log.attack("update episodes set data = '{\"number\":7000}' where position = 7")
    assert named(log) == [("changed", 7)]


def test_a_link_changed_together_with_its_hash_is_found(log: Log) -> None:
    with log.engine.connect() as connection:
        row = connection.execute(
            text("select previous, id, case_id, kind, at from episodes where position = 6")
        ).one()
    forged = link_hash(*row, '{"number":6000}')
    log.attack(f"update episodes set data = '{{\"number\":6000}}', hash = '{forged}' where position = 6")
    assert named(log) == [("changed", 6)]


def test_a_log_forged_from_one_link_to_the_end_does_not_get_past_the_signature(log: Log) -> None:
    with log.engine.connect() as connection:
        rows = connection.execute(
            text("select position, id, case_id, kind, at, data from episodes order by position")
        ).all()
    previous, statements = GENESIS, []
    for row in rows:
        data = '{"number":6000}' if row.position == 6 else row.data
        forged = link_hash(previous, row.id, row.case_id, row.kind, row.at, data)
        statements.append(
            f"update episodes set data = '{data}', previous = '{previous}', hash = '{forged}'"
            f" where position = {row.position}"
        )
        previous = forged
    log.attack(*statements, f"update episode_head set hash = '{previous}'")
    assert named(log) == [("head", 10), ("changed", 9)]


@pytest.mark.parametrize(("first", "last"), [(1, 1), (1, 3), (5, 5), (4, 7)])
def test_deleted_episodes_are_named_by_their_place(log: Log, first: int, last: int) -> None:
    log.attack(f"delete from episodes where position between {first} and {last}")
    assert ("missing", first) in named(log)


def test_a_deletion_is_found_although_the_rest_was_renumbered(log: Log) -> None:
    log.attack(
        "delete from episodes where position = 5",
        "update episodes set position = position + 100 where position > 5",
        "update episodes set position = position - 101 where position > 100",
    )
    assert ("missing", 5) in named(log)


def test_two_episodes_that_changed_places_are_named_as_reordered(log: Log) -> None:
    log.attack(
        "update episodes set position = 99 where position = 4",
        "update episodes set position = 4 where position = 7",
        "update episodes set position = 7 where position = 99",
    )
    found = named(log)
    assert ("reordered", 4) in found
    assert ("reordered", 7) in found
    assert {wrong for wrong, _ in found} <= {"reordered", "changed"}


def test_a_cut_tail_is_found_by_the_head(log: Log) -> None:
    log.attack("delete from episodes where position > 8")
    assert ("cut tail", 9) in named(log)


def test_a_cut_tail_is_found_outside_although_the_head_was_set_back_to_an_older_one(log: Log) -> None:
    older = next(head for head in log.sink.heads() if not isinstance(head, str) and head.count == 5)
    assign = ", ".join(f"{name} = '{value}'" for name, value in older.model_dump().items())
    log.attack("delete from episodes where position > 5", f"update episode_head set {assign}")
    assert named(log) == [("cut tail", 9)]


def test_an_emptied_log_is_found(log: Log) -> None:
    log.attack(
        "delete from episodes",
        f"update episode_head set count = 0, hash = '{GENESIS}', at = '', key_id = '', signature = ''",
    )
    assert named(log) == [("cut tail", 9)]


@pytest.mark.parametrize(
    "attack",
    [
        "delete from episode_head",
        "insert into episode_head select id + 1, count, hash, at, key_id, signature from episode_head",
    ],
)
def test_a_head_that_is_gone_or_not_alone_is_named_and_the_log_is_read_all_the_same(
    log: Log, attack: str
) -> None:
    log.attack(attack, "delete from episodes where position = 4")
    assert ("head", 0) in named(log)
    assert ("missing", 4) in named(log)


def test_an_episode_written_behind_the_head_is_found(log: Log) -> None:
    log.attack(
        "insert into episodes select 11, id || 'x', case_id, kind, at, data, previous, hash"
        " from episodes where position = 10"
    )
    assert ("beyond head", 11) in named(log)


def test_a_head_signed_with_another_key_is_found(log: Log) -> None:
    stranger = Journal(log.engine, Signer(OneKey("13" * 32)), Anchor(log.sink, appends=1000))
    stranger.append(happened(1, "forged"))
    assert named(log) == [("head", 11)]


def test_a_removed_or_garbled_anchor_file_is_found(log: Log, tmp_path: Path) -> None:
    anchors = tmp_path / "audit.anchor"
    lines = anchors.read_text().splitlines()
    anchors.write_text("\n".join([lines[0], lines[1].replace('"count":5', '"count":4'), "{torn"]) + "\n")
    assert named(log) == [("anchor", 4), ("anchor", 0)]
    anchors.unlink()
    assert named(log) == [("anchor", 0)]


def test_faults_on_page_borders_and_in_different_pages_are_all_named(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "PAGE", 3)
    assert log.verify().whole
    log.attack(
        "update episodes set kind = 'x' where position = 3",
        "delete from episodes where position = 6",
    )
    assert named(log) == [("changed", 3), ("missing", 6)]


def test_many_faults_are_counted_and_the_first_hundred_shown(log: Log) -> None:
    log.episodes.append(happened(300, "many"))
    log.attack("update episodes set kind = 'x'")
    report = log.verify()
    assert (report.found, len(report.findings)) == (310, 100)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_any_byte_flipped_in_the_database_file_where_the_log_stands_is_found(
    log: Log, tmp_path: Path
) -> None:
    with log.engine.connect() as connection:
        connection.execute(text("pragma wal_checkpoint(truncate)"))
    log.engine.dispose()
    file = tmp_path / "kontor.db"
    pristine = file.read_bytes()
    chance = random.Random(4)
    for _ in range(40):
        start = pristine.index(f"RMA-1#{chance.randint(1, 9)}".encode())
        place = start + chance.randrange(0, 150)
        flipped = bytearray(pristine)
        flipped[place] ^= 1 << chance.randrange(8)
        file.write_bytes(flipped)
        report = log.verify()
        log.engine.dispose()
        assert not report.whole, f"byte {place} was flipped and nothing was found"
    file.write_bytes(pristine)
    assert log.verify().whole


def test_an_export_verifies_without_the_database(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    export_log(log.engine, path, log.signer.public_key())
    report = verify_file(path, log.signer.public_key())
    assert report.whole
    assert report.links == 10
    assert not verify_file(path, Signer(OneKey("13" * 32)).public_key()).whole
    assert verify_file(path, None).notes[0].endswith("was taken from the file itself")


def edited(lines: list[str], what: str) -> list[str]:
    if what == "changed":
        entry = json.loads(lines[3])
        return [*lines[:3], json.dumps(entry | {"kind": "closed"}), *lines[4:]]
    if what == "missing":
        return [*lines[:3], *lines[4:]]
    if what == "reordered":
        return [*lines[:3], lines[4], lines[3], *lines[5:]]
    return [*lines[:8], lines[-1]]


@pytest.mark.parametrize(
    ("what", "position"), [("changed", 4), ("missing", 4), ("reordered", 5), ("cut tail", 9)]
)
def test_an_edited_export_is_found_and_named(log: Log, tmp_path: Path, what: str, position: int) -> None:
    path = tmp_path / "audit.jsonl"
    export_log(log.engine, path, log.signer.public_key())
    path.write_text("\n".join(edited(path.read_text().splitlines(), what)) + "\n")
    findings = verify_file(path, log.signer.public_key()).findings
    assert (what, position) in [(finding.wrong, finding.position) for finding in findings]


def test_an_export_without_its_last_line_is_refused(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    export_log(log.engine, path, log.signer.public_key())
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))
    with pytest.raises(ExportBroken, match="cut"):
        verify_file(path, None)


def test_appends_during_a_verification_are_no_fault(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "PAGE", 3)
    told: list[int] = []

    def append_more(done: int, _total: int) -> None:
        told.append(done)
        log.episodes.append(happened(1, f"during-{done}"))

    report = verify_log(log.engine, {"first": log.sink}, log.signer.public_key(), append_more)
    assert report.whole, report.findings
    assert told == [3, 6, 9, 10]
    assert log.verify().links == 14
