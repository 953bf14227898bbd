"""Letters to a shop with what should come of them: tau-bench's shop, and its recorded actions.

A *unit* is one order of one letter for which actions are recorded.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.tau_shop import Action, Shop, cents, load_actions, load_shop, place
from workflows.returns.types import Order, OrderLine, Variant, WayToPay
from workflows.returns.wishes.letter import Customer, Kind, Wish

KINDS = {
    "cancel_pending_order": Kind.CANCEL,
    "return_delivered_order_items": Kind.RETURN,
    "exchange_delivered_order_items": Kind.EXCHANGE,
    "modify_pending_order_items": Kind.CHANGE_ITEMS,
    "modify_pending_order_address": Kind.CHANGE_ADDRESS,
    "modify_pending_order_payment": Kind.CHANGE_PAYMENT,
}
METHODS = {"credit_card": "card", "paypal": "paypal", "gift_card": "gift_card"}
STATUSES = ("pending", "processed", "delivered", "cancelled")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

Done = tuple[Any, ...]
"""A wish in comparable form: its kind, then SKUs and method, or the address, as far as it has them."""


@dataclass(frozen=True)
class Letter:
    """One customer's letter.

    Attributes:
        wanted: by order number, what the record did for it.
    """

    split: str
    task: str
    language: str
    message: str
    customer: Customer
    wanted: dict[str, list[Done]]


def letters(folder: Path) -> Iterator[Letter]:
    """Yield every letter of the folder's `messages_*.jsonl`."""
    shop = load_shop(folder)
    actions = {each[0].task: each for each in load_actions(folder)}
    with (folder / "tasks_train_dev.csv").open() as lines:
        users = {f"{row['split']}/{row['task']}": row["user_id"] for row in csv.DictReader(lines)}
    for file in sorted(folder.glob("messages_*.jsonl")):
        for line in file.read_text(encoding="utf-8").split("\n"):
            if not line:
                continue
            row = json.loads(line)
            task = f"{row['split']}/{row['task']}"
            wanted: dict[str, list[Done]] = defaultdict(list)
            for action in actions.get(task, []):
                wanted[action.order.lstrip("#")].append(_recorded(action))
            customer = _customer(shop, users[task])
            yield Letter(row["split"], task, row["language"], row["message"], customer, dict(wanted))


def done(wish: Wish, order: Order) -> Done:
    """Return a wish in the form of a recorded action."""
    sku = {line.id: line.sku for line in order.lines}
    match wish.kind:
        case Kind.CANCEL:
            return (wish.kind.value,)
        case Kind.CHANGE_ADDRESS:
            return (wish.kind.value, place(wish.address))
        case Kind.CHANGE_PAYMENT:
            return (wish.kind.value, wish.method)
        case Kind.RETURN:
            return (wish.kind.value, tuple(sorted(sku[piece.line] for piece in wish.pieces)), wish.method)
        case _:
            swaps = tuple(sorted((sku[piece.line], piece.sku) for piece in wish.pieces))
            return (wish.kind.value, swaps, wish.method)


def _recorded(action: Action) -> Done:
    kind = KINDS[action.tool]
    match kind:
        case Kind.CANCEL:
            return (kind.value,)
        case Kind.CHANGE_ADDRESS:
            return (kind.value, place(action.address))
        case Kind.CHANGE_PAYMENT:
            return (kind.value, action.method)
        case Kind.RETURN:
            return (kind.value, tuple(sorted(action.items)), action.method)
        case _:
            swaps = tuple(sorted(zip(action.items, action.new_items, strict=True)))
            return (kind.value, swaps, action.method)


def _customer(shop: Shop, user: str) -> Customer:
    known = shop.users[user]
    methods = tuple(
        WayToPay.model_validate(
            {
                "method": each["id"],
                "kind": METHODS[each["source"]],
                "brand": each.get("brand", ""),
                "last_four": each.get("last_four", ""),
            }
        )
        for each in known["payment_methods"].values()
    )
    return Customer(orders=tuple(_order(shop, number) for number in known["orders"]), methods=methods)


def _order(shop: Shop, number: str) -> Order:
    order = shop.orders[number]
    products = {item["product_id"] for item in order["items"]}
    payment = order["payment_history"][0]
    return Order(
        id=number.lstrip("#"),
        channel="webshop",
        status=order["status"] if order["status"] in STATUSES else "pending",
        customer="customer",
        currency="USD",
        placed_at=LONG_AGO,
        paid_cents=cents(payment["amount"]),
        payment_method=payment["payment_method_id"],
        lines=tuple(
            OrderLine(
                id=f"L{place}",
                sku=item["item_id"],
                product=item["product_id"],
                name=item["name"],
                options=item["options"],
                unit_price_cents=cents(item["price"]),
            )
            for place, item in enumerate(order["items"], start=1)
        ),
        variants=tuple(
            Variant(
                sku=sku,
                product=product,
                options=variant["options"],
                price_cents=cents(variant["price"]),
                available=int(variant["available"]),
            )
            for product in sorted(products)
            for sku, variant in shop.products[product]["variants"].items()
        ),
    )
