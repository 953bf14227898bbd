"""How products and orders get into the sandbox: a neutral JSON shape, days counted back from now."""

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sandbox.world import CHANNELS, OF_AN_ORDER, World

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
    """One line of an order; what is not given is taken from the catalogue by SKU.

    Attributes:
        refunded_quantity: pieces refunded before the sandbox's time; by default those that are back, of
            an order of which something was refunded.
        discount_cents, tax_cents: of all its pieces together; tax comes on top of the price.
    """

    id: str
    sku: str
    quantity: int = 1
    returned_quantity: int = 0
    product: str | None = None
    name: str | None = None
    options: dict[str, str] | None = None
    unit_price_cents: int | None = None
    refunded_quantity: int | None = None
    discount_cents: int = 0
    tax_cents: int = 0


class PaymentIn(Closed):
    """One way an order was paid."""

    method: str
    paid_cents: int
    refunded_cents: int = 0


class MethodIn(Closed):
    """One way in which a customer can pay, used for this order or not."""

    id: str
    kind: Literal["card", "paypal", "gift_card"]
    brand: str = ""
    last_four: str = ""


class ParcelIn(Closed):
    """A parcel that comes by itself once a return of the order is authorised.

    Attributes:
        after_seconds: how long after that.
        pieces: how many pieces of which lines are in it; by default all that the return names.
        condition: how they are found when it comes; None if the channel says nothing of that, and people do.
    """

    after_seconds: float = 0
    pieces: dict[str, int] = {}
    condition: Literal["sellable", "damaged", "wrong_item", "missing_parts"] | None = "sellable"


class OrderIn(Closed):
    """An order. Moments are given as ISO 8601 or as days before the loading.

    Attributes:
        paid_cents: by default what the lines come to, with discounts, tax and postage.
        refunded_cents: refunded before the sandbox's time, with no entry of its own.
        payments: the ways it was paid, if in several; they come to what was paid and refunded.
        methods: the ways in which its customer can pay.
        email: its customer's mail address; by it their orders are found.
        parcels: how the goods of a return come back; by default all at once and sellable, without any never.
    """

    id: str
    channel: Literal["webshop", "marketplace", "store"]
    customer: str
    status: Literal["pending", "processed", "shipped", "delivered", "cancelled"]
    member_level: Literal["guest", "bronze", "silver", "gold"] = "guest"
    currency: str
    placed_at: datetime | None = None
    placed_days_ago: float = 10
    delivered_at: datetime | None = None
    delivered_days_ago: float | None = None
    paid_cents: int | None = None
    refunded_cents: int = 0
    payment_method: str
    payments: list[PaymentIn] = []
    methods: list[MethodIn] = []
    email: str = ""
    discount_cents: int = 0
    tax_cents: int = 0
    shipping_cents: int = 0
    tracking: str = ""
    parcels: list[ParcelIn] | None = None
    lines: list[LineIn]


class PieceIn(Closed):
    """Pieces of a line that came back."""

    line: str
    quantity: int


class FoundIn(PieceIn):
    """Pieces of a line that were looked at."""

    condition: Literal["sellable", "damaged", "wrong_item", "missing_parts"]


class Parcels(Closed):
    """What `/admin/parcels` takes: all that has come back of an order so far, and how it was found."""

    channel: Literal["webshop", "marketplace", "store"]
    order: str
    received: list[PieceIn] = []
    inspected: list[FoundIn] = []


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
        world.db.execute("DELETE FROM orders WHERE channel = ? AND id = ?", (order.channel, order.id))
        for table in OF_AN_ORDER:
            world.db.execute(
                f"DELETE FROM {table} WHERE channel = ? AND order_id = ?",  # noqa: S608 - names of its own
                (order.channel, order.id),
            )
    total = sum(_load_line(world, order, line) for line in order.lines)
    total += order.tax_cents + order.shipping_cents - order.discount_cents
    _load_terms(world.db, order)
    if order.parcels is not None:
        coming = [parcel.model_dump(mode="json") for parcel in order.parcels]
        world.set_parcels(order.channel, order.id, {"coming": coming})
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


def _load_terms(db: sqlite3.Connection, order: OrderIn) -> None:
    place = (order.channel, order.id)
    terms = (order.discount_cents, order.tax_cents, order.shipping_cents)
    db.execute("INSERT INTO order_terms VALUES (?, ?, ?, ?, ?)", (*place, *terms))
    if order.email:
        db.execute("INSERT INTO contacts VALUES (?, ?, ?)", (*place, order.email.lower()))
    for payment in order.payments:
        way = (payment.method, payment.paid_cents, payment.refunded_cents)
        db.execute("INSERT INTO payments VALUES (?, ?, ?, ?, ?)", (*place, *way))
    for each in order.methods:
        known = (each.id, each.kind, each.brand, each.last_four)
        db.execute("INSERT INTO methods VALUES (?, ?, ?, ?, ?, ?)", (*place, *known))
    for line in order.lines:
        back = line.returned_quantity if order.refunded_cents else 0
        before = back if line.refunded_quantity is None else line.refunded_quantity
        of_line = (line.id, line.discount_cents, line.tax_cents, before)
        db.execute("INSERT INTO line_terms VALUES (?, ?, ?, ?, ?, ?)", (*place, *of_line))


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
    return int(price) * line.quantity - line.discount_cents + line.tax_cents
