"""Changing an order that has not left the house: other items, another address, another way to pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.refusal import Refused

if TYPE_CHECKING:
    from sandbox.channels.shop import Counter
    from sandbox.world import Entry

OPEN = ("pending",)
"""A packed order is changed no more."""


@dataclass(frozen=True)
class Swap:
    """One whole order line, and what it becomes."""

    line: str
    sku: str
    quantity: int
    new_sku: str


class Changes:
    """What one channel changes, and takes back."""

    def __init__(self, counter: "Counter") -> None:
        """Stand at a channel's counter."""
        self._counter = counter
        self._world, self._channel = counter.world, counter.channel

    def items(self, order: str, swaps: Sequence[Swap], client_reference: str | None = None) -> "Entry":
        """Make whole lines another variant of their product, at its price; the difference is paid apart."""
        self._open(order)
        known = {row["id"]: dict(row) for row in self._world.lines(self._channel, order)}
        before = [self._swapped(order, known, swap) for swap in swaps]
        lines = [swap.__dict__ for swap in swaps]
        return self._enter(order, client_reference, what="items", lines=lines, before=before)

    def address(self, order: str, address: str, client_reference: str | None = None) -> "Entry":
        """Send it elsewhere."""
        self._open(order)
        if not address.strip():
            raise Refused(422, "invalid", "the address is empty")
        return self._enter(order, client_reference, what="address", address=address)

    def payment(self, order: str, method: str, client_reference: str | None = None) -> "Entry":
        """Let another method of the customer's pay for it; the channel moves what was paid."""
        row = self._open(order)
        if method not in [each["id"] for each in self._world.methods(self._channel, order)]:
            raise Refused(422, "other_payment_method", f"{method} is no method of this customer's")
        if method == row["payment_method"]:
            raise Refused(409, "same_payment_method", f"order {order} is paid by {method} already")
        if self._world.payments(self._channel, order):
            raise Refused(409, "several_payments", f"order {order} is paid in several ways")
        self._pay_by(order, method)
        return self._enter(
            order, client_reference, what="payment", method=method, before=row["payment_method"]
        )

    def take_back(self, entry: "Entry") -> None:
        """Make an order what it was before a change."""
        self._open(entry.order_id)
        before: Any = entry.detail.get("before")
        if entry.detail["what"] == "payment":
            self._pay_by(entry.order_id, before)
        for line in before if entry.detail["what"] == "items" else ():
            self._put(entry.order_id, line)

    def _open(self, order: str) -> dict[str, Any]:
        row = self._counter.order(order)
        if row["status"] not in OPEN:
            raise Refused(409, "already_shipped", f"order {order} is {row['status']}")
        return row

    def _swapped(self, order: str, known: dict[str, dict[str, Any]], swap: Swap) -> dict[str, Any]:
        """Put another variant into a line; return the line as it was."""
        line = known.get(swap.line)
        if line is None or (line["sku"], line["quantity"]) != (swap.sku, swap.quantity):
            raise Refused(
                422, "unknown_line", f"order {order} has no line {swap.line} of {swap.quantity} {swap.sku}"
            )
        new = self._world.variant(self._channel, swap.new_sku)
        if new is None or new["product"] != line["product"]:
            raise Refused(422, "other_product", f"{swap.new_sku} is no {line['name']}")
        if new["available"] < swap.quantity:
            raise Refused(409, "out_of_stock", f"{new['available']} of {swap.new_sku} available")
        fields = {"sku": new["sku"], "options": new["options"], "unit_price_cents": new["price_cents"]}
        self._put(order, {**line, **fields})
        return line

    def _put(self, order: str, line: dict[str, Any]) -> None:
        """Write a line, and move the stock of what it was and is."""
        [was] = [row for row in self._world.lines(self._channel, order) if row["id"] == line["id"]]
        self._world.add_stock(self._channel, was["sku"], was["quantity"])
        self._world.add_stock(self._channel, line["sku"], -line["quantity"])
        self._world.db.execute(
            "UPDATE lines SET sku = ?, options = ?, unit_price_cents = ?"
            " WHERE channel = ? AND order_id = ? AND id = ?",
            (line["sku"], line["options"], line["unit_price_cents"], self._channel, order, line["id"]),
        )

    def _pay_by(self, order: str, method: str) -> None:
        self._world.db.execute(
            "UPDATE orders SET payment_method = ? WHERE channel = ? AND id = ?",
            (method, self._channel, order),
        )

    def _enter(self, order: str, client_reference: str | None, **detail: object) -> "Entry":
        return self._counter.enter("change", order, detail, client_reference)
