"""The store's till system: old, terse, and without any idea of a request that comes twice.

It takes no key and keeps no reference of ours; what it did can only be found by reading its log.
"""

import json
from typing import Any

from starlette.routing import Route

from sandbox.channels.shop import Counter, Payment
from sandbox.endpoint import Endpoint, Handler, RequestView
from sandbox.refusal import Refused
from sandbox.world import Entry, World

STAGES = {
    "pending": "open",
    "processed": "packed",
    "shipped": "sent",
    "delivered": "handed_over",
    "cancelled": "cancelled",
}
KINDS = {
    "refund": "refund",
    "charge": "charge",
    "restock": "restock",
    "reserve": "reservation",
    "message": "message",
    "mark": "mark",
    "cancel": "cancellation",
}
WORDS = {kind: word for word, kind in KINDS.items()}
UNDOABLE = {
    "charge": "void_charge",
    "restock": "unstock",
    "reservation": "release",
    "mark": "unmark_order",
    "cancellation": "reopen_order",
}


def refusal(refused: Refused) -> dict[str, Any]:
    """Word a refusal."""
    return {"ok": False, "why": refused.code, "text": refused.text}


def log_line(entry: Entry) -> dict[str, Any]:
    """Show an entry as a line of the till's log."""
    what = WORDS[entry.kind.removeprefix("undo_")]
    return {
        "entry": f"ST-{entry.number}",
        "what": f"undo_{what}" if entry.undoes else what,
        "order_no": entry.order_id,
        "cents": entry.amount_cents,
        "money": entry.currency,
        "with": entry.payment_method,
        "note": entry.reason,
        "at": entry.made_at,
        "undoes": f"ST-{entry.undoes}" if entry.undoes else None,
        "undone": entry.undone_by is not None,
        "more": entry.detail,
    }


class Store:
    """The store's operations behind its door."""

    def __init__(self, world: World, door: Endpoint) -> None:
        self.world = world
        self.door = door
        self.counter = Counter(world, "store")

    def routes(self) -> list[Route]:
        """All routes, below `/store`."""
        route = self.door.route
        return [
            route("GET", "/slip", "get_order", self._slip),
            route("POST", "/do/refund", "refund", self._refund),
            route("POST", "/do/charge", "charge", self._charge),
            route("POST", "/do/restock", "restock", self._restock),
            route("POST", "/do/reserve", "reserve", self._reserve),
            route("POST", "/do/message", "notify", self._message),
            route("POST", "/do/mark", "mark_order", self._mark),
            route("POST", "/do/cancel", "cancel_order", self._cancel),
            route("POST", "/do/reopen", "reopen_order", self._reopen),
            self.door.choice("POST", "/do/undo", self._choose_undo),
            self.door.choice(
                "GET",
                "/log",
                lambda ask: (
                    "find" if ask.query.get("order_no") or ask.query.get("undoes") else "list_refunds",
                    self._log,
                ),
            ),
        ]

    def _slip(self, ask: RequestView) -> dict[str, Any]:
        order = ask.query.get("order_no", "")
        row = self.counter.order(order)
        return {
            "ok": True,
            "slip": {
                "order_no": row["id"],
                "stage": STAGES[row["status"]],
                "client_no": row["customer"],
                "card": row["member_level"],
                "bought": row["placed_at"],
                "handed_over": row["delivered_at"],
                "parcel": row["tracking"],
                "money": row["currency"],
                "paid": self.counter.paid_cents(order),
                "paid_back": self.counter.refunded_cents(order),
                "paid_with": row["payment_method"],
                "charged": self.counter.charged_cents(order),
                "rebate": self.world.terms("store", order)["discount_cents"],
                "ways": [
                    {"with": way.method, "paid": way.paid_cents, "paid_back": way.refunded_cents}
                    for way in self.counter.ways(order)
                ],
                "rows": [
                    {
                        "row": line["id"],
                        "article": line["sku"],
                        "family": line["product"],
                        "text": line["name"],
                        "kind": json.loads(line["options"]),
                        "pieces": line["quantity"],
                        "came_back": line["returned_quantity"],
                        "each": line["unit_price_cents"],
                    }
                    for line in self.world.lines("store", order)
                ],
                "shelf": [
                    {
                        "article": variant["sku"],
                        "family": variant["product"],
                        "kind": json.loads(variant["options"]),
                        "each": variant["price_cents"],
                        "left": variant["available"],
                    }
                    for variant in self.world.variants("store", order)
                ],
            },
        }

    def _payment(self, ask: RequestView) -> Payment:
        return Payment(ask.text("with"), ask.whole("cents"), ask.text("money"), ask.text("note", ""))

    def _refund(self, ask: RequestView) -> dict[str, Any]:
        lines = ask.pieces("rows", "row", "article", "pieces")
        return booked(self.counter.refund(ask.text("order_no"), self._payment(ask), lines))

    def _charge(self, ask: RequestView) -> dict[str, Any]:
        return booked(self.counter.charge(ask.text("order_no"), self._payment(ask)))

    def _restock(self, ask: RequestView) -> dict[str, Any]:
        lines = ask.pieces("rows", "row", "article", "pieces")
        return booked(self.counter.restock(ask.text("order_no"), lines, ask.text("state")))

    def _reserve(self, ask: RequestView) -> dict[str, Any]:
        return booked(self.counter.reserve(ask.text("order_no"), ask.text("article"), ask.whole("pieces")))

    def _message(self, ask: RequestView) -> dict[str, Any]:
        return booked(self.counter.notify(ask.text("order_no"), ask.text("head"), ask.text("text")))

    def _mark(self, ask: RequestView) -> dict[str, Any]:
        lines = ask.pieces("rows", "row", "article", "pieces")
        return booked(self.counter.mark(ask.text("order_no"), ask.text("mark"), lines))

    def _cancel(self, ask: RequestView) -> dict[str, Any]:
        return booked(self.counter.cancel(ask.text("order_no"), ask.text("note")))

    def _reopen(self, ask: RequestView) -> dict[str, Any]:
        return booked(self.counter.reopen(ask.text("order_no")))

    def _choose_undo(self, ask: RequestView) -> tuple[str, Handler]:
        number = number_of(ask.text("entry"))
        entry = self.world.entry("store", number)
        if entry is None:
            raise Refused(404, "unknown_entry", f"there is no entry {ask.text('entry')}")
        if entry.kind not in UNDOABLE:
            raise Refused(409, "cannot_be_undone", f"a {entry.kind} cannot be undone at the till")
        return UNDOABLE[entry.kind], lambda _ask: booked(self.counter.undo(entry.kind, number))

    def _log(self, ask: RequestView) -> dict[str, Any]:
        what = ask.query.get("what")
        if what is not None and what.removeprefix("undo_") not in KINDS:
            raise Refused(422, "unknown_word", f"{what} is nothing that the till logs")
        undo, word = what is not None and what.startswith("undo_"), (what or "").removeprefix("undo_")
        after = ask.number("from", 0)
        limit = min(ask.number("max", 100), 1000)
        undoes = ask.query.get("undoes")
        found = self.world.entries(
            "store",
            kind=("undo_" if undo else "") + KINDS[word] if what else None,
            order_id=ask.query.get("order_no") or None,
            undoes=number_of(undoes) if undoes else None,
            after=after,
            limit=limit,
        )
        last = found[-1].number if found else after
        return {
            "ok": True,
            "log": [log_line(e) for e in found],
            "from": str(last),
            "full": len(found) == limit,
        }


def booked(entry: Entry) -> dict[str, Any]:
    """Answer what was booked."""
    return {"ok": True, "entry": f"ST-{entry.number}", "at": entry.made_at}


def number_of(entry: str) -> int:
    """Return the number in an entry's id such as `ST-12`."""
    digits = entry.removeprefix("ST-")
    if not digits.isdigit():
        raise Refused(404, "unknown_entry", f"there is no entry {entry}")
    return int(digits)
