"""The marketplace: everything is an action on a purchase, and an action keeps a reference of ours.

It stores the reference and finds it again, but does not refuse it: the same action asked for twice
is done twice.
"""

import json
from typing import Any

from starlette.routing import Route

from sandbox.channels.changes import Swap
from sandbox.channels.shop import Counter, Payment
from sandbox.endpoint import Endpoint, Handler, RequestView
from sandbox.refusal import Refused
from sandbox.world import Entry, World

STATES = {
    "pending": "AWAITING_PAYMENT",
    "processed": "PREPARING",
    "shipped": "IN_TRANSIT",
    "delivered": "DELIVERED",
    "cancelled": "CANCELLED",
}
KINDS = {
    "REFUND": "refund",
    "CHARGE": "charge",
    "RESTOCK": "restock",
    "RESERVATION": "reservation",
    "MESSAGE": "message",
    "MARK": "mark",
    "CANCELLATION": "cancellation",
    "CHANGE": "change",
    "RETURN": "return",
}
TYPES = {kind: name for name, kind in KINDS.items()}
LONGEST_REFERENCE = 64
REVERSALS = {
    "REFUND": "void_refund",
    "CHARGE": "void_charge",
    "RESTOCK": "unstock",
    "RESERVATION": "release",
    "MARK": "unmark_order",
    "CANCELLATION": "reopen_order",
    "CHANGE": "revert_change",
    "RETURN": "cancel_return",
}
POSTAGE = {"SELLER": "ours", "BUYER": "customers"}


def refusal(refused: Refused) -> dict[str, Any]:
    """Word a refusal."""
    return {"errors": [{"code": refused.code.upper(), "detail": refused.text}]}


def action(entry: Entry) -> dict[str, Any]:
    """Show an entry as an action."""
    undone = entry.kind.removeprefix("undo_")
    kind = TYPES[undone] + ("_REVERSAL" if entry.undoes else "")
    return {
        "actionId": f"A{entry.number:08d}",
        "type": kind,
        "purchaseId": entry.order_id,
        "clientReference": entry.client_reference,
        "amount": entry.amount_cents,
        "currency": entry.currency,
        "note": entry.reason,
        "createdAt": entry.made_at,
        "reversedBy": f"A{entry.undone_by:08d}" if entry.undone_by else None,
        "content": entry.detail,
    }


class Marketplace:
    """The marketplace's operations behind its door."""

    def __init__(self, world: World, door: Endpoint) -> None:
        self.world = world
        self.door = door
        self.counter = Counter(world, "marketplace")

    def routes(self) -> list[Route]:
        """All routes, below `/marketplace`."""
        return [
            self.door.route("GET", "/v2/purchases/{order}", "get_order", self._purchase),
            self.door.route("GET", "/v2/purchases", "find_orders", self._purchases),
            self.door.choice("POST", "/v2/purchases/{order}/actions", self._choose, status=201),
            self.door.route("GET", "/v2/purchases/{order}/returns/{number}", "get_return", self._parcel),
            self.door.choice("POST", "/v2/actions/{id}/reversal", self._choose_reversal, status=201),
            self.door.choice(
                "GET",
                "/v2/actions",
                lambda ask: ("list_refunds" if ask.query.get("type") else "find", self._actions),
            ),
        ]

    def _choose(self, ask: RequestView) -> tuple[str, Handler]:
        offered: dict[str, tuple[str, Handler]] = {
            "REFUND": ("refund", self._refund),
            "CHARGE": ("charge", self._charge),
            "RESTOCK": ("restock", self._restock),
            "RESERVATION": ("reserve", self._reserve),
            "MESSAGE": ("notify", self._message),
            "MARK": ("mark_order", self._mark),
            "CANCELLATION": ("cancel_order", self._cancel),
            "REOPENING": ("reopen_order", self._reopen),
            "CHANGE_OF_POSITIONS": ("change_items", self._change_items),
            "CHANGE_OF_ADDRESS": ("change_address", self._change_address),
            "RETURN": ("authorise_return", self._return),
        }
        kind = ask.text("type")
        if kind not in offered:
            raise Refused(422, "unknown_type", f"{kind} is not an action: {', '.join(offered)}")
        return offered[kind]

    def _choose_reversal(self, ask: RequestView) -> tuple[str, Handler]:
        entry = self.world.entry("marketplace", number_of(ask.path["id"]))
        if entry is None or entry.kind not in TYPES or TYPES[entry.kind] not in REVERSALS:
            raise Refused(404, "unknown_action", f"there is no action {ask.path['id']} to reverse")
        return REVERSALS[TYPES[entry.kind]], self._reverse

    def _purchase(self, ask: RequestView) -> dict[str, Any]:
        order = ask.path["order"]
        row, paid = self.counter.order(order), self.counter.paid_for_lines(order)
        return {
            "data": {
                "purchaseId": row["id"],
                "purchasedAt": row["placed_at"],
                "buyer": {"buyerId": row["customer"], "loyalty": row["member_level"].upper()},
                "fulfilment": {
                    "state": STATES[row["status"]],
                    "deliveredAt": row["delivered_at"],
                    "trackingNumber": row["tracking"],
                },
                "totals": {
                    "currency": row["currency"],
                    "paid": self.counter.paid_cents(order),
                    "chargedLater": self.counter.charged_cents(order),
                    "refunded": self.counter.refunded_cents(order),
                    "delivery": self.world.terms("marketplace", order)["shipping_cents"],
                },
                "instrument": row["payment_method"],
                "instruments": [
                    {"name": way.method, "paid": way.paid_cents, "refunded": way.refunded_cents}
                    for way in self.counter.ways(order)
                ],
                "positions": [
                    {
                        "positionId": line["id"],
                        "sku": line["sku"],
                        "productId": line["product"],
                        "label": line["name"],
                        "properties": json.loads(line["options"]),
                        "count": line["quantity"],
                        "returnedCount": line["returned_quantity"],
                        "price": line["unit_price_cents"],
                        "paid": paid[line["id"]],
                    }
                    for line in self.world.lines("marketplace", order)
                ],
                "offers": [
                    {
                        "sku": variant["sku"],
                        "productId": variant["product"],
                        "properties": json.loads(variant["options"]),
                        "price": variant["price_cents"],
                        "inStock": variant["available"],
                    }
                    for variant in self.world.variants("marketplace", order)
                ],
            }
        }

    def _purchases(self, ask: RequestView) -> dict[str, Any]:
        buyer = ask.query.get("buyer", "")
        if not buyer:
            raise Refused(422, "invalid", "buyer is missing: a buyerId or a mail address")
        whose = {"email": buyer} if "@" in buyer else {"customer": buyer}
        found = self.world.orders_of("marketplace", **whose, limit=ask.number("pageSize", 100))
        return {"data": [{"purchaseId": number} for number in found]}

    def _reference(self, ask: RequestView) -> str:
        reference = ask.text("clientReference")
        if not 1 <= len(reference) <= LONGEST_REFERENCE:
            raise Refused(422, "invalid", f"clientReference must have 1 to {LONGEST_REFERENCE} characters")
        return reference

    def _payment(self, ask: RequestView) -> Payment:
        return Payment(
            ask.text("instrument"), ask.whole("amount"), ask.text("currency"), ask.text("note", "")
        )

    def _refund(self, ask: RequestView) -> dict[str, Any]:
        lines = ask.pieces("positions", "positionId", "sku", "count")
        entry = self.counter.refund(ask.path["order"], self._payment(ask), lines, self._reference(ask))
        return {"data": action(entry)}

    def _charge(self, ask: RequestView) -> dict[str, Any]:
        entry = self.counter.charge(ask.path["order"], self._payment(ask), self._reference(ask))
        return {"data": action(entry)}

    def _restock(self, ask: RequestView) -> dict[str, Any]:
        lines = ask.pieces("positions", "positionId", "sku", "count")
        entry = self.counter.restock(ask.path["order"], lines, ask.text("condition"), self._reference(ask))
        return {"data": action(entry)}

    def _reserve(self, ask: RequestView) -> dict[str, Any]:
        entry = self.counter.reserve(
            ask.path["order"], ask.text("sku"), ask.whole("count"), self._reference(ask)
        )
        return {"data": action(entry)}

    def _message(self, ask: RequestView) -> dict[str, Any]:
        entry = self.counter.notify(
            ask.path["order"], ask.text("subject"), ask.text("text"), self._reference(ask)
        )
        return {"data": action(entry)}

    def _mark(self, ask: RequestView) -> dict[str, Any]:
        lines = ask.pieces("positions", "positionId", "sku", "count")
        entry = self.counter.mark(ask.path["order"], ask.text("mark").lower(), lines, self._reference(ask))
        return {"data": action(entry)}

    def _cancel(self, ask: RequestView) -> dict[str, Any]:
        entry = self.counter.cancel(ask.path["order"], ask.text("note"), self._reference(ask))
        return {"data": action(entry)}

    def _reopen(self, ask: RequestView) -> dict[str, Any]:
        return {"data": action(self.counter.reopen(ask.path["order"], self._reference(ask)))}

    def _change_items(self, ask: RequestView) -> dict[str, Any]:
        swaps = [
            Swap(row.text("positionId"), row.text("sku"), row.whole("count"), row.text("newSku"))
            for row in ask.rows("positions")
        ]
        return {"data": action(self.counter.changes.items(ask.path["order"], swaps, self._reference(ask)))}

    def _change_address(self, ask: RequestView) -> dict[str, Any]:
        entry = self.counter.changes.address(ask.path["order"], ask.text("address"), self._reference(ask))
        return {"data": action(entry)}

    def _return(self, ask: RequestView) -> dict[str, Any]:
        payer = ask.text("postagePaidBy")
        if payer not in POSTAGE:
            raise Refused(422, "invalid", f"postagePaidBy is one of {', '.join(POSTAGE)}")
        lines = ask.pieces("positions", "positionId", "sku", "count")
        entry = self.counter.authorise_return(
            ask.path["order"], ask.text("returnNumber"), lines, POSTAGE[payer], self._reference(ask)
        )
        return {"data": action(entry)}

    def _parcel(self, ask: RequestView) -> dict[str, Any]:
        goods = self.counter.goods(ask.path["order"], ask.path["number"])
        return {
            "data": {
                "arrivals": [
                    {"positionId": one["line"], "count": one["quantity"]} for one in goods["received"]
                ],
                "findings": [
                    {"positionId": one["line"], "count": one["quantity"], "verdict": one["condition"].upper()}
                    for one in goods["inspected"]
                ],
            }
        }

    def _reverse(self, ask: RequestView) -> dict[str, Any]:
        number = number_of(ask.path["id"])
        entry = self.world.entry("marketplace", number)
        if entry is None:
            raise Refused(404, "unknown_action", f"there is no action {ask.path['id']}")
        return {"data": action(self.counter.undo(entry.kind, number, self._reference(ask)))}

    def _actions(self, ask: RequestView) -> dict[str, Any]:
        kind = ask.query.get("type")
        reference = ask.query.get("clientReference")
        if kind is None and reference is None:
            raise Refused(422, "invalid", "ask by clientReference or by type")
        if kind is not None and kind not in KINDS:
            raise Refused(422, "unknown_type", f"{kind} is not a type of action")
        after = ask.number("pageToken", 0)
        limit = min(ask.number("pageSize", 100), 1000)
        found = self.world.entries(
            "marketplace",
            kind=KINDS[kind] if kind else None,
            client_reference=reference,
            after=after,
            limit=limit,
        )
        last = found[-1].number if found else after
        return {
            "data": [action(e) for e in found],
            "nextPageToken": str(last),
            "hasMore": len(found) == limit,
        }


def number_of(action_id: str) -> int:
    """Return the number in an action id such as `A00000012`."""
    digits = action_id.removeprefix("A")
    if not digits.isdigit():
        raise Refused(404, "unknown_action", f"there is no action {action_id}")
    return int(digits)
