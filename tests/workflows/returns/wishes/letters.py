"""A customer of a small shop, whom the tests' letters are from."""

from datetime import UTC, datetime

from workflows.returns.types import Order, OrderLine, Variant, WayToPay
from workflows.returns.wishes.letter import Customer

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
TENTS = (
    ("TENT-2-G", {"persons": "2", "color": "green"}, 9900),
    ("TENT-3-G", {"persons": "3", "color": "green"}, 11900),
    ("TENT-3-B", {"persons": "3", "color": "blue"}, 11900),
)
BOTTLES = (
    ("BOTTLE-500-RED", {"capacity": "500ml", "color": "red"}, 1500),
    ("BOTTLE-1000-RED", {"capacity": "1000ml", "color": "red"}, 1900),
    ("BOTTLE-1000-BLUE", {"capacity": "1000ml", "color": "blue"}, 1900),
)


def _variants(product: str, rows: tuple[tuple[str, dict[str, str], int], ...]) -> tuple[Variant, ...]:
    return tuple(
        Variant(sku=sku, product=product, options=options, price_cents=price, available=4)
        for sku, options, price in rows
    )


def _line(number: int, product: str, name: str, row: tuple[str, dict[str, str], int]) -> OrderLine:
    sku, options, price = row
    return OrderLine(
        id=f"L{number}", sku=sku, product=product, name=name, options=options, unit_price_cents=price
    )


def _order(number: str, status: str, *lines: OrderLine) -> Order:
    return Order.model_validate(
        {
            "id": number,
            "channel": "webshop",
            "status": status,
            "customer": "c-1",
            "currency": "EUR",
            "placed_at": NOW,
            "paid_cents": sum(line.unit_price_cents for line in lines),
            "payment_method": "paypal-1",
            "lines": lines,
            "variants": (*_variants("TENT", TENTS), *_variants("BOTTLE", BOTTLES)),
        }
    )


LAMP = ("LAMP-1", {"color": "white"}, 4900)
CUSTOMER = Customer(
    orders=(
        _order(
            "W-90001",
            "delivered",
            _line(1, "TENT", "Camping Tent", TENTS[0]),
            _line(2, "BOTTLE", "Water Bottle", BOTTLES[0]),
            _line(3, "LAMP", "Desk Lamp", LAMP),
        ),
        _order("W-90002", "pending", _line(1, "BOTTLE", "Water Bottle", BOTTLES[2])),
    ),
    methods=(
        WayToPay(method="paypal-1", kind="paypal"),
        WayToPay(method="card-1", kind="card", brand="visa", last_four="4012"),
        WayToPay(method="gift-1", kind="gift_card"),
    ),
)
