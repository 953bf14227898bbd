"""How products and orders get into the sandbox: a neutral JSON shape, days counted back from now."""

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sandbox.world import CHANNELS, World

DATA = Path(__file__).parent / "data"


class Closed(BaseModel):
    """A shape that refuses unknown fields."""

    model_config = ConfigDict(extra="forbid")


class VariantIn(Closed):
    """One way a product can be had; without a price it costs what the product costs."""

    sku: str
    options: dict[str, str] = {}
    price_cents: int | None = None
    stock: int = 0


class ProductIn(Closed):
    """A product, sold in these channels."""

    product: str
    name: str
    price_cents: int
    variants: list[VariantIn]
    channels: list[str] = list(CHANNELS)


class LineIn(Closed):
    """One line of an order; what is not given is taken from the catalogue by SKU."""

    id: str
    sku: str
    quantity: int = 1
    returned_quantity: int = 0
    product: str | None = None
    name: str | None = None
    options: dict[str, str] | None = None
    unit_price_cents: int | None = None


class OrderIn(Closed):
    """An order. Moments are given as ISO 8601 or as days before the loading.

    Attributes:
        paid_cents: by default the sum of the lines.
        refunded_cents: refunded before the sandbox's time, with no entry of its own.
    """

    id: str
    channel: Literal["webshop", "marketplace", "store"]
    customer: str
    status: Literal["pending", "processed", "shipped", "delivered", "cancelled"]
    member_level: Literal["guest", "bronze", "silver", "gold"] = "guest"
    currency: str = "EUR"
    placed_at: datetime | None = None
    placed_days_ago: float = 10
    delivered_at: datetime | None = None
    delivered_days_ago: float | None = None
    paid_cents: int | None = None
    refunded_cents: int = 0
    payment_method: str
    tracking: str = ""
    lines: list[LineIn]


class Load(Closed):
    """What `/admin/load` takes. With `replace`, orders and stock that exist are overwritten."""

    products: list[ProductIn] = []
    orders: list[OrderIn] = []
    replace: bool = False


def load(world: World, what: Load) -> dict[str, int]:
    """Load products and orders; what exists already stays as it is unless `replace` is set.

    Returns:
        How many variants and orders were written.
    """
    verb = "INSERT OR REPLACE" if what.replace else "INSERT OR IGNORE"
    variants = orders = 0
    with world.transaction():
        for product in what.products:
            variants += _load_product(world.db, product, verb)
        for order in what.orders:
            orders += _load_order(world, order, replace=what.replace)
    return {"variants": variants, "orders": orders}


def seed(world: World) -> dict[str, int]:
    """Load the sandbox's own catalogue and orders; doing it again changes nothing."""
    products = [ProductIn.model_validate(row) for row in _json_lines(DATA / "products.jsonl")]
    orders = [OrderIn.model_validate(row) for row in _json_lines(DATA / "orders.jsonl")]
    return load(world, Load(products=products, orders=orders))


def _json_lines(file: Path) -> list[object]:
    return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]


def _load_product(db: sqlite3.Connection, product: ProductIn, verb: str) -> int:
    return sum(
        db.execute(
            f"{verb} INTO variants VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                channel,
                variant.sku,
                product.product,
                product.name,
                json.dumps(variant.options, ensure_ascii=False),
                product.price_cents if variant.price_cents is None else variant.price_cents,
                variant.stock,
            ),
        ).rowcount
        for channel in product.channels
        for variant in product.variants
    )


def _load_order(world: World, order: OrderIn, *, replace: bool) -> int:
    if world.order(order.channel, order.id) is not None:
        if not replace:
            return 0
        for table, column in (("orders", "id"), ("lines", "order_id"), ("entries", "order_id")):
            world.db.execute(
                f"DELETE FROM {table} WHERE channel = ? AND {column} = ?",  # noqa: S608 - the three pairs above
                (order.channel, order.id),
            )
    total = sum(_load_line(world, order, line) for line in order.lines)
    delivered = order.delivered_at.astimezone() if order.delivered_at else None
    world.db.execute(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?)",
        (
            order.channel,
            order.id,
            order.customer,
            order.member_level,
            order.status,
            order.currency,
            order.placed_at.isoformat() if order.placed_at else world.ago(order.placed_days_ago),
            delivered.isoformat()
            if delivered
            else world.ago(order.delivered_days_ago)
            if order.delivered_days_ago is not None
            else None,
            total if order.paid_cents is None else order.paid_cents,
            order.refunded_cents,
            order.payment_method,
            order.tracking,
        ),
    )
    return 1


def _load_line(world: World, order: OrderIn, line: LineIn) -> int:
    """Write a line and return what it cost in cents."""
    known = world.variant(order.channel, line.sku)
    if known is None and None in (line.product, line.name, line.unit_price_cents):
        raise ValueError(f"order {order.id}: {line.sku} is not in the catalogue, so the line must say it all")
    price = (
        line.unit_price_cents if line.unit_price_cents is not None else known["price_cents"] if known else 0
    )
    options = line.options if line.options is not None else json.loads(known["options"]) if known else {}
    world.db.execute(
        "INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order.channel,
            order.id,
            line.id,
            line.sku,
            line.product or (known["product"] if known else ""),
            line.name or (known["name"] if known else ""),
            json.dumps(options, ensure_ascii=False),
            line.quantity,
            line.returned_quantity,
            price,
        ),
    )
    return int(price) * line.quantity
