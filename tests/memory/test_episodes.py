"""The log is append-only, chained, and the same whoever appends."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from contracts.case import CaseRecord, CaseStatus
from memory.authoritative.case_writer import SqlCaseWriter
from memory.authoritative.cases import SqlCases
from memory.episodic.anchor import Anchor
from memory.episodic.chain import ChainHead
from memory.episodic.journal import Journal
from tests.conftest import ROOT
from tests.memory.audit_helpers import NOON, Log, happened


@pytest.fixture
def log(engine: Engine, tmp_path: Path) -> Log:
    return Log(engine, tmp_path)


def test_what_is_appended_is_read_back_in_order(log: Log) -> None:
    log.episodes.append(happened(3))
    assert log.episodes.of_case("returns/webshop/RMA-1") == happened(3)
    assert log.episodes.of_case("returns/webshop/RMA-2") == []


def test_the_same_id_twice_keeps_the_first(log: Log) -> None:
    log.episodes.append(happened(3))
    log.episodes.append(happened(5))
    changed = happened(1)[0].model_copy(update={"data": {"number": 99}})
    log.episodes.append([changed, changed])
    assert log.episodes.of_case("returns/webshop/RMA-1") == happened(5)
    assert log.episodes.head().count == 5


def test_an_episode_without_a_time_zone_is_refused(log: Log) -> None:
    naive = happened(1)[0].model_copy(update={"at": NOON.replace(tzinfo=None)})
    with pytest.raises(ValueError, match="time zone"):
        log.episodes.append([naive])
    assert log.episodes.head().count == 0


STATEMENTS = [
    "update episodes set kind = 'opened' where position = 2",
    "delete from episodes where position = 3",
    "delete from episodes",
    "insert into episodes select position + 7, id || 'x', case_id, kind, at, data, previous, hash"
    " from episodes where position = 1",
    "update episode_head set count = 1",
    "delete from episode_head",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_itself_refuses_to_change_the_log(log: Log, statement: str) -> None:
    log.episodes.append(happened(3))
    with pytest.raises(DBAPIError, match="append-only"), log.engine.begin() as connection:
        connection.execute(text(statement))
    assert log.verify().whole


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_replacing_insert_is_no_way_around_the_triggers(log: Log) -> None:
    log.episodes.append(happened(3))
    for position in (2, 4):
        statement = (
            f"insert or replace into episodes select {position}, id, case_id, 'x', at, data, previous, hash"
            " from episodes where position = 2"
        )
        with pytest.raises(DBAPIError, match="append-only"), log.engine.begin() as connection:
            connection.execute(text(statement))
    assert log.verify().whole


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_truncate_is_no_way_around_the_triggers(log: Log) -> None:
    log.episodes.append(happened(3))
    for table in ("episodes", "episode_head"):
        with pytest.raises(DBAPIError, match="append-only"), log.engine.begin() as connection:
            connection.execute(text(f"truncate {table}"))


def test_two_processes_append_to_one_chain(log: Log, tmp_path: Path) -> None:
    url = log.engine.url.render_as_string(hide_password=False)
    writers = [
        subprocess.Popen([sys.executable, "-m", "tests.memory.appender", url, str(tmp_path), case], cwd=ROOT)
        for case in ("left", "right")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    report = log.verify()
    assert report.whole, report.findings
    assert report.links == 120
    assert log.episodes.of_case("left") == happened(40, "left")


def test_a_case_and_its_episodes_are_written_together_or_not_at_all(log: Log, tmp_path: Path) -> None:
    record = SqlCaseWriter(Journal(log.engine, log.signer, Anchor(log.sink)))
    case = CaseRecord(
        id="returns/webshop/RMA-1",
        desk="returns",
        channel="webshop",
        status=CaseStatus.RUNNING,
        summary="",
        opened_at=NOON,
        updated_at=NOON,
    )
    record.record(case, happened(2))
    settled = case.model_copy(update={"status": CaseStatus.SETTLED})
    broken = happened(3)[2].model_copy(update={"at": NOON.replace(tzinfo=None)})
    with pytest.raises(ValueError, match="time zone"):
        record.record(settled, [broken])
    assert SqlCases(log.engine).find(case.id) == case
    assert log.episodes.head().count == 3  # the third says what the row holds
    assert log.verify().whole


def test_heads_are_kept_outside_now_and_then_and_when_told(log: Log) -> None:
    for episode in happened(10):
        log.episodes.append([episode])
    assert [head.count for head in log.sink.heads() if isinstance(head, ChainHead)] == [1, 5, 9]
    log.episodes.anchor()
    log.episodes.anchor()
    newest = log.sink.last()
    assert newest == log.episodes.head()
    assert len(list(log.sink.heads())) == 4


def test_a_head_is_kept_when_time_has_passed(engine: Engine, tmp_path: Path) -> None:
    log = Log(engine, tmp_path)
    patient = Journal(engine, log.signer, Anchor(log.sink, appends=1000))
    for episode in happened(130):
        patient.append([episode])
    assert [head.count for head in log.sink.heads() if isinstance(head, ChainHead)] == [1, 61, 121]
