"""Reading an accounting export in CSV, one record in memory at a time."""

import csv
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from contracts.accounting import AccountingLine, BadLine, LineKind

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
FEES = frozenset({"POST", "DOT", "M", "D", "C2", "S", "B", "CRUK", "BANK CHARGES", "AMAZONFEE"})
"""Codes that are no goods: postage, carriage, manual entries, discounts, samples, bad debt,
commissions and charges, as the UCI Online Retail export uses them."""
_DATE = "%m/%d/%Y %H:%M"
"""The export's own spelling in its first edition: 12/1/2010 8:26."""
_CHUNK_BYTES = 1 << 20


class NotAnExport(Exception):
    """The file has no header that names the columns; the message says which are missing."""


def file_id(path: Path) -> str:
    """Return the SHA-256 of a file's content, read in chunks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def read_export(
    path: Path, *, fees: frozenset[str] = FEES, told: Callable[[int], None] | None = None
) -> Iterator[AccountingLine | BadLine]:
    """Yield every record behind the header, good or bad, in order.

    Args:
        path: UTF-8, with or without a byte order mark.
        fees: stock codes that are no goods, in capitals.
        told: called with the bytes read so far, now and then.

    Raises:
        NotAnExport: a column is missing.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(_counted(file, told))
        header = next(reader, [])
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise NotAnExport(f"{path}: the header has no {', '.join(missing)}")
        places = {name: header.index(name) for name in COLUMNS}
        for record in reader:
            if record:
                yield _read(reader.line_num, record, len(header), places, fees)


def _counted(file: Iterator[str], told: Callable[[int], None] | None) -> Iterator[str]:
    done = 0
    for number, line in enumerate(file):
        done += len(line)
        if told is not None and number % 1000 == 0:
            told(done)
        yield line


def _read(
    number: int, record: list[str], width: int, places: dict[str, int], fees: frozenset[str]
) -> AccountingLine | BadLine:
    if len(record) != width:
        return BadLine(number=number, why=f"{len(record)} fields where the header has {width}")
    if any("\udc80" <= letter <= "\udcff" for field in record for letter in field):
        return BadLine(number=number, why="not UTF-8")
    said = {name: record[place].strip() for name, place in places.items()}
    try:
        return _line(number, said, fees)
    except ValueError as wrong:
        return BadLine(number=number, why=str(wrong))


def _line(number: int, said: dict[str, str], fees: frozenset[str]) -> AccountingLine:
    for name in ("InvoiceNo", "StockCode"):
        if not said[name]:
            raise ValueError(f"{name} is empty")
    quantity, price = _quantity(said["Quantity"]), _price(said["UnitPrice"])
    cents = (price * quantity * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    sku, invoice = said["StockCode"].upper(), said["InvoiceNo"].upper()
    return AccountingLine(
        number=number,
        invoice=invoice,
        sku=sku,
        description=said["Description"],
        quantity=quantity,
        at=_moment(said["InvoiceDate"]),
        unit_price=str(price.normalize()),
        amount_cents=int(cents),
        customer=said["CustomerID"].removesuffix(".0"),
        country=said["Country"],
        kind=_kind(invoice, sku, quantity, price, fees),
    )


def _kind(invoice: str, sku: str, quantity: int, price: Decimal, fees: frozenset[str]) -> LineKind:
    if invoice.startswith("A"):
        return LineKind.ADJUSTMENT
    if sku in fees:
        return LineKind.FEE
    if invoice.startswith("C"):
        return LineKind.CREDIT
    if quantity < 0:
        return LineKind.STOCK if price == 0 else LineKind.CREDIT
    return LineKind.GIFT if price == 0 else LineKind.SALE


def _quantity(text: str) -> int:
    try:
        quantity = int(text)
    except ValueError:
        raise ValueError(f"Quantity {text!r} is no whole number") from None
    if quantity == 0:
        raise ValueError("Quantity is 0")
    return quantity


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"UnitPrice {text!r} is no number") from None
    if not price.is_finite():
        raise ValueError(f"UnitPrice {text!r} is no amount")
    return price


def _moment(text: str) -> datetime:
    """Read a moment; exports name no zone, and only the order of moments is used."""
    for read in (datetime.fromisoformat, lambda said: datetime.strptime(said, _DATE)):
        try:
            moment = read(text)
        except ValueError:
            continue
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    raise ValueError(f"InvoiceDate {text!r} is no date")


def content_of(line: AccountingLine) -> str:
    """Return the hash of what a line says, wherever it stands."""
    said = line.model_dump(mode="json", exclude={"number", "kind"})
    return hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest()[:40]
