"""Lines of an accounting export: what each is, and what is wrong with it."""

import hashlib
from datetime import datetime
from enum import StrEnum

from contracts.base import Frozen


class LineKind(StrEnum):
    """What a line is, by what it says of itself.

    `sale`: goods sold. `credit`: goods taken back on a credit note. `fee`: postage, discounts,
    charges, not goods. `gift`: goods for nothing. `stock`: a count or write-off, no customer.
    `adjustment`: money without goods, as bad debt.
    """

    SALE = "sale"
    CREDIT = "credit"
    FEE = "fee"
    GIFT = "gift"
    STOCK = "stock"
    ADJUSTMENT = "adjustment"


class LineFinding(StrEnum):
    """What is wrong with a line, seen beside all others.

    `duplicate`: the same line stands in the same export before. `credit without sale`: this
    customer never bought these goods in the imported books before. `above bought`: more came back
    than was bought until then.
    """

    DUPLICATE = "duplicate"
    CREDIT_WITHOUT_SALE = "credit without sale"
    ABOVE_BOUGHT = "above bought"


class AccountingLine(Frozen):
    """One readable line.

    Attributes:
        number: the line of the file it ends on, from 1 for the header.
        quantity: negative for what came back.
        amount_cents: quantity times unit price, rounded half up.
        customer: the shop's own number of the customer, empty if it names none.
    """

    number: int
    invoice: str
    sku: str
    description: str
    quantity: int
    at: datetime
    unit_price: str
    amount_cents: int
    customer: str
    country: str
    kind: LineKind

    @property
    def content(self) -> str:
        """The hash of what the line says, wherever it stands and whatever kind it was taken for."""
        said = self.model_dump(mode="json", exclude={"number", "kind"})
        return hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest()[:40]


class BadLine(Frozen):
    """One line that cannot be read, and why."""

    number: int
    why: str


class ImportReport(Frozen):
    """What an import did.

    Attributes:
        known: the file was imported to its end before; nothing was read.
        resumed_at: the record the import went on from; 0 for the beginning.
        fresh: lines that no earlier export held.
    """

    export_id: str
    name: str
    read: int
    fresh: int
    bad: tuple[BadLine, ...] = ()
    bad_count: int = 0
    known: bool = False
    resumed_at: int = 0


class AccountingTotal(Frozen):
    """How many lines are of one kind with one finding, and their money."""

    kind: LineKind
    finding: LineFinding | None
    count: int
    amount_cents: int
