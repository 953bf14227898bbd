"""Everything that the channels know and did, in one SQLite file of their own."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CHANNELS = ("webshop", "marketplace", "store")
"""Where things are sold."""
OUTLETS = ("blog", "social")
"""Where texts are published."""
SYSTEMS = (*CHANNELS, *OUTLETS)

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    channel TEXT NOT NULL, id TEXT NOT NULL, customer TEXT NOT NULL, member_level TEXT NOT NULL,
    status TEXT NOT NULL, status_before TEXT, currency TEXT NOT NULL, placed_at TEXT NOT NULL,
    delivered_at TEXT, paid_cents INTEGER NOT NULL, refunded_before_cents INTEGER NOT NULL,
    payment_method TEXT NOT NULL, tracking TEXT NOT NULL, PRIMARY KEY (channel, id));
CREATE TABLE IF NOT EXISTS lines (
    channel TEXT NOT NULL, order_id TEXT NOT NULL, id TEXT NOT NULL, sku TEXT NOT NULL,
    product TEXT NOT NULL, name TEXT NOT NULL, options TEXT NOT NULL, quantity INTEGER NOT NULL,
    returned_quantity INTEGER NOT NULL, unit_price_cents INTEGER NOT NULL,
    PRIMARY KEY (channel, order_id, id));
CREATE TABLE IF NOT EXISTS order_terms (
    channel TEXT NOT NULL, order_id TEXT NOT NULL, discount_cents INTEGER NOT NULL,
    tax_cents INTEGER NOT NULL, shipping_cents INTEGER NOT NULL, PRIMARY KEY (channel, order_id));
CREATE TABLE IF NOT EXISTS line_terms (
    channel TEXT NOT NULL, order_id TEXT NOT NULL, id TEXT NOT NULL, discount_cents INTEGER NOT NULL,
    tax_cents INTEGER NOT NULL, refunded_before INTEGER NOT NULL, PRIMARY KEY (channel, order_id, id));
CREATE TABLE IF NOT EXISTS payments (
    channel TEXT NOT NULL, order_id TEXT NOT NULL, method TEXT NOT NULL, paid_cents INTEGER NOT NULL,
    refunded_before_cents INTEGER NOT NULL, PRIMARY KEY (channel, order_id, method));
CREATE TABLE IF NOT EXISTS methods (
    channel TEXT NOT NULL, order_id TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
    brand TEXT NOT NULL, last_four TEXT NOT NULL, PRIMARY KEY (channel, order_id, id));
CREATE TABLE IF NOT EXISTS contacts (
    channel TEXT NOT NULL, order_id TEXT NOT NULL, email TEXT NOT NULL, PRIMARY KEY (channel, order_id));
CREATE TABLE IF NOT EXISTS parcels (
    channel TEXT NOT NULL, order_id TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (channel, order_id));
CREATE TABLE IF NOT EXISTS variants (
    channel TEXT NOT NULL, sku TEXT NOT NULL, product TEXT NOT NULL, name TEXT NOT NULL,
    options TEXT NOT NULL, price_cents INTEGER NOT NULL, available INTEGER NOT NULL,
    PRIMARY KEY (channel, sku));
CREATE INDEX IF NOT EXISTS variants_of_product ON variants (channel, product);
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, kind TEXT NOT NULL,
    order_id TEXT NOT NULL, amount_cents INTEGER NOT NULL, currency TEXT NOT NULL,
    payment_method TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
    client_reference TEXT, undoes INTEGER, undone_by INTEGER, made_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS entries_of_order ON entries (channel, order_id, kind);
CREATE INDEX IF NOT EXISTS entries_of_kind ON entries (channel, kind, number);
CREATE INDEX IF NOT EXISTS entries_of_reference ON entries (channel, client_reference);
CREATE INDEX IF NOT EXISTS entries_of_undone ON entries (channel, undoes);
CREATE TABLE IF NOT EXISTS remembered_answers (
    channel TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
    answer TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (channel, key));
"""

OF_AN_ORDER = ("lines", "order_terms", "line_terms", "payments", "methods", "contacts", "parcels", "entries")
"""The tables that hold something of an order by its `order_id`."""


@dataclass(frozen=True)
class Entry:
    """One thing a channel really did: a refund, a message, a mark, or the undoing of one."""

    number: int
    channel: str
    kind: str
    order_id: str
    amount_cents: int
    currency: str
    payment_method: str
    reason: str
    detail: dict[str, object]
    client_reference: str | None
    undoes: int | None
    undone_by: int | None
    made_at: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> "Entry":
        """Read a row of the table `entries`."""
        return cls(**{**dict(row), "detail": json.loads(row["detail"])})


class World:
    """The sandbox's database. One thread uses it: the server's event loop.

    Args:
        file: the SQLite file; it survives restarts. `:memory:` for a world that does not.
        clock: what time it is; tests move it to see keys expire.
    """

    def __init__(self, file: Path | str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Open the file and make its tables if they are not there yet."""
        if str(file) != ":memory:":
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self.db = sqlite3.connect(str(file), isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: committed at the end, rolled back on any exception."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def now(self) -> str:
        """The current moment as ISO 8601 in UTC, with microseconds, so that text order is time order."""
        return self.clock().astimezone(UTC).isoformat(timespec="microseconds")

    def ago(self, days: float) -> str:
        """The moment so many days before now, as `now` writes it."""
        return (self.clock().astimezone(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")

    def wipe(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in (*OF_AN_ORDER, "orders", "variants", "remembered_answers"):
                self.db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand here and in OF_AN_ORDER

    def order(self, channel: str, order_id: str) -> sqlite3.Row | None:
        """One order's row."""
        row: sqlite3.Row | None = self.db.execute(
            "SELECT * FROM orders WHERE channel = ? AND id = ?", (channel, order_id)
        ).fetchone()
        return row

    def orders_of(self, channel: str, customer: str = "", email: str = "", limit: int = 100) -> list[str]:
        """Ids of a customer's orders, the newest first: by reference, by mail address, or both."""
        rows = self.db.execute(
            "SELECT id FROM orders LEFT JOIN contacts ON contacts.channel = orders.channel AND order_id = id"
            " WHERE orders.channel = ? AND (? = '' OR customer = ?) AND (? = '' OR email = ?)"
            " AND ? || ? != '' ORDER BY placed_at DESC LIMIT ?",
            (channel, customer, customer, email.lower(), email.lower(), customer, email, limit),
        )
        return [row["id"] for row in rows]

    def lines(self, channel: str, order_id: str) -> list[sqlite3.Row]:
        """An order's lines, as they were entered."""
        return self.db.execute(
            "SELECT * FROM lines WHERE channel = ? AND order_id = ? ORDER BY rowid", (channel, order_id)
        ).fetchall()

    def terms(self, channel: str, order_id: str) -> dict[str, int]:
        """What an order got off, its tax and its postage, in cents: nothing of an order loaded without."""
        row = self.db.execute(
            "SELECT discount_cents, tax_cents, shipping_cents FROM order_terms"
            " WHERE channel = ? AND order_id = ?",
            (channel, order_id),
        ).fetchone()
        return dict(row) if row else {"discount_cents": 0, "tax_cents": 0, "shipping_cents": 0}

    def line_terms(self, channel: str, order_id: str) -> dict[str, sqlite3.Row]:
        """What each line got off, its tax, and how many pieces were refunded before the sandbox's time."""
        rows = self.db.execute(
            "SELECT * FROM line_terms WHERE channel = ? AND order_id = ?", (channel, order_id)
        )
        return {row["id"]: row for row in rows}

    def payments(self, channel: str, order_id: str) -> list[sqlite3.Row]:
        """The ways an order was paid, as they were entered; none where it was paid in one."""
        return self.db.execute(
            "SELECT * FROM payments WHERE channel = ? AND order_id = ? ORDER BY rowid", (channel, order_id)
        ).fetchall()

    def methods(self, channel: str, order_id: str) -> list[sqlite3.Row]:
        """The ways in which the order's customer can pay, as they were entered."""
        return self.db.execute(
            "SELECT id, kind, brand, last_four FROM methods"
            " WHERE channel = ? AND order_id = ? ORDER BY rowid",
            (channel, order_id),
        ).fetchall()

    def variants(self, channel: str, order_id: str) -> list[sqlite3.Row]:
        """All ways in which the products of an order can be had in its channel."""
        return self.db.execute(
            "SELECT * FROM variants WHERE channel = ? AND product IN"
            " (SELECT product FROM lines WHERE channel = ? AND order_id = ?) ORDER BY rowid",
            (channel, channel, order_id),
        ).fetchall()

    def variant(self, channel: str, sku: str) -> sqlite3.Row | None:
        """One variant's row, with its stock."""
        row: sqlite3.Row | None = self.db.execute(
            "SELECT * FROM variants WHERE channel = ? AND sku = ?", (channel, sku)
        ).fetchone()
        return row

    def add_stock(self, channel: str, sku: str, quantity: int) -> None:
        """Put pieces on the shelf, or take them off with a negative quantity."""
        self.db.execute(
            "UPDATE variants SET available = available + ? WHERE channel = ? AND sku = ?",
            (quantity, channel, sku),
        )

    def money(self, channel: str, order_id: str, kind: str, reason: str | None = None) -> dict[str, int]:
        """Cents that really moved for an order by this kind of entry, by method, undone ones left out.

        `reason` counts only what moved for it.
        """
        rows = self.db.execute(
            "SELECT payment_method, SUM(amount_cents) AS cents FROM entries"
            " WHERE channel = ? AND order_id = ? AND kind = ? AND undone_by IS NULL"
            " AND reason = COALESCE(?, reason) GROUP BY payment_method",
            (channel, order_id, kind, reason),
        )
        return {row["payment_method"]: row["cents"] for row in rows}

    def parcels(self, channel: str, order_id: str) -> dict[str, Any] | None:
        """What was said of the goods that come back for an order; None if nobody said anything."""
        row = self.db.execute(
            "SELECT state FROM parcels WHERE channel = ? AND order_id = ?", (channel, order_id)
        ).fetchone()
        return json.loads(row["state"]) if row else None

    def set_parcels(self, channel: str, order_id: str, state: dict[str, Any]) -> None:
        """Say what of an order's goods has come back and how it was found, or which parcels are `coming`."""
        self.db.execute(
            "INSERT OR REPLACE INTO parcels VALUES (?, ?, ?)", (channel, order_id, json.dumps(state))
        )

    def entry(self, channel: str, number: int) -> Entry | None:
        """One entry."""
        row = self.db.execute(
            "SELECT * FROM entries WHERE channel = ? AND number = ?", (channel, number)
        ).fetchone()
        return Entry.of(row) if row else None

    def entries(
        self,
        channel: str,
        *,
        kind: str | None = None,
        order_id: str | None = None,
        client_reference: str | None = None,
        undoes: int | None = None,
        after: int = 0,
        limit: int = 1_000_000,
    ) -> list[Entry]:
        """Entries that fit every filter given, oldest first, `after` that number."""
        filters: dict[str, object] = {
            "kind": kind,
            "order_id": order_id,
            "client_reference": client_reference,
            "undoes": undoes,
        }
        given = {column: value for column, value in filters.items() if value is not None}
        where = "".join(f" AND {column} = ?" for column in given)
        rows = self.db.execute(
            f"SELECT * FROM entries WHERE channel = ? AND number > ?{where} ORDER BY number LIMIT ?",  # noqa: S608 - columns are the four names above
            (channel, after, *given.values(), limit),
        )
        return [Entry.of(row) for row in rows]
