"""Money that cannot be right is refused where it comes in, each with its field's name."""

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.returns.test_worth import line, order
from workflows.returns.types import Payment, Variant

SOUND = order(
    line("L1", 4900, 2),
    paid=9800,
    payments=(Payment(method="card", paid_cents=9800),),
    variants=(Variant(sku="X", product="P", price_cents=100, available=-3),),
)
CARD = SOUND.payments[0]
SHIRT = SOUND.lines[0]


def test_a_sound_order_has_no_flaws_and_a_shop_may_have_oversold() -> None:
    assert list(SOUND.flaws()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"refunded_cents": -4900}, "refunded_cents is negative"),
        ({"paid_cents": -1, "refunded_cents": -2}, "paid_cents is negative"),
        ({"shipping_cents": -1}, "shipping_cents is negative"),
        ({"refunded_cents": 9801}, "refunded_cents is more than paid_cents"),
        ({"delivered_at": SOUND.placed_at - timedelta(days=2)}, "delivered_at is before placed_at"),
        ({"currency": "eur"}, "currency is no code of ISO 4217"),
        ({"currency": "XAU"}, "currency is no code of ISO 4217"),
        (
            {"lines": (SHIRT.model_copy(update={"unit_price_cents": -1}),)},
            "lines.0.unit_price_cents is negative",
        ),
        ({"lines": (SHIRT.model_copy(update={"quantity": -1}),)}, "lines.0.quantity is negative"),
        (
            {"lines": (SHIRT.model_copy(update={"returned_quantity": 3}),)},
            "lines.0.returned_quantity is more",
        ),
        (
            {"lines": (SHIRT.model_copy(update={"refunded_quantity": 3}),)},
            "lines.0.refunded_quantity is more",
        ),
        ({"lines": (SHIRT.model_copy(update={"discount_cents": 9801}),)}, "lines.0.discount_cents is more"),
        ({"lines": (SHIRT.model_copy(update={"currency": "USD"}),)}, "lines.0.currency is not the order's"),
        ({"lines": (SHIRT, SHIRT)}, "lines.1.id is another line's, too"),
        (
            {"payments": (CARD.model_copy(update={"currency": "USD"}),)},
            "payments.0.currency is not the order's",
        ),
        (
            {"payments": (CARD.model_copy(update={"refunded_cents": 9801}),)},
            "payments.0.refunded_cents is more",
        ),
        (
            {"variants": (Variant(sku="X", product="P", price_cents=-1, available=1),)},
            "variants.0.price_cents is",
        ),
    ],
)
def test_what_cannot_be_is_named_by_its_field(changes: dict[str, Any], said: str) -> None:
    found = [" ".join(flaw) for flaw in SOUND.model_copy(update=changes).flaws()]
    assert any(each.startswith(said) for each in found), found


def test_a_day_alone_may_be_told_as_before_the_hour_of_the_order() -> None:
    same_day = SOUND.placed_at - timedelta(hours=12)

    assert list(SOUND.model_copy(update={"delivered_at": same_day}).flaws()) == []
