"""Exports as shops write them: every row comes out as what it says, or is reported with its number."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.imports.dates import Said, said_by_dates
from connectors.imports.mapping import ImportMapping, load_mappings, read_mapping
from connectors.imports.reader import NotAnExport, choose_mapping, file_id, read_export
from contracts.reconciliation.accounting import AccountingLine, BadLine, LineKind

GERMAN = """
decimal = ","
grouping = "."
dates = ["%d.%m.%Y"]
time_zone = "Europe/Berlin"
encoding = "cp1252"

[columns]
invoice = "Belegnummer"
sku = "Artikel"
at = "Datum"
quantity = "Menge"
unit_price = "Einzelpreis"
description = "Bezeichnung"

[[kinds]]
kind = "fee"
sku = ["versand"]

[[kinds]]
kind = "credit"
quantity = "negative"

[[kinds]]
kind = "sale"
"""
GROUPED = """
decimal = ","
grouping = "."
"""
ROWS = """Belegnummer;Artikel;Bezeichnung;Menge;Datum;Einzelpreis
R-1;LAMPE;Lampe, grün;2;01.12.2025;1.234,50
R-1;VERSAND;;1;01.12.2025;4,9
G-2;LAMPE;Lampe, grün;-1;02.12.2025;1.234,50 €
"""


@pytest.fixture
def german(tmp_path: Path) -> ImportMapping:
    file = tmp_path / "german.toml"
    file.write_text(GERMAN)
    return read_mapping(file)


def read(
    folder: Path, content: str | bytes, mapping: ImportMapping, currency: str = "EUR"
) -> list[AccountingLine | BadLine]:
    path = folder / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_export(path, mapping, currency))


def amounts(found: list[AccountingLine | BadLine]) -> list[tuple[str, LineKind, int]]:
    assert all(isinstance(line, AccountingLine) for line in found), found
    return [
        (line.invoice, line.kind, line.amount_cents) for line in found if isinstance(line, AccountingLine)
    ]


EXPECTED = [
    ("R-1", LineKind.SALE, 246_900),
    ("R-1", LineKind.FEE, 490),
    ("G-2", LineKind.CREDIT, -123_450),
]


@pytest.mark.parametrize(
    "written",
    [
        ROWS.encode("cp1252"),
        ROWS.encode("utf-8-sig"),
        ROWS.encode("utf-16"),
        ROWS.encode("utf-16-le"),
        ROWS.encode("utf-16-be"),
        f"sep=;\r\n{ROWS}".encode("cp1252"),
        ROWS.replace("\n", "\r\n").encode("cp1252"),
        ROWS.replace(";", "\t").encode("cp1252"),
        ROWS.replace(";", "|").encode("cp1252"),
        ROWS.replace("\n", ";\n").encode("cp1252"),
        ROWS.replace("Belegnummer", " BELEGNUMMER ").encode("cp1252"),
        ROWS.replace("\n", "\n\n;;;;;\n", 2).encode("cp1252"),
        ROWS.rstrip("\n").encode("cp1252"),
    ],
    ids=[
        "ansi",
        "utf-8 with a mark",
        "utf-16",
        "utf-16 little without a mark",
        "utf-16 big without a mark",
        "sep line",
        "windows line ends",
        "tabs",
        "bars",
        "a delimiter at the end",
        "capitals and blanks in the header",
        "blank lines",
        "no last line end",
    ],
)
def test_however_a_program_writes_it_the_rows_say_the_same(
    tmp_path: Path, german: ImportMapping, written: bytes
) -> None:
    assert amounts(read(tmp_path, written, german)) == EXPECTED


def test_a_letter_beyond_ascii_and_the_office_of_the_day_are_read(
    tmp_path: Path, german: ImportMapping
) -> None:
    [line, *_] = read(tmp_path, ROWS.encode("cp1252"), german)
    assert isinstance(line, AccountingLine)
    assert line.description == "Lampe, grün"
    assert line.at == datetime(2025, 12, 1, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12,50", 1_250),
        ("1.234,5", 123_450),
        ("-3", -300),
        ("3,00-", -300),
        ("(3,00)", -300),
        ("\u22123,00", -300),
        ("€ 1.000.000,00", 100_000_000),
        (",5", 50),
        ("12,345", 1_235),
    ],
)
def test_a_number_is_read_by_the_mappings_own_marks(
    tmp_path: Path, german: ImportMapping, text: str, amount: int
) -> None:
    rows = ROWS.splitlines()[0] + f'\nR-1;LAMPE;;1;01.12.2025;"{text}"\n'
    [line] = read(tmp_path, rows.encode("utf-8-sig"), german)
    assert isinstance(line, AccountingLine), line
    assert line.amount_cents == amount


@pytest.mark.parametrize("text", ["12.50", "1.23,00", "1,2,3", "12,50 pcs", "", "1e3", "--3"])
def test_a_number_that_could_mean_two_things_is_reported(
    tmp_path: Path, german: ImportMapping, text: str
) -> None:
    rows = ROWS.splitlines()[0] + f'\nR-1;LAMPE;;1;01.12.2025;"{text}"\n'
    [bad] = read(tmp_path, rows.encode("cp1252"), german)
    assert bad == BadLine(number=2, why=f"Einzelpreis {text!r} is no number")


@pytest.mark.parametrize(
    "text", ["¥450", "$4.50", "-$4.50", "($4.50)", "£ 4.50", "4.50-£", "12.50 CHF", "chf 12.50"]
)
def test_an_amount_in_another_currency_than_the_books_is_no_amount_of_theirs(
    tmp_path: Path, text: str
) -> None:
    [bad] = read(tmp_path, bare_rows(text), bare_mapping(tmp_path, "unit_price"))
    assert isinstance(bad, BadLine)
    assert bad.why.startswith(f"Sum {text!r} is in ")
    assert bad.why.endswith(", and the books are in EUR")


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("€4.50", "EUR", 450),
        ("-€ 4.50", "EUR", -450),
        ("4.50 EUR", "EUR", 450),
        ("EUR 4.50-", "EUR", -450),
        ("(4.50€)", "EUR", -450),
        ("$4.50", "CAD", 450),
        ("¥450", "JPY", 450),
        ("£4.50", "GBP", 450),
    ],
)
def test_an_amount_may_bear_the_sign_or_code_of_the_books_own_currency(
    tmp_path: Path, text: str, currency: str, amount: int
) -> None:
    [line] = read(tmp_path, bare_rows(text), bare_mapping(tmp_path, "unit_price"), currency)
    assert isinstance(line, AccountingLine), line
    assert line.amount_cents == amount


@pytest.mark.parametrize(("declared", "count"), [("", None), ('decimal = "."', 1), (GROUPED, 1_000)])
def test_a_count_that_may_be_one_or_a_thousand_is_refused_unless_the_mapping_says_what_a_point_is(
    tmp_path: Path, declared: str, count: int | None
) -> None:
    file = tmp_path / "counts.toml"
    columns = '[columns]\ninvoice = "No"\nsku = "Item"\nat = "Day"\nunit_price = "Sum"\nquantity = "Pieces"\n'
    file.write_text(f'{declared}\ndates = ["iso"]\n{columns}[[kinds]]\nkind = "sale"\n')
    [line] = read(tmp_path, "No,Item,Day,Sum,Pieces\n1,CUP,2026-01-02,4,1.000\n", read_mapping(file))
    if count is None:
        assert isinstance(line, BadLine)
        assert line.why.startswith("Pieces '1.000' may be thousands or thousandths: decimal = '.'")
    else:
        assert isinstance(line, AccountingLine), line
        assert line.quantity == count


@pytest.mark.parametrize("text", ["4.505", "4.500", "-4.505", "(4.505)", "12.345", "123.456", "€ 4.505"])
@pytest.mark.parametrize("column", ["unit_price", "amount"])
def test_an_amount_that_may_be_thousands_or_thousandths_is_refused_with_what_to_write(
    tmp_path: Path, text: str, column: str
) -> None:
    [bad] = read(tmp_path, bare_rows(text), bare_mapping(tmp_path, column))
    assert isinstance(bad, BadLine)
    assert bad.number == 2
    assert bad.why.startswith(f"Sum {text!r} may be thousands or thousandths: decimal = '.' in the mapping")
    assert "decimal = ',' with grouping = '.'" in bad.why


@pytest.mark.parametrize(
    ("text", "currency", "grouping", "amount"),
    [
        ("4.505", "EUR", ",", 451),
        ("0.505", "EUR", "", 51),
        ("1234.505", "EUR", "", 123_451),
        ("4.5050", "EUR", "", 451),
        ("4.505", "KWD", "", 4_505),
        ("4.50", "EUR", "", 450),
    ],
)
def test_a_price_that_can_only_be_one_thing_is_read(
    tmp_path: Path, text: str, currency: str, grouping: str, amount: int
) -> None:
    [line] = read(tmp_path, bare_rows(text), bare_mapping(tmp_path, "unit_price", grouping), currency)
    assert isinstance(line, AccountingLine), line
    assert line.amount_cents == amount


def test_the_amount_of_a_row_has_no_part_that_nobody_can_pay(tmp_path: Path) -> None:
    mapping = bare_mapping(tmp_path, "amount", ",")
    [bad] = read(tmp_path, bare_rows("4.505"), mapping)
    assert bad == BadLine(
        number=2,
        why="Sum '4.505' has a part smaller than the smallest of EUR: correct it in the export",
    )
    [noise] = read(tmp_path, bare_rows("59.980000000000004"), mapping)
    assert isinstance(noise, AccountingLine)
    assert noise.amount_cents == 5_998


def bare_mapping(folder: Path, column: str, grouping: str = "") -> ImportMapping:
    """A mapping with one column of money."""
    file = folder / "bare.toml"
    columns = f'[columns]\ninvoice = "No"\nsku = "Item"\nat = "Day"\n{column} = "Sum"\n'
    file.write_text(f'grouping = "{grouping}"\ndates = ["iso"]\n{columns}[[kinds]]\nkind = "sale"\n')
    return read_mapping(file)


def bare_rows(text: str) -> str:
    return f"No,Item,Day,Sum\n1,CUP,2026-01-02,{text}\n"


@pytest.mark.parametrize(
    ("quantity", "price"),
    [("9" * 20, "1"), ("1", "9" * 20), ("1", "9" * 400), ("1", "1e40"), ("1000001", "1"), ("1e400", "1")],
)
def test_a_number_that_no_book_holds_spoils_its_own_line(
    tmp_path: Path, german: ImportMapping, quantity: str, price: str
) -> None:
    head, first, *_ = ROWS.splitlines()
    found = read(
        tmp_path, f"{head}\nR-1;A;;{quantity};01.12.2025;{price}\n{first}\n".encode("cp1252"), german
    )
    assert [type(line) for line in found] == [BadLine, AccountingLine]


def test_a_date_that_does_not_have_the_declared_format_is_not_guessed(
    tmp_path: Path, german: ImportMapping
) -> None:
    rows = ROWS.splitlines()[0] + "\nR-1;LAMPE;;1;12/01/2025;1,00\nR-1;LAMPE;;1;31.02.2025;1,00\n"
    assert [line.why for line in read(tmp_path, rows, german) if isinstance(line, BadLine)] == [
        "Datum '12/01/2025' is no date",
        "Datum '31.02.2025' is no date",
    ]


DATES = "Belegnummer;Artikel;Bezeichnung;Menge;Datum;Einzelpreis\n"


def dated(folder: Path, *dates: str) -> Path:
    path = folder / "dated.csv"
    path.write_text(DATES + "".join(f"R-1;LAMPE;;1;{date};1,00\n" for date in dates))
    return path


def by_month(german: ImportMapping) -> ImportMapping:
    return german.model_copy(update={"dates": ("%m/%d/%Y", "iso")})


def test_a_file_whose_dates_speak_against_its_mapping_is_not_read_until_somebody_says(
    tmp_path: Path, german: ImportMapping
) -> None:
    path, mapping = dated(tmp_path, "03/11/2026", "13/11/2026"), by_month(german)
    with pytest.raises(NotAnExport, match=r"line 3: '13/11/2026' is no date month-first.*--dates day-first"):
        said_by_dates(path, mapping)

    as_said = mapping.with_days("day-first")
    assert said_by_dates(path, as_said) == Said("day-first")
    days = [line.at.date() for line in read_export(path, as_said, "EUR") if isinstance(line, AccountingLine)]
    assert days == [date(2026, 11, 3), date(2026, 11, 13)]


def test_dates_that_could_be_either_are_told(tmp_path: Path, german: ImportMapping) -> None:
    mapping = by_month(german)
    assert said_by_dates(dated(tmp_path, "03/03/2026", "03/11/2026"), mapping) == Said(
        "month-first", "03/11/2026"
    )
    assert said_by_dates(dated(tmp_path, "03/11/2026", "12/31/2026"), mapping) == Said("month-first")
    assert said_by_dates(dated(tmp_path, "2026-11-03"), mapping) == Said("month-first")


def test_a_quote_that_is_never_closed_costs_its_own_line_and_no_other(
    tmp_path: Path, german: ImportMapping
) -> None:
    head, first, *rest = ROWS.splitlines()
    broken = 'R-9;LAMPE;"Lampe;1;01.12.2025;1,00'
    many = [first] * 500
    found = read(tmp_path, "\n".join([head, *many, broken, *many, *rest, broken]).encode("cp1252"), german)
    bad = [line for line in found if isinstance(line, BadLine)]
    why = "a quote is opened and never closed"
    assert bad == [BadLine(number=502, why=why), BadLine(number=1005, why=why)]
    assert len(found) == 1004


@pytest.mark.parametrize("next_quoted", ['"Lampe, blau"', '"Lampe"', '"Lampe ""B"""', 'Lampe 24"'])
def test_a_quote_that_the_next_quoted_row_seems_to_close_loses_no_row(
    tmp_path: Path, german: ImportMapping, next_quoted: str
) -> None:
    head, first, *_ = ROWS.splitlines()
    broken = 'R-9;LAMPE;"Lampe;1;01.12.2025;1,00'
    quoted = f"R-8;LAMPE;{next_quoted};1;01.12.2025;1,00"
    rows = [head, broken, *[first] * 30, quoted, first]
    found = read(tmp_path, "\n".join(rows).encode("cp1252"), german)
    assert [line.number for line in found if isinstance(line, BadLine)] == [2]
    assert len(found) == len(rows) - 1


def test_a_field_may_span_lines_and_rows_are_numbered_by_the_file(
    tmp_path: Path, german: ImportMapping
) -> None:
    head, first, *_ = ROWS.splitlines()
    rows = "\n".join([head, 'R-1;LAMPE;"two\nlines";1;01.12.2025;1,00', first, "short"])
    found = read(tmp_path, rows.encode("cp1252"), german)
    assert [line.number for line in found] == [3, 4, 5]
    assert found[-1] == BadLine(number=5, why="1 fields where the header has 6")


def test_a_field_longer_than_anything_sensible_is_reported_and_the_next_row_is_read(
    tmp_path: Path, german: ImportMapping
) -> None:
    head, first, *_ = ROWS.splitlines()
    found = read(
        tmp_path, f"{head}\nR-1;{'x' * 200_000};;1;01.12.2025;1,00\n{first}\n".encode("cp1252"), german
    )
    assert isinstance(found[0], BadLine)
    assert "larger than field limit" in found[0].why
    assert isinstance(found[1], AccountingLine)


def test_amounts_have_the_minor_units_of_the_offices_currency(tmp_path: Path, german: ImportMapping) -> None:
    head = ROWS.splitlines()[0]
    rows = f"{head}\nR-1;LAMPE;;3;01.12.2025;1.234,5\n"
    for currency, amount in (("EUR", 370_350), ("JPY", 3_704), ("KWD", 3_703_500)):
        [line] = read(tmp_path, rows, german, currency)
        assert isinstance(line, AccountingLine)
        assert line.amount_cents == amount


def test_an_export_may_say_whole_amounts_and_its_own_word_for_a_kind(tmp_path: Path) -> None:
    file = tmp_path / "ledger.toml"
    file.write_text(
        """
dates = ["iso"]
[columns]
invoice = "id"
sku = "item"
at = "when"
amount = "total"
type = "what"
[[kinds]]
kind = "credit"
type = ["refund"]
[[kinds]]
kind = "sale"
"""
    )
    rows = (
        "id,item,when,total,what\n1,CUP,2026-01-02T03:04:05+02:00,12.30,Sale\n2,CUP,2026-01-03,-12.30,Refund"
    )
    found = read(tmp_path, rows, read_mapping(file))
    assert amounts(found) == [("1", LineKind.SALE, 1_230), ("2", LineKind.CREDIT, -1_230)]


def test_of_several_mappings_the_one_whose_columns_the_file_has_is_taken(
    tmp_path: Path, german: ImportMapping, office: Path
) -> None:
    mappings = {"german": german, **load_mappings(office)}
    path = tmp_path / "export.csv"
    path.write_text(ROWS)
    assert choose_mapping(path, mappings) == german
    path.write_text("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n")
    assert choose_mapping(path, mappings) == mappings["online_retail"]
    assert choose_mapping(path, mappings, "german") == german
    path.write_text("a,b\n")
    with pytest.raises(
        NotAnExport, match="no mapping fits; say --mapping NAME, one of: german, online_retail"
    ):
        choose_mapping(path, mappings)
    with pytest.raises(NotAnExport, match="no mapping 'greek'"):
        choose_mapping(path, mappings, "greek")
    with pytest.raises(NotAnExport, match="none"):
        choose_mapping(path, {})


def test_a_column_that_stands_twice_is_not_chosen_between(tmp_path: Path, german: ImportMapping) -> None:
    with pytest.raises(NotAnExport, match="several columns for quantity"):
        read(tmp_path, ROWS.replace("Bezeichnung", "Menge"), german)


def test_a_file_read_by_another_mapping_is_another_export(tmp_path: Path, german: ImportMapping) -> None:
    path = tmp_path / "export.csv"
    path.write_text(ROWS)
    assert file_id(path, german) == file_id(path, german)
    assert file_id(path, german) != file_id(path, german.with_fees(["LAMPE"]))


def test_lines_keep_the_content_that_earlier_imports_stored_them_under(tmp_path: Path, office: Path) -> None:
    rows = (
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,HOLDER,6,12/1/2010 8:26,2.50,17850.0,United Kingdom\n"
    )
    [line] = read(tmp_path, rows, load_mappings(office)["online_retail"])
    assert isinstance(line, AccountingLine)
    assert line.at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert line.content == "dc14aab7ed857f7bd80550a0781340957ab9f27d"
