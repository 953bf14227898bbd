"""tau-bench's retail shop: its database, brought to the state before each action, and the facts of it."""

import ast
import copy
import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import JsonValue

OPERATIONS = {
    "cancel_pending_order": "cancel_order",
    "modify_pending_order_address": "modify_address",
    "modify_pending_order_payment": "modify_payment",
    "modify_pending_order_items": "modify_items",
    "return_delivered_order_items": "return_items",
    "exchange_delivered_order_items": "exchange_items",
}
_MOVED = re.compile(r"For (#\w+), change address to (\{.*?\})")
"""How a task tells where an order shall go; the actions' own table leaves it out."""


@dataclass(frozen=True)
class Action:
    """One recorded action, and whether the shop's own tool accepts it.

    Attributes:
        address: where the order shall go, if the action changes that.
    """

    task: str
    tool: str
    user: str
    order: str
    status_before: str
    method: str
    reason: str
    items: tuple[str, ...]
    new_items: tuple[str, ...]
    accepted: bool
    address: str

    @property
    def operation(self) -> str:
        """The operation of `examples/tau_retail` that it is."""
        return OPERATIONS[self.tool]


@dataclass
class Shop:
    """The shop's state; prices in the database are amounts with two decimals, here they are cents."""

    users: dict[str, Any]
    orders: dict[str, Any]
    products: dict[str, Any]
    variants: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index every variant by its item id, with its product."""
        self.variants = {
            item: (product["product_id"], variant)
            for product in self.products.values()
            for item, variant in product["variants"].items()
        }

    def changing(self, *actions: Action) -> "Shop":
        """Return a shop whose users and orders of these actions can change without changing this one."""
        return Shop(
            users={action.user: copy.deepcopy(self.users[action.user]) for action in actions},
            orders={action.order: copy.deepcopy(self.orders[action.order]) for action in actions},
            products=self.products,
        )

    def facts(self, action: Action) -> dict[str, JsonValue]:
        """Return what the policies read of an action, from the state as it is now.

        That the customer was identified and agreed is not in the database: the recorded actions are
        those at the end of a conversation in which they did.
        """
        order, user = self.orders[action.order], self.users[action.user]
        method = user["payment_methods"].get(action.method, {})
        original = [entry["payment_method_id"] for entry in order["payment_history"]][:1]
        return {
            "identified": True,
            "own_order": order["user_id"] == action.user,
            "confirmed": True,
            "in_scope": True,
            "order_status": order["status"],
            "reason": action.reason,
            "whole_order": not action.items,
            "payments": len(order["payment_history"]),
            "method_is_theirs": bool(method),
            "method_is_original": action.method in original,
            "method_source": method.get("source", ""),
            "gift_card_cents": cents(method.get("balance", 0)),
            "total_cents": sum(cents(entry["amount"]) for entry in order["payment_history"][:1]),
            **self._items(order, action),
        }

    def _items(self, order: dict[str, Any], action: Action) -> dict[str, JsonValue]:
        held = Counter(item["item_id"] for item in order["items"])
        pairs = list(zip(action.items, action.new_items, strict=False))
        known = [(self.variants.get(old), self.variants.get(new)) for old, new in pairs]
        return {
            "items": len(action.items),
            "new_items": len(action.new_items),
            "items_in_order": Counter(action.items) <= held,
            "new_items_same_product": all(old and new and old[0] == new[0] for old, new in known),
            "new_items_available": all(new and new[1]["available"] for _, new in known),
            "new_items_differ": all(old != new for old, new in pairs),
            "price_difference_cents": self.difference_cents(order, action),
        }

    def difference_cents(self, order: dict[str, Any], action: Action) -> int:
        """Return the new items' price minus what the old ones cost in the order."""
        paid = {item["item_id"]: cents(item["price"]) for item in order["items"]}
        new = sum(
            cents(self.variants[item][1]["price"]) for item in action.new_items if item in self.variants
        )
        return new - sum(paid.get(item, 0) for item in action.items) if action.new_items else 0

    def apply(self, action: Action) -> None:
        """Change the state as the shop's tool does when it accepts."""
        order, user = self.orders[action.order], self.users[action.user]
        history, methods = order["payment_history"], user["payment_methods"]
        match action.operation:
            case "cancel_order":
                for entry in history:
                    _add(methods, entry["payment_method_id"], cents(entry["amount"]))
                order["status"] = "cancelled"
            case "modify_payment":
                total = cents(history[0]["amount"])
                _add(methods, history[0]["payment_method_id"], total)
                _add(methods, action.method, -total)
                new = {**history[0], "payment_method_id": action.method}
                history += [new, {**history[0], "transaction_type": "refund"}]
            case "modify_items":
                self._modify_items(order, methods, action)
            case "return_items":
                order["status"] = "return requested"
            case "exchange_items":
                order["status"] = "exchange requested"

    def _modify_items(self, order: dict[str, Any], methods: dict[str, Any], action: Action) -> None:
        difference = self.difference_cents(order, action)
        _add(methods, action.method, -difference)
        kind = "payment" if difference > 0 else "refund"
        order["payment_history"].append(
            {"transaction_type": kind, "amount": abs(difference) / 100, "payment_method_id": action.method}
        )
        for old, new in zip(action.items, action.new_items, strict=True):
            item = next(item for item in order["items"] if item["item_id"] == old)
            variant = self.variants[new][1]
            item.update(item_id=new, price=variant["price"], options=variant["options"])
        order["status"] = "pending (item modified)"


def cents(amount: float) -> int:
    """Return an amount of the database in cents."""
    return round(float(amount) * 100)


def _add(methods: dict[str, Any], method: str, amount_cents: int) -> None:
    """Change what is left on a gift card; other methods have no balance."""
    card = methods.get(method, {})
    if "balance" in card:
        card["balance"] = (cents(card["balance"]) + amount_cents) / 100


def load_shop(folder: Path) -> Shop:
    """Read the shop's database."""
    read = {
        name: json.loads((folder / f"{name}.json").read_text()) for name in ("users", "orders", "products")
    }
    return Shop(**read)


def load_actions(folder: Path) -> Iterator[list[Action]]:
    """Yield the recorded actions, one task at a time, in the order they were done."""
    moved = dict(_addresses(folder))
    with (folder / "actions_train_dev.csv").open() as lines:
        for _, rows in groupby(csv.DictReader(lines), key=lambda row: (row["split"], row["task"])):
            yield [
                Action(
                    task=f"{row['split']}/{row['task']}",
                    tool=row["action"],
                    user=row["user_id"],
                    order=row["order_id"],
                    status_before=row["status_before"],
                    method=row["payment_method_id"],
                    reason=row["reason"],
                    items=tuple(row["item_ids"].split()),
                    new_items=tuple(row["new_item_ids"].split()),
                    accepted=row["tool_accepts"] == "True",
                    address=_new_address(row, moved),
                )
                for row in rows
            ]


def place(address: str) -> tuple[str, ...]:
    """Return what tells an address from others, however it is written: house number and postcode."""
    numbers = re.findall(r"\d+", address)
    return tuple(numbers[:1] + numbers[-1:])


def _addresses(folder: Path) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Yield where each task wants which order to go, by split, task and order."""
    with (folder / "tasks_train_dev.csv").open() as lines:
        for row in csv.DictReader(lines):
            for order, told in _MOVED.findall(row["instruction"]):
                address = ast.literal_eval(told)
                words = " ".join(address[part] for part in ("address1", "address2", "city", "state", "zip"))
                yield (row["split"], row["task"], order), words


def _new_address(row: dict[str, str], moved: dict[tuple[str, str, str], str]) -> str:
    if OPERATIONS[row["action"]] != "modify_address":
        return ""
    return moved[row["split"], row["task"], row["order_id"]]


def replayed(shop: Shop, tasks: Iterator[list[Action]]) -> Iterator[tuple[Action, Shop]]:
    """Yield each action with the shop as it stood before it; every task begins from the database."""
    for actions in tasks:
        state = shop.changing(*actions)
        for action in actions:
            yield action, state
            if action.accepted:
                state.apply(action)
