"""A mapping that cannot work is found by `kontor check`, with its line, before a file is read."""

import shutil
from pathlib import Path

import pytest

from connectors.imports.mapping import check_imports

WRONG = [
    ('decimal = "."', 'decimal = ";"', 6, "decimal: must be"),
    ('decimal = "."', 'decimal = "."\ngrouping = "."', 0, "decimal and grouping cannot be the same"),
    ('"iso"]', '"%d.%m"]', 7, "dates: '%d.%m' does not name year, month and day"),
    ('note = "', 'time_zone = "Europe/Berlim"\nnote = "', 5, "no time zone 'Europe/Berlim'"),
    ('note = "', 'encoding = "klingon"\nnote = "', 5, "no encoding 'klingon'"),
    ('sku = "StockCode"', "", 9, "[columns] sku: is missing"),
    ('unit_price = ["UnitPrice", "Price"]', "", 9, "name unit_price or amount"),
    ('country = "Country"', 'country = "Quantity"', 17, "the column 'Quantity' is quantity already"),
    ('country = "Country"', 'land = "Country"', 17, "no such field (see the fields in docs/imports.md)"),
    ('customer = ".0"', 'shopper = ".0"', 19, "no field shopper"),
    ('kind = "gift"\nprice = "zero"', 'kind = "gift"', 24, "the last kind, and only the last"),
    ('kind = "gift"', 'kind = "present"', 46, "kind: must be"),
    ("[columns]", "[columns", 9, "not TOML"),
]


@pytest.fixture
def mapping(office: Path, tmp_path: Path) -> Path:
    shutil.copytree(office / "imports", tmp_path / "imports")
    return tmp_path / "imports" / "online_retail.toml"


def test_the_example_offices_mapping_is_sound(office: Path) -> None:
    assert check_imports(office) == []


def test_an_office_without_exports_needs_no_mapping(tmp_path: Path) -> None:
    assert check_imports(tmp_path) == []


@pytest.mark.parametrize(("there", "instead", "line", "words"), WRONG, ids=[words for *_, words in WRONG])
def test_what_cannot_work_is_named_with_its_line(
    mapping: Path, there: str, instead: str, line: int, words: str
) -> None:
    text = mapping.read_text()
    assert there in text
    mapping.write_text(text.replace(there, instead, 1))
    problems = check_imports(mapping.parent.parent)
    place = f"imports/online_retail.toml:{line}" if line else "imports/online_retail.toml"
    assert [
        problem for problem in map(str, problems) if problem.startswith(f"{place}: ") and words in problem
    ], problems
