"""Reading an accounting export in CSV as shops write it: one record in memory at a time, none lost."""

import csv
import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from connectors.imports.mapping import Columns, ImportMapping, fitting, folded
from connectors.imports.numbers import Numbers
from contracts.bounds import MOST_CENTS
from contracts.money import minor_digits, to_minor
from contracts.notation import zone_named
from contracts.reconciliation.accounting import AccountingLine, BadLine

DELIMITERS = (",", ";", "\t", "|")
MOST_LINES = 200
"""So many lines one record may take; a quote that is open for longer was never closed."""
_CHUNK_BYTES = 1 << 20
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_NOISE = Decimal("0.001")
"""Of a minor unit: what a program that reckons in binary fractions leaves behind."""


class NotAnExport(Exception):
    """The file has no header that names the columns; the message says which are missing."""


@dataclass(frozen=True)
class Layout:
    """How a file is written.

    Attributes:
        header: the names of its columns.
        skipped: lines before the header.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skipped: int = 0


def file_id(path: Path, mapping: ImportMapping) -> str:
    """Return the SHA-256 of a file's content and of how it is read."""
    digest = hashlib.sha256(mapping.version.encode())
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def choose_mapping(path: Path, mappings: dict[str, ImportMapping], name: str = "") -> ImportMapping:
    """Return the mapping that a file is to be read by.

    Args:
        path: the export.
        mappings: the office's, by name.
        name: the one that a person named; otherwise the only one, or the one whose columns the file has.

    Raises:
        NotAnExport: there is no such mapping, none fits, or several do.
    """
    known = ", ".join(mappings) or "none"
    if name and name not in mappings:
        raise NotAnExport(f"the office has no mapping {name!r} in imports/; it has: {known}")
    if name or len(mappings) == 1:
        return mappings[name or next(iter(mappings))]
    fits = [
        each
        for each, mapping in mappings.items()
        if fitting({each: mapping}, layout_of(path, mapping).header)
    ]
    if len(fits) == 1:
        return mappings[fits[0]]
    what = f"{', '.join(fits)} fit" if fits else "no mapping fits"
    raise NotAnExport(f"{path}: {what}; say --mapping NAME, one of: {known}")


def layout_of(path: Path, mapping: ImportMapping) -> Layout:
    """Return how a file is written: by its byte order mark, its `sep=` line, and its columns."""
    encoding = _encoding(path, mapping)
    with _opened(path, encoding) as file:
        blank = 0
        while (first := file.readline()) and not first.strip():
            blank += 1
        said = _SEP.fullmatch(first)
        head = [line for _, line in zip(range(MOST_LINES), file, strict=False)]
    if said is None:
        head.insert(0, first)
    one_of = (mapping.delimiter,) if mapping.delimiter else (said[1],) if said else DELIMITERS
    headers = {each: tuple(next(csv.reader(head, delimiter=each), [])) for each in one_of}
    wanted = {folded(name) for names in mapping.columns.named().values() for name in names}
    best = max(one_of, key=lambda each: sum(folded(name) in wanted for name in headers[each]))
    return Layout(encoding, best, headers[best], skipped=blank + (1 if said else 0))


def read_export(
    path: Path, mapping: ImportMapping, currency: str, *, on_progress: Callable[[int], None] | None = None
) -> Iterator[AccountingLine | BadLine]:
    """Yield every record behind the header, good or bad, in order; blank lines are none.

    Args:
        path: the export.
        mapping: what its columns are.
        currency: of its amounts: books have one.
        on_progress: called with the bytes read so far, now and then.

    Raises:
        NotAnExport: a column is missing, or stands there twice.
        ValueError: the currency is unknown.
    """
    minor_digits(currency)
    layout = layout_of(path, mapping)
    rows = _Rows(mapping, layout, _places(path, mapping.columns, layout), currency)
    with _opened(path, layout.encoding) as file:
        lines = _counted(file, on_progress)
        for _ in range(layout.skipped):
            next(lines)
        records = _records(lines, layout, first=layout.skipped + 1)
        next(records, None)
        for number, record in records:
            if isinstance(record, str):
                yield BadLine(number=number, why=record)
            elif any(field.strip() for field in record):
                yield rows.read(number, record)


def column_of(path: Path, mapping: ImportMapping, field: str) -> Iterator[tuple[int, str]]:
    """Yield what stands in a field's column of every record that can be cut up, with the record's number.

    Raises:
        NotAnExport: a column is missing, or stands there twice.
    """
    layout = layout_of(path, mapping)
    place = _places(path, mapping.columns, layout)[field]
    with _opened(path, layout.encoding) as file:
        lines = _counted(file, None)
        for _ in range(layout.skipped):
            next(lines)
        records = _records(lines, layout, first=layout.skipped + 1)
        next(records, None)
        for number, record in records:
            if not isinstance(record, str) and place < len(record):
                yield number, record[place].strip()


def _opened(path: Path, encoding: str) -> TextIOWrapper:
    # What does not decode must spoil its own line only: bytes are kept as lone surrogates, or replaced.
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    return path.open(encoding=encoding, errors=errors, newline="")


def _encoding(path: Path, mapping: ImportMapping) -> str:
    with path.open("rb") as file:
        begin = file.read(512)
    for mark, encoding in _MARKS:
        if begin.startswith(mark):
            return encoding
    # UTF-16 without a mark: every other byte of plain text is zero.
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = begin[offset::2]
        if half and half.count(0) > len(half) // 2:
            return encoding
    return mapping.encoding


def _counted(file: TextIOWrapper, on_progress: Callable[[int], None] | None) -> Iterator[str]:
    raw = file.buffer
    assert isinstance(raw, BufferedReader)
    for number, line in enumerate(file):
        if on_progress is not None and number % 1000 == 0:
            on_progress(raw.tell())
        yield line


def _records(lines: Iterator[str], layout: Layout, first: int) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each record with the line it ends on, or why the line is none.

    A quote that is never closed would swallow what follows, to the end of the file or to the next quote of
    another row: its line is given up alone, and the lines behind it are read again.
    """
    ahead: deque[str] = deque()
    number = first - 1
    while True:
        taken: list[str] = []
        feed = _Feed(lines, ahead, taken)
        try:
            record: list[str] | str | None = next(csv.reader(feed, delimiter=layout.delimiter), None)
        except csv.Error as wrong:
            record = str(wrong)
        if not taken:
            return
        if feed.starved or isinstance(record, str) or not _is_one(record, taken, layout):
            ahead.extendleft(reversed(taken[1:]))
            del taken[1:]
            record = record if isinstance(record, str) else "a quote is opened and never closed"
        number += len(taken)
        yield number, record if record is not None else []


def _is_one(record: list[str] | None, taken: list[str], layout: Layout) -> bool:
    """Say whether what spans lines is one record; two rows that a quote left open ran together are not."""
    if not taken[1:] or not record:
        return True
    width = len(layout.header)
    whole = [line.count(layout.delimiter) >= width - 1 for line in taken]
    if whole[0] and any(whole[1:]):
        return False
    try:
        next(csv.reader(taken, delimiter=layout.delimiter, strict=True))
    except csv.Error:
        return False
    return len(_cut(record, width)) == width


def _cut(record: list[str], width: int) -> list[str]:
    """Return a record without the empty fields that table programs leave at the end of a line."""
    while len(record) > width and not record[-1].strip():
        record = record[:-1]
    return record


class _Feed:
    """Lines for one record: those read ahead before, then the file's; `starved` when they ran out."""

    def __init__(self, lines: Iterator[str], ahead: deque[str], taken: list[str]) -> None:
        self._lines = lines
        self._ahead = ahead
        self._taken = taken
        self.starved = False

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._lines, None)
        if line is None or len(self._taken) >= MOST_LINES:
            if line is not None:
                self._ahead.appendleft(line)
            self.starved = True
            raise StopIteration
        self._taken.append(line)
        return line


def _places(path: Path, columns: Columns, layout: Layout) -> dict[str, int]:
    """Return where each field stands in a record."""
    there = [folded(name) for name in layout.header]
    places, missing = {}, []
    for field, names in columns.named().items():
        found = [place for place, name in enumerate(there) if name in {folded(each) for each in names}]
        if len(found) > 1:
            raise NotAnExport(f"{path}: the header has several columns for {field}: {' or '.join(names)}")
        if found:
            places[field] = found[0]
        else:
            missing.append(" or ".join(names))
    if missing:
        raise NotAnExport(f"{path}: the header has no {', '.join(missing)}")
    return places


_WINDOWS = ': an export of Windows is read with encoding = "cp1252" in its mapping'


class _Rows:
    """Makes lines of records, by one mapping."""

    def __init__(
        self, mapping: ImportMapping, layout: Layout, places: Mapping[str, int], currency: str
    ) -> None:
        self._mapping = mapping
        self._places = places
        self._currency = currency
        self._names = {field: layout.header[place].strip() for field, place in places.items()}
        self._width = len(layout.header)
        self._encoding = layout.encoding.removesuffix("-sig").upper()
        self._otherwise = _WINDOWS if layout.encoding == "utf-8" else ""
        self._spoilt = re.compile("\ufffd" if layout.encoding.startswith("utf-16") else "[\udc80-\udcff]")
        self._zone = zone_named(mapping.time_zone)
        self._numbers = Numbers(mapping, self._names, currency)
        self._moment = lru_cache(maxsize=1024)(self._moment_of)

    def read(self, number: int, record: list[str]) -> AccountingLine | BadLine:
        """Return a record as a line, or why it cannot be read."""
        record = _cut(record, self._width)
        if len(record) != self._width:
            return BadLine(number=number, why=f"{len(record)} fields where the header has {self._width}")
        if any(self._spoilt.search(field) for field in record):
            return BadLine(number=number, why=f"not {self._encoding}{self._otherwise}")
        try:
            return self._line(number, record)
        except ValueError as wrong:
            return BadLine(number=number, why=str(wrong))

    def _line(self, number: int, record: list[str]) -> AccountingLine:
        suffixes = self._mapping.strip_suffix
        said = {
            field: record[place].strip().removesuffix(suffixes.get(field, ""))
            for field, place in self._places.items()
        }
        for field in ("invoice", "sku"):
            if not said[field]:
                raise ValueError(f"{self._names[field]} is empty")
        quantity = self._numbers.quantity(said["quantity"]) if "quantity" in said else 1
        price, amount = self._money(said, quantity)
        cents = to_minor(amount, self._currency).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        if abs(cents) > MOST_CENTS:
            raise ValueError(f"{amount:f} is more than any amount that is taken")
        invoice, sku, word = said["invoice"].upper(), said["sku"].upper(), said.get("type", "").upper()
        rules = self._mapping.kinds
        return AccountingLine(
            number=number,
            invoice=invoice,
            sku=sku,
            description=said.get("description", ""),
            quantity=quantity,
            at=self._moment(said["at"]),
            unit_price=str(price.normalize()),
            amount_cents=int(cents),
            customer=said.get("customer", ""),
            country=said.get("country", ""),
            kind=next(rule.kind for rule in rules if rule.holds(invoice, sku, word, quantity, price)),
        )

    def _money(self, said: Mapping[str, str], quantity: int) -> tuple[Decimal, Decimal]:
        """Return the price of one piece and the amount of the row."""
        if "unit_price" in said:
            price = self._numbers.amount("unit_price", said["unit_price"])
            return price, price * quantity
        amount = self._numbers.amount("amount", said["amount"])
        minor = to_minor(amount, self._currency)
        if abs(minor - round(minor)) > _NOISE:
            smaller = f"has a part smaller than the smallest of {self._currency}"
            raise ValueError(
                f"{self._names['amount']} {said['amount']!r} {smaller}: correct it in the export"
            )
        return round(amount / quantity, 6), amount

    def _moment_of(self, text: str) -> datetime:
        moment = self._mapping.moment(text)
        if moment is None:
            raise ValueError(f"{self._names['at']} {text!r} is no date")
        return moment.replace(tzinfo=self._zone) if moment.tzinfo is None else moment
