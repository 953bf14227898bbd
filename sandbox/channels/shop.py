"""What one channel does when it is asked: its business rules, the same behind every door.

Nothing here knows idempotency: asked twice, a channel does it twice, as long as its rules allow.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.channels.changes import Changes
from sandbox.channels.parcels import arrived
from sandbox.refusal import Refused
from sandbox.world import Entry, World

UNSHIPPED = ("pending", "processed")
COUNTS_REFUNDED_PIECES = ("webshop",)
"""Channels that refund no piece twice; the others look at the order's money alone."""
CANNOT_BE_UNDONE = ("message",)
CHANGED = "changed"
"""The reason of a payment by which an order's own price changed."""


@dataclass(frozen=True)
class Quantity:
    """Some pieces of one order line."""

    line: str
    sku: str
    quantity: int


@dataclass(frozen=True)
class Payment:
    """Money to move: integer cents."""

    payment_method: str
    amount_cents: int
    currency: str
    reason: str


@dataclass(frozen=True)
class Way:
    """One way an order was paid, and what of it went back."""

    method: str
    paid_cents: int
    refunded_cents: int


class Counter:
    """One channel's counter. Call it inside `World.transaction`."""

    def __init__(self, world: World, channel: str) -> None:
        """Stand at the counter of `channel`."""
        self.world = world
        self.channel = channel
        self.changes = Changes(self)

    def refund(
        self, order: str, payment: Payment, lines: Sequence[Quantity], client_reference: str | None = None
    ) -> Entry:
        """Pay money back to how the order was paid; never more than is left of it, or of a line's pieces."""
        self._check_payment(order, payment)
        way = next((way for way in self.ways(order) if way.method == payment.payment_method), None)
        if way is None:
            raise Refused(422, "other_payment_method", f"order {order} was not paid by that method")
        left = min(self.remaining_cents(order), way.paid_cents - way.refunded_cents)
        if payment.amount_cents > left:
            raise Refused(
                422, "exceeds_paid", f"{payment.amount_cents} is more than the {left} left to refund"
            )
        pieces = self._pieces(order, lines)
        if self.channel in COUNTS_REFUNDED_PIECES:
            self._check_refundable(order, lines)
        return self._enter("refund", order, payment, {"lines": pieces}, client_reference)

    def charge(self, order: str, payment: Payment, client_reference: str | None = None) -> Entry:
        """Take more money for an order, for instance the price difference of an exchange."""
        self._check_payment(order, payment)
        return self._enter("charge", order, payment, {}, client_reference)

    def restock(
        self, order: str, lines: Sequence[Quantity], condition: str, client_reference: str | None = None
    ) -> Entry:
        """Book pieces in; damaged ones are booked but not put on the shelf."""
        pieces = self._pieces(order, lines)
        if condition != "damaged":
            for piece in lines:
                self.world.add_stock(self.channel, piece.sku, piece.quantity)
        return self._enter(
            "restock", order, None, {"lines": pieces, "condition": condition}, client_reference
        )

    def reserve(self, order: str, sku: str, quantity: int, client_reference: str | None = None) -> Entry:
        """Put pieces aside for an exchange."""
        self.order(order)
        variant = self.world.variant(self.channel, sku)
        if variant is None:
            raise Refused(404, "unknown_sku", f"there is no {sku} here")
        if quantity < 1:
            raise Refused(422, "invalid", "the quantity must be at least 1")
        if variant["available"] < quantity:
            raise Refused(409, "out_of_stock", f"{variant['available']} of {sku} available, {quantity} asked")
        self.world.add_stock(self.channel, sku, -quantity)
        return self._enter("reservation", order, None, {"sku": sku, "quantity": quantity}, client_reference)

    def notify(self, order: str, subject: str, text: str, client_reference: str | None = None) -> Entry:
        """Send the customer a message."""
        self.order(order)
        if not text.strip():
            raise Refused(422, "invalid", "an empty message is not sent")
        return self._enter("message", order, None, {"subject": subject, "text": text}, client_reference)

    def mark(
        self, order: str, mark: str, lines: Sequence[Quantity], client_reference: str | None = None
    ) -> Entry:
        """Mark pieces of an order as returned or exchanged; a piece is marked once."""
        if mark not in ("returned", "exchanged"):
            raise Refused(422, "invalid", f"{mark!r} is not a mark: returned or exchanged")
        pieces = self._pieces(order, lines)
        kept = {
            row["id"]: row["quantity"] - row["returned_quantity"]
            for row in self.world.lines(self.channel, order)
        }
        for piece in lines:
            if piece.quantity > kept[piece.line]:
                raise Refused(409, "already_returned", f"{kept[piece.line]} left of line {piece.line}")
        for piece in lines:
            self._count_returned(order, piece.line, piece.quantity)
        return self._enter("mark", order, None, {"mark": mark, "lines": pieces}, client_reference)

    def authorise_return(
        self,
        order: str,
        rma: str,
        lines: Sequence[Quantity],
        postage: str,
        client_reference: str | None = None,
    ) -> Entry:
        """Expect pieces back under an RMA number, and mail the customer a label for them."""
        detail: dict[str, object] = {
            "rma": rma,
            "lines": self._pieces(order, lines),
            "postage": postage,
            "label": f"LABEL-{rma}",
        }
        return self._enter("return", order, None, detail, client_reference)

    def goods(self, order: str, rma: str) -> dict[str, Any]:
        """Say what of a return has come back, and how it was found.

        Parcels come at once, and sellable, unless the order's data or `/admin/parcels` say otherwise.
        """
        made = self._expected(order, rma)
        told = self.world.parcels(self.channel, order) or {"coming": [{}]}
        return arrived(made, told["coming"], self.world.clock()) if "coming" in told else told

    def _expected(self, order: str, rma: str) -> Entry:
        """Return the return of that number; refuses one that was never authorised."""
        made = [
            entry
            for entry in self.world.entries(self.channel, kind="return", order_id=order)
            if entry.detail["rma"] == rma and entry.undone_by is None
        ]
        if not made:
            raise Refused(404, "unknown_return", f"no return {rma} is expected for order {order}")
        return made[-1]

    def repair(
        self, order: str, rma: str, lines: Sequence[Quantity], client_reference: str | None = None
    ) -> Entry:
        """Repair pieces that came back under a number, and send them to their customer."""
        self._expected(order, rma)
        detail: dict[str, object] = {"rma": rma, "lines": self._pieces(order, lines)}
        return self._enter("repair", order, None, detail, client_reference)

    def cancel(self, order: str, reason: str, client_reference: str | None = None) -> Entry:
        """Stop an order that has not left the house."""
        row = self.order(order)
        if row["status"] == "cancelled":
            raise Refused(409, "already_cancelled", f"order {order} is cancelled")
        if row["status"] not in UNSHIPPED:
            raise Refused(409, "already_shipped", f"order {order} is {row['status']}")
        self._set_status(order, "cancelled", before=row["status"])
        return self._enter("cancellation", order, None, {"reason": reason}, client_reference)

    def reopen(self, order: str, client_reference: str | None = None) -> Entry:
        """Take back the cancellation of an order."""
        row = self.order(order)
        made = [
            e
            for e in self.world.entries(self.channel, kind="cancellation", order_id=order)
            if not e.undone_by
        ]
        if row["status"] != "cancelled" or not made:
            raise Refused(409, "not_cancelled", f"order {order} was not cancelled here")
        return self.undo("cancellation", made[-1].number, client_reference)

    def undo(self, kind: str, number: int, client_reference: str | None = None) -> Entry:
        """Undo an entry: the undoing is an entry too, and the first one shows it."""
        entry = self.world.entry(self.channel, number)
        if entry is None or entry.kind != kind:
            raise Refused(404, f"unknown_{kind}", f"there is no such {kind}")
        if kind in CANNOT_BE_UNDONE:
            raise Refused(409, "cannot_be_undone", f"a {kind} cannot be undone")
        if entry.undone_by is not None:
            raise Refused(409, "already_undone", f"this {kind} was undone before")
        self._take_back(entry)
        undoing = self._enter(f"undo_{kind}", entry.order_id, None, {}, client_reference, undoes=number)
        self.world.db.execute("UPDATE entries SET undone_by = ? WHERE number = ?", (undoing.number, number))
        return undoing

    def order(self, order: str) -> dict[str, Any]:
        """Return the order's row; refuses an order that this channel does not have."""
        row = self.world.order(self.channel, order)
        if row is None:
            raise Refused(404, "unknown_order", f"there is no order {order} here")
        return dict(row)

    def remaining_cents(self, order: str) -> int:
        """What may still be refunded: paid and charged, less all refunds that stand."""
        return self.paid_cents(order) - self.refunded_cents(order)

    def paid_cents(self, order: str) -> int:
        """What was paid: what changed the order's price later is part of it, and so are later charges."""
        charged = sum(self.world.money(self.channel, order, "charge").values())
        changed = sum(self.world.money(self.channel, order, "refund", CHANGED).values())
        return int(self.order(order)["paid_cents"]) + charged - changed

    def refunded_cents(self, order: str) -> int:
        """What was refunded, here or before the sandbox's time."""
        before = int(self.order(order)["refunded_before_cents"])
        return before + sum(self._refunded_by_method(order).values())

    def charged_cents(self, order: str) -> int:
        """What was charged after the order was paid, but for changes of its price."""
        charged = self.world.money(self.channel, order, "charge")
        return sum(charged.values()) - sum(self.world.money(self.channel, order, "charge", CHANGED).values())

    def _refunded_by_method(self, order: str) -> dict[str, int]:
        """What was refunded by each method, but for changes of the order's price."""
        changed = self.world.money(self.channel, order, "refund", CHANGED)
        refunded = self.world.money(self.channel, order, "refund")
        return {method: cents - changed.get(method, 0) for method, cents in refunded.items()}

    def ways(self, order: str) -> list[Way]:
        """The ways an order was paid: charges that came later count to the method they were taken from."""
        row = self.order(order)
        single = {
            "method": row["payment_method"],
            "paid_cents": row["paid_cents"],
            "refunded_before_cents": row["refunded_before_cents"],
        }
        rows = [dict(each) for each in self.world.payments(self.channel, order)] or [single]
        charged = self.world.money(self.channel, order, "charge")
        for method, cents in self.world.money(self.channel, order, "refund", CHANGED).items():
            charged[method] = charged.get(method, 0) - cents
        refunded = self._refunded_by_method(order)
        known = {each["method"] for each in rows}
        rows += [
            {"method": method, "paid_cents": 0, "refunded_before_cents": 0}
            for method in charged
            if method not in known
        ]
        return [
            Way(
                each["method"],
                each["paid_cents"] + charged.get(each["method"], 0),
                each["refunded_before_cents"] + refunded.get(each["method"], 0),
            )
            for each in rows
        ]

    def refunded_pieces(self, order: str) -> dict[str, int]:
        """How many pieces of each line were refunded: those that a refund that stands names."""
        before = self.world.line_terms(self.channel, order)
        found = {line: int(terms["refunded_before"]) for line, terms in before.items()}
        for entry in self.world.entries(self.channel, kind="refund", order_id=order):
            pieces = entry.detail.get("lines")
            for piece in pieces if isinstance(pieces, list) and entry.undone_by is None else ():
                found[piece["line"]] = found.get(piece["line"], 0) + piece["quantity"]
        bought = {row["id"]: row["quantity"] for row in self.world.lines(self.channel, order)}
        return {line: min(count, bought.get(line, count)) for line, count in found.items()}

    def paid_for_lines(self, order: str) -> dict[str, int]:
        """What was paid for each line: the order's discount and tax go by price, the rest to the last."""
        terms, of_lines = self.world.terms(self.channel, order), self.world.line_terms(self.channel, order)
        rest = terms["tax_cents"] - terms["discount_cents"]
        paid = {}
        for row in self.world.lines(self.channel, order):
            own = of_lines.get(row["id"])
            off, tax = (own["discount_cents"], own["tax_cents"]) if own else (0, 0)
            paid[row["id"]] = row["unit_price_cents"] * row["quantity"] - off + tax
        total, left = sum(paid.values()), rest
        for line, cents in list(paid.items()):
            part = rest * cents // total if total else 0
            paid[line], left = cents + part, left - part
        if paid:
            paid[next(reversed(paid))] += left
        return paid

    def _check_refundable(self, order: str, lines: Sequence[Quantity]) -> None:
        """Refuse to refund a piece that was refunded before."""
        gone = self.refunded_pieces(order)
        bought = {row["id"]: row["quantity"] for row in self.world.lines(self.channel, order)}
        for piece in lines:
            left = bought[piece.line] - gone.get(piece.line, 0)
            gone[piece.line] = gone.get(piece.line, 0) + piece.quantity
            if piece.quantity > left:
                raise Refused(409, "already_refunded", f"{left} of line {piece.line} are left to refund")

    def _check_payment(self, order: str, payment: Payment) -> None:
        currency = self.order(order)["currency"]
        if payment.amount_cents < 1:
            raise Refused(422, "invalid", "the amount must be at least one cent")
        if payment.currency != currency:
            raise Refused(422, "other_currency", f"order {order} is in {currency}")
        if not payment.payment_method:
            raise Refused(422, "invalid", "the payment method is missing")

    def _pieces(self, order: str, lines: Sequence[Quantity]) -> list[dict[str, object]]:
        self.order(order)
        known = {row["id"]: row for row in self.world.lines(self.channel, order)}
        for piece in lines:
            if piece.line not in known or known[piece.line]["sku"] != piece.sku:
                raise Refused(422, "unknown_line", f"order {order} has no line {piece.line} with {piece.sku}")
            if not 1 <= piece.quantity <= known[piece.line]["quantity"]:
                raise Refused(422, "invalid", f"line {piece.line} does not have {piece.quantity} pieces")
        return [{"line": piece.line, "sku": piece.sku, "quantity": piece.quantity} for piece in lines]

    def _take_back(self, entry: Entry) -> None:
        detail = entry.detail
        pieces = detail.get("lines")
        if entry.kind == "restock" and detail["condition"] != "damaged" and isinstance(pieces, list):
            for piece in pieces:
                self.world.add_stock(self.channel, piece["sku"], -piece["quantity"])
        if entry.kind == "change":
            self.changes.take_back(entry)
        if entry.kind == "reservation":
            self.world.add_stock(self.channel, str(detail["sku"]), int(str(detail["quantity"])))
        if entry.kind == "mark" and isinstance(pieces, list):
            for piece in pieces:
                self._count_returned(entry.order_id, piece["line"], -piece["quantity"])
        if entry.kind == "cancellation":
            before = self.order(entry.order_id)["status_before"]
            self._set_status(entry.order_id, str(before), before=None)

    def enter(self, kind: str, order: str, detail: dict[str, object], reference: str | None) -> Entry:
        """Note something that was done and moved no money."""
        return self._enter(kind, order, None, detail, reference)

    def _count_returned(self, order: str, line: str, quantity: int) -> None:
        self.world.db.execute(
            "UPDATE lines SET returned_quantity = returned_quantity + ?"
            " WHERE channel = ? AND order_id = ? AND id = ?",
            (quantity, self.channel, order, line),
        )

    def _set_status(self, order: str, status: str, before: str | None) -> None:
        self.world.db.execute(
            "UPDATE orders SET status = ?, status_before = ? WHERE channel = ? AND id = ?",
            (status, before, self.channel, order),
        )

    def _enter(
        self,
        kind: str,
        order: str,
        payment: Payment | None,
        detail: dict[str, object],
        client_reference: str | None,
        *,
        undoes: int | None = None,
    ) -> Entry:
        money = payment or Payment("", 0, self.order(order)["currency"], "")
        number = self.world.db.execute(
            "INSERT INTO entries (channel, kind, order_id, amount_cents, currency, payment_method, reason,"
            " detail, client_reference, undoes, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.channel,
                kind,
                order,
                money.amount_cents,
                money.currency,
                money.payment_method,
                money.reason,
                json.dumps(detail, ensure_ascii=False),
                client_reference,
                undoes,
                self.world.now(),
            ),
        ).lastrowid
        entry = self.world.entry(self.channel, number or 0)
        if entry is None:
            raise RuntimeError("an entry vanished inside its own transaction")
        return entry
