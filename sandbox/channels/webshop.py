"""The webshop: a modern REST interface that honours an Idempotency-Key for as long as it remembers it."""

import hashlib
import json
from datetime import datetime
from typing import Any

from starlette.routing import Route

from sandbox.channels.changes import Swap
from sandbox.channels.shop import Counter, Payment
from sandbox.endpoint import Endpoint, Handler, RequestView
from sandbox.refusal import Refused
from sandbox.webhooks import Webhooks
from sandbox.world import Entry, World

STATES = {
    "pending": "new",
    "processed": "paid",
    "shipped": "dispatched",
    "delivered": "complete",
    "cancelled": "void",
}
COLLECTIONS = {
    "refunds": "refund",
    "charges": "charge",
    "restocks": "restock",
    "reservations": "reservation",
    "messages": "message",
    "marks": "mark",
    "cancellations": "cancellation",
    "changes": "change",
    "returns": "return",
    "repairs": "repair",
}
UNDOING = {
    "refund": "void",
    "charge": "void",
    "restock": "revert",
    "reservation": "release",
    "mark": "remove",
    "change": "revert",
    "return": "cancel",
    "repair": "cancel",
}


def refusal(refused: Refused) -> dict[str, Any]:
    """Word a refusal."""
    return {"error": {"type": refused.code, "message": refused.text}}


def resource(entry: Entry) -> dict[str, Any]:
    """Show an entry as a resource."""
    return {
        "id": f"undo_{entry.number}" if entry.undoes else f"{entry.kind}_{entry.number}",
        "order": entry.order_id,
        "amount_minor": entry.amount_cents,
        "currency": entry.currency,
        "method": entry.payment_method,
        "reason": entry.reason,
        "created_at": entry.made_at,
        "undone_by": f"undo_{entry.undone_by}" if entry.undone_by else None,
        **entry.detail,
    }


class Webshop:
    """The webshop's operations behind its door."""

    def __init__(self, world: World, door: Endpoint, webhooks: Webhooks) -> None:
        self.world = world
        self.door = door
        self.webhooks = webhooks
        self.counter = Counter(world, "webshop")

    def routes(self) -> list[Route]:
        """All routes, below `/webshop`."""
        door, write = self.door, self._write
        return [
            door.route("GET", "/orders/{order}", "get_order", self._get_order),
            door.route("GET", "/orders", "find_orders", self._find_orders),
            write("/orders/{order}/refunds", "refund", self._refund),
            write("/orders/{order}/charges", "charge", self._charge),
            write("/orders/{order}/restocks", "restock", self._restock),
            write("/orders/{order}/reservations", "reserve", self._reserve),
            write("/orders/{order}/messages", "notify", self._notify),
            write("/orders/{order}/marks", "mark_order", self._mark),
            write("/orders/{order}/cancellations", "cancel_order", self._cancel),
            write("/orders/{order}/returns", "authorise_return", self._authorise),
            write("/returns/{id}/cancel", "cancel_return", self._undo("return")),
            write("/orders/{order}/repairs", "repair", self._repair),
            write("/repairs/{id}/cancel", "cancel_repair", self._undo("repair")),
            door.route("GET", "/orders/{order}/returns/{rma}", "get_return", self._goods),
            write("/orders/{order}/reopenings", "reopen_order", self._reopen),
            write("/orders/{order}/changes/items", "change_items", self._change_items),
            write("/orders/{order}/changes/address", "change_address", self._change_address),
            write("/orders/{order}/changes/payment", "change_payment", self._change_payment),
            write("/changes/{id}/revert", "revert_change", self._undo("change")),
            write("/refunds/{id}/void", "void_refund", self._undo("refund")),
            write("/charges/{id}/void", "void_charge", self._undo("charge")),
            write("/restocks/{id}/revert", "unstock", self._undo("restock")),
            write("/reservations/{id}/release", "release", self._undo("reservation")),
            write("/marks/{id}/remove", "unmark_order", self._undo("mark")),
            door.route("GET", "/orders/{order}/{collection}", "find", self._of_order),
            door.route("GET", "/{collection}/{id}", "find", self._one),
            door.route("GET", "/events", "list_events", self._events),
            door.route("GET", "/{collection}", "list_refunds", self._list),
        ]

    def _events(self, ask: RequestView) -> dict[str, Any]:
        after, limit = ask.number("after", 0), min(ask.number("limit", 100), 100)
        events, following = self.webhooks.page("webshop", after, ask.query.get("since", ""), limit)
        return {"events": events, "after": following}

    def _write(self, path: str, operation: str, handler: Handler) -> Route:
        def once(ask: RequestView) -> dict[str, Any]:
            return self._remembering(ask, operation, handler)

        return self.door.route("POST", path, operation, once, status=201)

    def _remembering(self, ask: RequestView, operation: str, handler: Handler) -> dict[str, Any]:
        key = ask.headers.get("idempotency-key", "")
        if not key:
            raise Refused(400, "idempotency_key_missing", "a write needs an Idempotency-Key header")
        asked = json.dumps([operation, dict(ask.path), ask.body], sort_keys=True)
        fingerprint = hashlib.sha256(asked.encode()).hexdigest()
        known = self._recall(key)
        if known is not None:
            if known[0] != fingerprint:
                raise Refused(422, "idempotency_key_reused", "this key came with another request before")
            return dict(json.loads(known[1]))
        answer = handler(ask)
        self.world.db.execute(
            "INSERT OR REPLACE INTO remembered_answers VALUES ('webshop', ?, ?, 201, ?, ?)",
            (key, fingerprint, json.dumps(answer), self.world.now()),
        )
        return answer

    def _recall(self, key: str) -> tuple[str, str] | None:
        row = self.world.db.execute(
            "SELECT fingerprint, answer, at FROM remembered_answers WHERE channel = 'webshop' AND key = ?",
            (key,),
        ).fetchone()
        if row is None:
            return None
        age = self.world.clock() - datetime.fromisoformat(row["at"])
        forgotten = age.total_seconds() > self.door.faults.plan.key_retention_seconds
        return None if forgotten else (row["fingerprint"], row["answer"])

    def _get_order(self, ask: RequestView) -> dict[str, Any]:
        order = ask.path["order"]
        row = self.counter.order(order)
        terms, of_lines = self.world.terms("webshop", order), self.world.line_terms("webshop", order)
        refunded = self.counter.refunded_pieces(order)
        return {
            "order": {
                "number": row["id"],
                "state": STATES[row["status"]],
                "customer": {
                    "ref": row["customer"],
                    "tier": row["member_level"],
                    "wallet": [dict(each) for each in self.world.methods("webshop", order)],
                },
                "placed_at": row["placed_at"],
                "currency": row["currency"],
                "payment": {
                    "method": row["payment_method"],
                    "captured_minor": self.counter.paid_cents(order),
                    "charged_later_minor": self.counter.charged_cents(order),
                    "refunded_minor": self.counter.refunded_cents(order),
                    "parts": [
                        {
                            "method": way.method,
                            "captured_minor": way.paid_cents,
                            "refunded_minor": way.refunded_cents,
                        }
                        for way in self.counter.ways(order)
                    ],
                },
                "discount_minor": terms["discount_cents"],
                "tax_on_top_minor": terms["tax_cents"],
                "postage_minor": terms["shipping_cents"],
                "shipping": {"delivered_at": row["delivered_at"], "tracking_code": row["tracking"]},
                "items": [
                    {
                        "id": line["id"],
                        "sku": line["sku"],
                        "product": line["product"],
                        "title": line["name"],
                        "attributes": json.loads(line["options"]),
                        "qty": line["quantity"],
                        "returned_qty": line["returned_quantity"],
                        "refunded_qty": refunded.get(line["id"]),
                        "unit_minor": line["unit_price_cents"],
                        "discount_minor": of_lines[line["id"]]["discount_cents"] if of_lines else 0,
                        "tax_on_top_minor": of_lines[line["id"]]["tax_cents"] if of_lines else 0,
                    }
                    for line in self.world.lines("webshop", order)
                ],
                "alternatives": [
                    {
                        "sku": variant["sku"],
                        "product": variant["product"],
                        "attributes": json.loads(variant["options"]),
                        "unit_minor": variant["price_cents"],
                        "in_stock": variant["available"],
                    }
                    for variant in self.world.variants("webshop", order)
                ],
            }
        }

    def _find_orders(self, ask: RequestView) -> dict[str, Any]:
        customer, email = ask.query.get("customer", ""), ask.query.get("email", "")
        if not customer and not email:
            raise Refused(422, "invalid", "name a customer or an email")
        found = self.world.orders_of("webshop", customer, email, ask.number("limit", 100))
        return {"orders": [{"number": number} for number in found]}

    def _payment(self, ask: RequestView) -> Payment:
        return Payment(
            ask.text("method"), ask.whole("amount_minor"), ask.text("currency"), ask.text("reason", "")
        )

    def _refund(self, ask: RequestView) -> dict[str, Any]:
        lines = ask.pieces("items", "id", "sku", "qty")
        return {"refund": resource(self.counter.refund(ask.path["order"], self._payment(ask), lines))}

    def _charge(self, ask: RequestView) -> dict[str, Any]:
        return {"charge": resource(self.counter.charge(ask.path["order"], self._payment(ask)))}

    def _restock(self, ask: RequestView) -> dict[str, Any]:
        lines = ask.pieces("items", "id", "sku", "qty")
        return {"restock": resource(self.counter.restock(ask.path["order"], lines, ask.text("condition")))}

    def _reserve(self, ask: RequestView) -> dict[str, Any]:
        entry = self.counter.reserve(ask.path["order"], ask.text("sku"), ask.whole("qty"))
        return {"reservation": resource(entry)}

    def _notify(self, ask: RequestView) -> dict[str, Any]:
        entry = self.counter.notify(ask.path["order"], ask.text("subject"), ask.text("text"))
        return {"message": resource(entry)}

    def _mark(self, ask: RequestView) -> dict[str, Any]:
        lines = ask.pieces("items", "id", "sku", "qty")
        return {"mark": resource(self.counter.mark(ask.path["order"], ask.text("mark"), lines))}

    def _cancel(self, ask: RequestView) -> dict[str, Any]:
        return {"cancellation": resource(self.counter.cancel(ask.path["order"], ask.text("reason")))}

    def _authorise(self, ask: RequestView) -> dict[str, Any]:
        lines = ask.pieces("items", "id", "sku", "qty")
        entry = self.counter.authorise_return(
            ask.path["order"], ask.text("rma"), lines, ask.text("postage_paid_by")
        )
        return {"return": resource(entry)}

    def _repair(self, ask: RequestView) -> dict[str, Any]:
        lines = ask.pieces("items", "id", "sku", "qty")
        return {"repair": resource(self.counter.repair(ask.path["order"], ask.text("rma"), lines))}

    def _goods(self, ask: RequestView) -> dict[str, Any]:
        return {"goods": self.counter.goods(ask.path["order"], ask.path["rma"])}

    def _reopen(self, ask: RequestView) -> dict[str, Any]:
        return {"reopening": resource(self.counter.reopen(ask.path["order"]))}

    def _change_items(self, ask: RequestView) -> dict[str, Any]:
        swaps = [
            Swap(row.text("id"), row.text("sku"), row.whole("qty"), row.text("becomes"))
            for row in ask.rows("items")
        ]
        return {"change": resource(self.counter.changes.items(ask.path["order"], swaps))}

    def _change_address(self, ask: RequestView) -> dict[str, Any]:
        entry = self.counter.changes.address(ask.path["order"], ask.text("address"))
        return {"change": resource(entry)}

    def _change_payment(self, ask: RequestView) -> dict[str, Any]:
        return {"change": resource(self.counter.changes.payment(ask.path["order"], ask.text("method")))}

    def _undo(self, kind: str) -> Handler:
        def undo(ask: RequestView) -> dict[str, Any]:
            return {UNDOING[kind]: resource(self.counter.undo(kind, number_of(ask.path["id"], kind)))}

        return undo

    def _kind(self, ask: RequestView) -> str:
        kind = COLLECTIONS.get(ask.path["collection"])
        if kind is None:
            raise Refused(404, "not_found", f"there is no {ask.path['collection']} here")
        return kind

    def _of_order(self, ask: RequestView) -> dict[str, Any]:
        kind = self._kind(ask)
        order = ask.path["order"]
        self.counter.order(order)
        return {"items": [resource(e) for e in self.world.entries("webshop", kind=kind, order_id=order)]}

    def _one(self, ask: RequestView) -> dict[str, Any]:
        kind = self._kind(ask)
        entry = self.world.entry("webshop", number_of(ask.path["id"], kind))
        if entry is None or entry.kind != kind:
            raise Refused(404, "not_found", f"there is no {ask.path['id']} here")
        return {"items": [resource(entry)]}

    def _list(self, ask: RequestView) -> dict[str, Any]:
        after = ask.number("after", 0)
        limit = min(ask.number("limit", 100), 1000)
        found = self.world.entries("webshop", kind=self._kind(ask), after=after, limit=limit)
        last = found[-1].number if found else after
        return {"items": [resource(e) for e in found], "after": str(last), "more": len(found) == limit}


def number_of(public_id: str, kind: str) -> int:
    """Return the number in a public id such as `refund_12`."""
    prefix, _, digits = public_id.rpartition("_")
    if prefix != kind or not digits.isdigit():
        raise Refused(404, "not_found", f"there is no {public_id} here")
    return int(digits)
