"""An accounting export: each odd line comes out as what it is, however often and in what parts it is read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete

from connectors.imports.mapping import load_mappings
from connectors.imports.reader import NotAnExport, file_id, read_export
from contracts.reconciliation.accounting import AccountingLine, BadLine, ImportReport, LineFinding, LineKind
from memory.authoritative.reconciliation import accounting
from memory.authoritative.reconciliation.accounting import ImportRaced, Record, SqlAccounting
from memory.database import writing
from memory.tables.accounting import (
    AccountingBadRow,
    AccountingExportRow,
    AccountingLineRow,
    AccountingSeenRow,
)
from tests.conftest import ROOT

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
MAPPING = load_mappings(ROOT / "office")["online_retail"]
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
SALES = """
100,20001,"LAMP, RED",4,2011-11-01 08:00:00,2.50,7,France
100,20002,CUP,2,2011-11-01 08:00:00,1.255,7,France
100,20002,CUP,2,2011-11-01 08:00:00,1.255,7,France
100,POST,POSTAGE,1,2011-11-01 08:00:00,18.0,7,France
101,20003,BAG,10,2011-11-02 08:00:00,0.85,8,Germany
C102,20001,"LAMP, RED",-1,2011-11-03 08:00:00,2.50,7,France
C103,20001,"LAMP, RED",-5,2011-11-04 08:00:00,2.50,7,France
C104,20003,BAG,-1,2011-11-04 08:00:00,0.85,7,France
C105,D,Discount,-1,2011-11-04 08:00:00,11.84,7,France
106,20009,check,-3,2011-11-04 09:00:00,0.0,,United Kingdom
107,20001,"LAMP, RED",1,2011-11-04 10:00:00,0.0,9,France
A108,B,Adjust bad debt,1,2011-11-05 10:00:00,99.00,,United Kingdom
"""


@pytest.fixture
def books(database: Engine) -> SqlAccounting:
    with writing(database) as session:
        for table in (AccountingBadRow, AccountingExportRow, AccountingLineRow, AccountingSeenRow):
            session.execute(delete(table))
    return SqlAccounting(database)


def export(folder: Path, lines: str, name: str = "november.csv") -> Path:
    path = folder / name
    path.write_text(HEADER + "\n" + lines.strip() + "\n")
    return path


def take(books: SqlAccounting, path: Path) -> ImportReport:
    return books.take(file_id(path, MAPPING), path.name, read_export(path, MAPPING, "EUR"), NOON)


def found(books: SqlAccounting) -> dict[tuple[str, str], str]:
    """Invoice and goods of the lines that something is wrong with, and what."""
    return {(row.invoice, row.sku): row.finding for row in books.found(None, 1000)}


def test_every_line_is_counted_as_what_it_is(books: SqlAccounting, tmp_path: Path) -> None:
    report = take(books, export(tmp_path, SALES))
    assert (report.read, report.fresh, report.bad_count) == (12, 12, 0)
    totals = {(total.kind, total.finding): (total.count, total.amount_cents) for total in books.totals()}
    assert totals == {
        (LineKind.SALE, None): (3, 1000 + 251 + 850),
        (LineKind.SALE, LineFinding.DUPLICATE): (1, 251),
        (LineKind.CREDIT, None): (1, -250),
        (LineKind.CREDIT, LineFinding.ABOVE_BOUGHT): (1, -1250),
        (LineKind.CREDIT, LineFinding.CREDIT_WITHOUT_SALE): (1, -85),
        (LineKind.FEE, None): (2, 1800 - 1184),
        (LineKind.STOCK, None): (1, 0),
        (LineKind.GIFT, None): (1, 0),
        (LineKind.ADJUSTMENT, None): (1, 9900),
    }
    [above] = books.found(LineFinding.ABOVE_BOUGHT, 10)
    assert (above.invoice, above.excess, above.number) == ("C103", 2, 8)


def test_the_same_file_again_changes_nothing(books: SqlAccounting, tmp_path: Path) -> None:
    path = export(tmp_path, SALES)
    take(books, path)
    before = books.totals()
    again = take(books, path)
    assert again.known
    assert again.fresh == 0
    assert books.totals() == before


def test_exports_that_overlap_count_each_line_once(books: SqlAccounting, tmp_path: Path) -> None:
    lines = SALES.strip().splitlines()
    take(books, export(tmp_path, "\n".join(lines[:7]), "first.csv"))
    report = take(books, export(tmp_path, "\n".join(lines[1:]), "second.csv"))
    assert (report.read, report.fresh) == (11, 5)
    take(books, export(tmp_path, SALES, "whole.csv"))
    assert sum(total.count for total in books.totals()) == 12
    assert found(books) == {
        ("100", "20002"): "duplicate",
        ("C103", "20001"): "above bought",
        ("C104", "20003"): "credit without sale",
    }


def test_a_later_export_may_bring_the_sale_that_a_credit_lacked(books: SqlAccounting, tmp_path: Path) -> None:
    lines = SALES.strip().splitlines()
    take(books, export(tmp_path, lines[5], "credits.csv"))
    assert found(books) == {("C102", "20001"): "credit without sale"}
    take(books, export(tmp_path, lines[0], "sales.csv"))
    assert found(books) == {}


def test_an_import_that_was_cut_goes_on_where_it_was(
    books: SqlAccounting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounting, "BATCH", 2)
    path = export(tmp_path, SALES + "bad line\n")

    def cut(records: Iterator[Record]) -> Iterator[Record]:
        yield from islice(records, 5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        books.take(file_id(path, MAPPING), path.name, cut(read_export(path, MAPPING, "EUR")), NOON)
    [cut_export] = books.exports()
    assert (cut_export.records, cut_export.finished_at) == (4, None)
    report = take(books, path)
    assert (report.resumed_at, report.read, report.fresh, report.bad_count) == (4, 13, 12, 1)
    assert found(books)["100", "20002"] == "duplicate"
    assert len(found(books)) == 3


def test_two_imports_of_one_file_at_once_do_not_mix(
    books: SqlAccounting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounting, "BATCH", 2)
    path = export(tmp_path, SALES)

    def meanwhile(records: Iterator[Record]) -> Iterator[Record]:
        yield from islice(records, 3)
        take(books, path)
        yield from records

    with pytest.raises(ImportRaced):
        books.take(file_id(path, MAPPING), path.name, meanwhile(read_export(path, MAPPING, "EUR")), NOON)
    assert sum(total.count for total in books.totals()) == 12


BAD = {
    "100,20001,LAMP,4,2011-11-01 08:00:00,2.50,7": "7 fields where the header has 8",
    "100,20001,LAMP,four,2011-11-01 08:00:00,2.50,7,France": "Quantity 'four' is no whole number",
    "100,20001,LAMP,0,2011-11-01 08:00:00,2.50,7,France": "Quantity is 0",
    "100,20001,LAMP,4,yesterday,2.50,7,France": "InvoiceDate 'yesterday' is no date",
    "100,20001,LAMP,4,2011-11-01 08:00:00,NaN,7,France": "UnitPrice 'NaN' is no number",
    "100,20001,LAMP,4,2011-11-01 08:00:00,cheap,7,France": "UnitPrice 'cheap' is no number",
    ",20001,LAMP,4,2011-11-01 08:00:00,2.50,7,France": "InvoiceNo is empty",
}


def test_a_line_that_cannot_be_read_is_named_with_its_number_and_reason(
    books: SqlAccounting, tmp_path: Path
) -> None:
    report = take(books, export(tmp_path, "\n".join([*BAD, SALES.strip()])))
    assert report.bad == tuple(
        BadLine(number=number, why=why) for number, why in enumerate(BAD.values(), start=2)
    )
    assert (report.bad_count, report.fresh) == (7, 12)


def test_bytes_that_are_no_utf_8_spoil_their_line_only(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    lines = SALES.strip().splitlines()
    path.write_bytes(
        b"\xef\xbb\xbf"
        + f"{HEADER}\n".encode()
        + b"100,20001,M\xfcnze,4,2011-11-01,2.50,7,France\n"
        + lines[0].encode()
    )
    bad, good = read_export(path, MAPPING, "EUR")
    assert bad == BadLine(number=2, why="not UTF-8")
    assert isinstance(good, AccountingLine)
    assert good.description == "LAMP, RED"


def test_an_export_of_windows_is_told_how_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.csv"
    path.write_bytes(f"{HEADER}\n".encode() + b"100,20001,M\xfcnze,4,2011-11-01,2.50,7,France\n")
    [bad] = read_export(path, MAPPING, "EUR")
    assert isinstance(bad, BadLine)
    assert bad.why == 'not UTF-8: an export of Windows is read with encoding = "cp1252" in its mapping'
    windows = MAPPING.model_copy(update={"encoding": "cp1252"})
    [good] = read_export(path, windows, "EUR")
    assert isinstance(good, AccountingLine)
    assert good.description == "Münze"


def test_blank_lines_before_the_header_are_read_over(tmp_path: Path) -> None:
    path = tmp_path / "blank.csv"
    path.write_text(f"\n  \n{HEADER}\n{SALES.strip().splitlines()[0]}\n100,20001,LAMP\n")
    good, bad = read_export(path, MAPPING, "EUR")
    assert isinstance(good, AccountingLine)
    assert isinstance(bad, BadLine)
    assert bad.number == 5


def test_the_first_editions_dates_and_customers_are_understood(tmp_path: Path) -> None:
    path = export(tmp_path, "536365,85123A,HOLDER,6,12/1/2010 8:26,2.55,17850.0,United Kingdom")
    [line] = read_export(path, MAPPING, "EUR")
    assert isinstance(line, AccountingLine)
    assert (line.at, line.customer) == (datetime(2010, 12, 1, 8, 26, tzinfo=UTC), "17850")


def test_a_file_without_the_columns_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(NotAnExport, match="InvoiceNo or Invoice, StockCode"):
        list(read_export(path, MAPPING, "EUR"))
