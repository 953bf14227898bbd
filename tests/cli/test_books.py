"""`kontor books` and `kontor audit`, through their command lines, on real books."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from typer.testing import CliRunner

import cli.audit
import cli.books
from bootstrap.installation import Installation
from contracts.case import Episode
from memory.episodic.chain import ChainHead
from settings import Settings
from tests.conftest import ROOT
from tests.memory.test_accounting import SALES, export

RUN = CliRunner()
NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation with an empty state folder and three episodes."""
    found = Settings(office=ROOT / "office", state=tmp_path / "state")
    with Installation(found) as here:
        monkeypatch.setattr(RUN, "invoke", partial(RUN.invoke, obj=here))
        here.episodes.append(
            [Episode(id=f"e{number}", case_id="c", kind="opened", at=NOON) for number in range(3)]
        )
        yield here


def books(*arguments: str, code: int = 0) -> str:
    result = RUN.invoke(cli.books.app, [*arguments])
    assert result.exit_code == code, result.output
    return result.output


def audit(*arguments: str, code: int = 0) -> str:
    result = RUN.invoke(cli.audit.app, [*arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_an_import_says_what_it_read_and_status_shows_it(installed: Installation, tmp_path: Path) -> None:
    path = export(tmp_path, SALES)
    assert "12 records read, 12 new, 0 unreadable" in books("import", str(path))
    assert "was imported before: nothing changed" in books("import", str(path))
    shown = json.loads(books("status", "--json"))
    assert shown["open"] == 0
    assert {"kind": "credit", "finding": "above bought", "count": 1, "amount_cents": -1250} in shown[
        "accounting"
    ]
    assert "november.csv: 12 records, complete" in books("status")
    [line] = json.loads(books("findings", "above bought", "--json"))
    assert (line["invoice"], line["excess"]) == ("C103", 2)


def test_an_import_with_bad_lines_names_them_and_leaves_with_1(
    installed: Installation, tmp_path: Path
) -> None:
    path = export(tmp_path, "bad\n" + SALES.strip())
    words = books("import", str(path), code=1)
    assert "november.csv:2: 1 fields where the header has 8" in words
    assert "12 new, 1 unreadable" in words


def test_a_file_with_the_day_first_is_asked_about_before_a_row_of_it_is_read(
    installed: Installation, tmp_path: Path
) -> None:
    row = "100,20002,CUP,2,{}/11/2026 10:00,1.25,7,France"
    path = export(tmp_path, "\n".join(row.format(day) for day in ("03", "13")))
    assert "--dates day-first" in books("import", str(path), code=1)
    assert json.loads(books("status", "--json"))["exports"] == []
    assert "2 records read, 2 new, 0 unreadable" in books("import", str(path), "--dates", "day-first")


def test_a_code_may_be_called_a_fee(installed: Installation, tmp_path: Path) -> None:
    report = json.loads(books("import", str(export(tmp_path, SALES)), "--fee", "20009", "--json"))
    assert {"kind": "fee", "finding": None, "count": 3, "amount_cents": 616} in report["accounting"]


def test_a_file_that_is_no_export_is_refused(installed: Installation, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    assert "the header has no InvoiceNo" in books("import", str(path), code=1)


def test_reconciling_an_unknown_connector_names_those_there_are(installed: Installation) -> None:
    assert "marketplace, social, store" in books("reconcile", "nowhere", code=2)


def test_a_whole_log_verifies_and_exports(installed: Installation, tmp_path: Path) -> None:
    assert "3 episodes, 1 head outside, 0 rows: whole" in audit("verify")
    path = tmp_path / "audit.jsonl"
    words = audit("export", str(path))
    key = audit("key").strip()
    assert f"--public-key {key}" in words
    assert "3 episodes: whole" in audit("verify", "--file", str(path), "--public-key", key)
    assert "was taken from the file itself" not in audit("verify", "--file", str(path), "--public-key", key)
    assert json.loads(audit("verify", "--json"))["whole"] is True


def test_a_log_that_was_touched_is_named_and_leaves_with_1(installed: Installation) -> None:
    with installed.database.begin() as connection:
        connection.exec_driver_sql("drop trigger episodes_no_delete")
        connection.exec_driver_sql("delete from episodes where position = 2")
    assert "missing at 2: 1 episode gone before 3" in audit("verify", code=1)
    report = json.loads(audit("verify", "--json", code=1))
    assert report["findings"][0] == {
        "wrong": "missing",
        "position": 2,
        "what": "1 episode gone before 3",
        "place": "",
    }


def test_an_anchor_is_kept_when_told(installed: Installation) -> None:
    assert "3 episodes" in audit("anchor")
    assert len(installed.settings.audit_anchor_file.read_text().splitlines()) == 1


class Elsewhere:
    """A place for heads that is no file of ours."""

    kept: ClassVar[list[ChainHead]] = []

    def append(self, head: ChainHead) -> None:
        self.kept.append(head)

    def last(self) -> ChainHead | None:
        return self.kept[-1] if self.kept else None

    def heads(self) -> Iterator[ChainHead | str]:
        yield from self.kept


def test_heads_may_be_kept_in_any_place_by_setting(tmp_path: Path) -> None:
    found = Settings(state=tmp_path, audit_sink="tests.cli.test_books:Elsewhere")
    with Installation(found) as here:
        here.episodes.append([Episode(id="e", case_id="c", kind="opened", at=NOON)])
        [place] = here.anchor_places.values()
        assert [head.count for head in place.heads() if isinstance(head, ChainHead)] == [1]
    assert not found.audit_anchor_file.exists()


def test_a_cut_export_is_refused(installed: Installation, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    audit("export", str(path))
    path.write_text("\n".join(path.read_text().splitlines()[:2]))
    assert "the file was cut" in audit("verify", "--file", str(path), code=1)


def test_a_public_key_that_is_none_is_refused(installed: Installation) -> None:
    assert "64 hex digits" in audit("verify", "--public-key", "abc", code=2)
