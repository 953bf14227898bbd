"""What an outside system itself says happened, page by page: the other side of the books."""

from datetime import datetime

from contracts.frozen import Frozen


class OutsideEntry(Frozen):
    """One thing the outside system lists.

    Attributes:
        operation: the write operation of the manifest that it corresponds to.
        key: our effect's key, where the system keeps it.
        amount_cents: always positive, as the ledger writes it.
    """

    connector: str
    operation: str
    reference: str
    key: str | None = None
    amount_cents: int
    at: datetime


class OutsidePage(Frozen):
    """One page; `next_cursor` is the place to go on from. Without entries, or with None, it is the end."""

    entries: tuple[OutsideEntry, ...]
    next_cursor: str | None = None
