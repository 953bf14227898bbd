"""What customers of the returns desk are told: the office's texts by name, and what each may say.

The values here are examples; `kontor check` renders every text with them.
"""

from collections.abc import Mapping

from pydantic import JsonValue

_ORDER: dict[str, JsonValue] = {"order": "W-1001"}
_GOODS: dict[str, JsonValue] = {**_ORDER, "items": "Linen shirt"}
_MONEY: dict[str, JsonValue] = {**_GOODS, "amount": "40.00 EUR", "methods": 1}
_SENT: dict[str, JsonValue] = {"rma": "RMA-1001", "postage": "ours"}
_ASKED: dict[str, JsonValue] = {
    **_ORDER,
    "choices": [{"number": 1, "text": "Linen shirt S white"}, {"number": 2, "text": "Desk lamp black"}],
    "again": False,
    "reminder": False,
}

TEXTS: Mapping[str, Mapping[str, JsonValue]] = {
    "returned": _MONEY,
    "returned_in_part": {**_MONEY, "reasons": ["Half is refunded of what came back damaged."]},
    "kept": _MONEY,
    "sent_ahead": {**_MONEY, **_SENT},
    "send_back": {**_GOODS, "amount": "40.00 EUR", **_SENT},
    "send_for_repair": {**_GOODS, **_SENT},
    "in_repair": {**_GOODS, "rma": "RMA-1001"},
    "goods_reminder": {**_ORDER, "rma": "RMA-1001"},
    "never_came": {**_ORDER, "rma": "RMA-1001"},
    "charged_back": {**_ORDER, "amount": "40.00 EUR", "rma": "RMA-1001"},
    "exchanged": _GOODS,
    "exchanged_ahead": {**_GOODS, **_SENT},
    "cancelled": {**_ORDER, "amount": "40.00 EUR"},
    "items_changed": {**_GOODS, "paid": "more", "amount": "5.00 EUR"},
    "address_changed": _ORDER,
    "payment_changed": _ORDER,
    "all_orders": {
        **_ORDER,
        "orders": [
            {"order": "W-1", "status": "settled", "outcome": "returned", "amount": "40.00 EUR"},
            {"order": "W-2", "status": "rejected", "outcome": "rejected", "amount": ""},
        ],
    },
    "ask_order": {
        **_ASKED,
        "choices": [
            {"number": 1, "text": "W-1001 of 2026-11-02: Linen shirt S white"},
            {"number": 2, "text": "W-1007 of 2026-11-20: Desk lamp black"},
        ],
    },
    "ask_lines": _ASKED,
    "ask_variant": _ASKED,
    "ask_photos": {**_ASKED, "choices": []},
    "ask_remedy": {
        **_ASKED,
        "choices": [
            {"number": 1, "text": "repair"},
            {"number": 2, "text": "replacement"},
            {"number": 3, "text": "refund"},
        ],
    },
    "ask_confirm": {
        **_ASKED,
        "wishes": [
            {
                "kind": "change_items",
                "what": "Linen shirt",
                "becomes": "Linen shirt (L, white)",
                "paid": "more",
                "amount": "5.00 EUR",
                "address": "",
            }
        ],
    },
    "where_is_it": {**_ORDER, "status": "shipped", "tracking": "TRACK-1"},
    "denied": {**_ORDER, "reasons": ["Guests may return within 30 days of delivery."]},
    "rejected": _ORDER,
    "expired": _ORDER,
    "withdrawn": _ORDER,
    "failed": _ORDER,
}
"""By outcome. `methods` is in how many ways the order was paid; `reasons` are the policies' sentences,
`choices` are what a customer is asked to pick from (`again` once more, `reminder` for the reminder), `wishes`
what was understood; `rma` is the number of the return, `postage` says who pays for the way back (`ours` or
`customers`)."""
