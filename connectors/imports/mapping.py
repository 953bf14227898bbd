"""`office/imports/NAME.toml`: which column of a shop's export is what, and how its rows are told apart."""

import codecs
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from contracts.base import Frozen, content_hash
from contracts.notation import check_format, parsed, zone_named
from contracts.office import OfficeInvalid, Problem, read_text
from contracts.reconciliation.accounting import LineKind
from contracts.toml_lines import TomlLines, read_toml, toml_problem

FOLDER = "imports"

Names = Annotated[tuple[str, ...], BeforeValidator(lambda said: (said,) if isinstance(said, str) else said)]
"""What a column may be called: one name, or several of which a file has one."""
Sign = Literal["negative", "zero", "positive"]
DayOrder = Literal["day-first", "month-first"]
"""What 3/11 means: 3 November, or 11 March."""
_FIRST = {"day-first": "%d", "month-first": "%m"}
_OTHER = {"%d": "%m", "%m": "%d"}


class Columns(Frozen):
    """The column of each field; capitals and blanks around a name do not matter.

    Attributes:
        amount: the row's whole amount, where the export has no price of one piece.
        quantity: pieces, negative for what came back; without the column each row is one piece.
        type: a word of the export's own that says what a row is, for `kinds`.
    """

    invoice: Names = Field(min_length=1)
    sku: Names = Field(min_length=1)
    at: Names = Field(min_length=1)
    quantity: Names = ()
    unit_price: Names = ()
    amount: Names = ()
    description: Names = ()
    customer: Names = ()
    country: Names = ()
    type: Names = ()

    @model_validator(mode="after")
    def _priced(self) -> "Columns":
        if bool(self.unit_price) == bool(self.amount):
            raise ValueError("name unit_price or amount, one of them")
        return self

    def named(self) -> dict[str, tuple[str, ...]]:
        """Return the fields that the mapping names a column for."""
        return {field: names for field in type(self).model_fields if (names := getattr(self, field))}


class KindRule(Frozen):
    """What a row is if all of this holds of it; what is left out does not matter. Capitals never do."""

    kind: LineKind
    invoice_begins: tuple[str, ...] = ()
    sku: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    quantity: Sign | None = None
    price: Sign | None = None

    @field_validator("invoice_begins", "sku", "type")
    @classmethod
    def _capitals(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(word.upper() for word in words)

    @property
    def always(self) -> bool:
        """True if it holds of every row."""
        return not self.model_dump(exclude={"kind"}, exclude_defaults=True)

    def holds(self, invoice: str, sku: str, word: str, quantity: int, price: Decimal) -> bool:
        """Say whether a row is of this kind; texts in capitals."""
        return (
            (not self.invoice_begins or invoice.startswith(self.invoice_begins))
            and (not self.sku or sku in self.sku)
            and (not self.type or word in self.type)
            and self.quantity in (None, _sign(quantity))
            and self.price in (None, _sign(price))
        )


class ImportMapping(Frozen):
    """How one kind of export is read.

    Attributes:
        decimal: what stands before the fraction of a number.
        grouping: what may stand between its thousands; nothing by default.
        dates: the formats of moments, tried in order, each `iso` or as Python's `strptime`
            takes it. Which of 1/12 is the month is said here, never guessed.
        time_zone: of moments that name none.
        encoding: of files without a byte order mark.
        delimiter: between fields; recognised by the columns if it is empty.
        strip_suffix: what is cut from the end of a field, for instance `.0` of a customer's number.
        kinds: the first rule that holds says what a row is; the last one holds always.
    """

    note: str = ""
    decimal: Literal[".", ","] = "."
    grouping: Literal["", ".", ",", "'", " "] = ""
    dates: tuple[str, ...] = Field(min_length=1)
    time_zone: str = "UTC"
    encoding: str = "utf-8"
    delimiter: str = Field(default="", max_length=1)
    columns: Columns
    strip_suffix: dict[str, str] = {}
    kinds: tuple[KindRule, ...] = Field(min_length=1)

    @field_validator("dates")
    @classmethod
    def _whole_days(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for format_ in formats:
            check_format(format_)
        return formats

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        zone_named(name)
        return name

    @field_validator("encoding")
    @classmethod
    def _codec(cls, name: str) -> str:
        try:
            codecs.lookup(name)
        except LookupError:
            raise ValueError(f"no encoding {name!r}") from None
        return name

    @field_validator("strip_suffix")
    @classmethod
    def _of_fields(cls, suffixes: dict[str, str]) -> dict[str, str]:
        if strangers := [field for field in suffixes if field not in Columns.model_fields]:
            raise ValueError(f"no field {', '.join(strangers)}")
        return suffixes

    @field_validator("kinds")
    @classmethod
    def _ends(cls, rules: tuple[KindRule, ...]) -> tuple[KindRule, ...]:
        if [rule.always for rule in rules] != [False] * (len(rules) - 1) + [True]:
            raise ValueError("the last kind, and only the last, has no condition")
        return rules

    @model_validator(mode="after")
    def _numbers(self) -> "ImportMapping":
        if self.grouping == self.decimal:
            raise ValueError("decimal and grouping cannot be the same")
        return self

    @property
    def says_decimal(self) -> bool:
        """Whether it says what the signs of a number mean; else `4.505` may be either."""
        return bool(self.grouping) or "decimal" in self.model_fields_set

    @property
    def version(self) -> str:
        """The hash of what it says: a file read by another mapping is read anew."""
        return content_hash(self)

    def moment(self, text: str) -> datetime | None:
        """Return what a date of the file means, by the first format that it has, or None."""
        return next((found for format_ in self.dates if (found := parsed(text, format_))), None)

    def with_days(self, order: DayOrder) -> "ImportMapping":
        """Return the mapping with the dates of a file as a person says that it writes them."""
        first = _FIRST[order]
        dates = (
            _swapped(one) if _both(one) and one.index(first) > one.index(_OTHER[first]) else one
            for one in self.dates
        )
        return self.model_copy(update={"dates": tuple(dates)})

    def with_fees(self, codes: Iterable[str]) -> "ImportMapping":
        """Return the mapping with more codes of goods that are fees."""
        if not (more := tuple(codes)):
            return self
        kinds = [rule.kind for rule in self.kinds]
        place = kinds.index(LineKind.FEE) if LineKind.FEE in kinds else 0
        fee = KindRule(kind=LineKind.FEE, sku=more)
        return self.model_copy(update={"kinds": (*self.kinds[:place], fee, *self.kinds[place:])})


def load_mappings(office: Path) -> dict[str, ImportMapping]:
    """Read every mapping of an office, by name.

    Raises:
        OfficeInvalid: with every problem of every file.
    """
    found: dict[str, ImportMapping] = {}
    problems: list[Problem] = []
    for path in sorted((office / FOLDER).glob("*.toml")):
        try:
            found[path.stem] = read_mapping(path)
        except OfficeInvalid as invalid:
            problems += invalid.problems
    if problems:
        raise OfficeInvalid(problems)
    return found


def read_mapping(path: Path) -> ImportMapping:
    """Read one mapping.

    Raises:
        OfficeInvalid: with every problem found, each with its line.
    """
    file, text = f"{FOLDER}/{path.name}", read_text(path)
    mapping = read_toml(text, ImportMapping, file, "see the fields in docs/imports.md")
    if problems := _taken_twice(mapping.columns, TomlLines(text), file):
        raise OfficeInvalid(problems)
    return mapping


def check_imports(office: Path) -> list[Problem]:
    """Return what is wrong with the office's mappings of exports."""
    try:
        load_mappings(office)
    except OfficeInvalid as invalid:
        return invalid.problems
    return []


def _taken_twice(columns: Columns, lines: TomlLines, file: str) -> list[Problem]:
    owners: dict[str, str] = {}
    problems = []
    for field, names in columns.named().items():
        for name in names:
            owner = owners.setdefault(folded(name), field)
            if owner != field:
                what = f"the column {name!r} is {owner} already"
                problems.append(toml_problem(file, lines, ("columns", field), what, "name another column"))
    return problems


def folded(name: str) -> str:
    """Return a column's name as it is compared: without capitals, and one blank for several."""
    return " ".join(name.split()).casefold()


def fitting(mappings: dict[str, ImportMapping], header: Sequence[str]) -> list[str]:
    """Return the names of the mappings whose every column a header has."""
    there = {folded(name) for name in header}
    return [
        name
        for name, mapping in mappings.items()
        if all(any(folded(each) in there for each in names) for names in mapping.columns.named().values())
    ]


def day_order(format_: str) -> DayOrder | None:
    """Return which of day and month a format of two numbers has first; None where nobody mistakes them."""
    if not _both(format_):
        return None
    return "day-first" if format_.index("%d") < format_.index("%m") else "month-first"


def _both(format_: str) -> bool:
    return "%d" in format_ and "%m" in format_ and not format_.startswith(("%Y", "%y"))


def _swapped(format_: str) -> str:
    return re.sub("%[dm]", lambda found: _OTHER[found[0]], format_)


def _sign(value: int | Decimal) -> Sign:
    return "zero" if value == 0 else "negative" if value < 0 else "positive"
