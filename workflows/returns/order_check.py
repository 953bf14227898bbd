"""May an order's money, pieces and times be right at all? What cannot be is refused where it comes in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from contracts.money import minor_digits

if TYPE_CHECKING:
    from workflows.returns.types import Order, OrderLine, Payment, Variant

Flaw = tuple[str, str]
"""A field, and what is wrong with it, without its value."""
LEEWAY = timedelta(days=1)
"""By so much times may differ and still be right: some systems tell days alone, or times of another zone."""


def order_flaws(order: "Order") -> Iterator[Flaw]:
    """Yield everything about an order's amounts and times that cannot be right."""
    yield from _currencies(order)
    yield from _negative(order)
    yield from _contradicting(order)
    if order.delivered_at and order.delivered_at < order.placed_at - LEEWAY:
        yield "delivered_at", "is before placed_at"


def delivery_doubt(order: "Order", asked_at: datetime | None) -> str:
    """Return why nobody can say how long ago an order was delivered; empty if it was not, or is told.

    Args:
        order: the order.
        asked_at: when its customer asked; None where nobody said.
    """
    if order.status != "delivered":
        return ""
    if order.delivered_at is None:
        return "when it was delivered is not told"
    if asked_at and order.delivered_at > asked_at + LEEWAY:
        return "it is told as delivered at a time to come"
    return ""


def _currencies(order: "Order") -> Iterator[Flaw]:
    try:
        minor_digits(order.currency)
    except ValueError:
        yield "currency", "is no code of ISO 4217 that money is paid in"
    for field, part in _parts(order):
        if part.currency and part.currency != order.currency:
            yield f"{field}.currency", "is not the order's"


def _negative(order: "Order") -> Iterator[Flaw]:
    for field, part in (("", order), *_parts(order)):
        for name in type(part).model_fields:
            counted = name.endswith(("_cents", "quantity"))
            if counted and (getattr(part, name) or 0) < 0:
                yield f"{field}.{name}".lstrip("."), "is negative"


def _contradicting(order: "Order") -> Iterator[Flaw]:
    if order.refunded_cents > order.paid_cents:
        yield "refunded_cents", "is more than paid_cents"
    if order.charged_cents > order.paid_cents:
        yield "charged_cents", "is more than paid_cents, which holds it"
    for place, payment in enumerate(order.payments):
        if payment.refunded_cents > payment.paid_cents:
            yield f"payments.{place}.refunded_cents", "is more than its paid_cents"
    known: set[str] = set()
    for place, line in enumerate(order.lines):
        if line.discount_cents > line.unit_price_cents * line.quantity:
            yield f"lines.{place}.discount_cents", "is more than its pieces cost"
        for name in ("returned_quantity", "refunded_quantity"):
            if (getattr(line, name) or 0) > line.quantity:
                yield f"lines.{place}.{name}", "is more than its quantity"
        if line.id in known:
            yield f"lines.{place}.id", "is another line's, too"
        known.add(line.id)


def _parts(order: "Order") -> "Iterator[tuple[str, OrderLine | Payment | Variant]]":
    """Yield the order's lines, payments and variants, each with its place in the order."""
    yield from ((f"lines.{place}", line) for place, line in enumerate(order.lines))
    yield from ((f"payments.{place}", payment) for place, payment in enumerate(order.payments))
    yield from ((f"variants.{place}", variant) for place, variant in enumerate(order.variants))
