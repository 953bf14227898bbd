"""A generated shop: what goes back is what the written rules say, to the smallest unit of each currency.

`make bench AREA=field` plays 2,000 orders; here a few go through the stack, and more through the plan.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.field import compared, load, play, refunds
from benchmarks.field_reckoning import Account, Bought, can_be_reckoned
from benchmarks.field_shop import Wish, generated
from contracts.effect import ProposedEffect
from tests.workflows.returns.shop import Shop
from workflows.returns.plan import plan_for
from workflows.returns.reading import Reading, Wanted
from workflows.returns.types import Intent, Order, OrderLine, Payment, Reason

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SHOP = generated(400, seed=3)
MANY = 30
FIRST = {wish.order: wish for wish in SHOP.wishes if wish.round == 0}


def order_of(bought: Bought) -> Order:
    """The order as its channel tells it."""
    earlier, told = bought.earlier, bought.told or {}
    return Order(
        id=bought.id,
        channel=bought.channel,
        status="delivered",
        customer="c",
        currency=bought.currency,
        placed_at=NOW - timedelta(days=9),
        delivered_at=NOW - timedelta(days=5),
        paid_cents=sum(bought.paid.values()),
        refunded_cents=earlier.cents,
        discount_cents=bought.discount_cents,
        tax_cents=bought.tax_cents,
        shipping_cents=bought.shipping_cents,
        payment_method=next(iter(bought.paid)),
        payments=tuple(
            Payment(method=method, paid_cents=cents, refunded_cents=earlier.by_method.get(method, 0))
            for method, cents in bought.paid.items()
        ),
        lines=tuple(
            OrderLine(
                id=line.id,
                sku=line.id,
                product=line.id,
                name=line.name,
                quantity=line.quantity,
                returned_quantity=earlier.pieces.get(line.id, 0),
                unit_price_cents=line.price_cents,
                discount_cents=line.discount_cents,
                tax_cents=line.tax_cents,
                paid_cents=told.get(line.id),
            )
            for line in bought.lines
        ),
    )


def planned(bought: Bought, wish: Wish) -> tuple[ProposedEffect, ...]:
    order = order_of(bought)
    wanted = tuple(
        Wanted(line=line, quantity=wish.pieces[line.id]) for line in order.lines if line.id in wish.pieces
    )
    reading = Reading(intent=Intent.RETURN, reason=Reason.SIZE, wanted=wanted)
    return plan_for("case", order, reading, NOW).effects


@pytest.mark.parametrize("currency", ["EUR", "USD", "JPY", "KWD"])
def test_a_plan_pays_back_what_the_rules_say_on_every_method(currency: str) -> None:
    asked = [each for each in SHOP.orders.values() if each.currency == currency and each.id in FIRST]
    assert sum(map(can_be_reckoned, asked)) > MANY
    for bought in asked:
        wish = FIRST[bought.id]
        due = Account(bought).take_back(wish.pieces) if can_be_reckoned(bought) else {}
        paid_back: Counter[str] = Counter()
        for effect in planned(bought, wish):
            if effect.operation == "refund":
                paid_back[str(effect.arguments["payment_method"])] += effect.amount_cents
        assert paid_back == due, (bought, wish)


@pytest.mark.slow
async def test_through_the_whole_stack_no_method_gets_another_amount_than_the_rules_say(shop: Shop) -> None:
    small = generated(16, seed=20_261_129)
    load(shop.admin, small)
    played = await play(shop.client, shop.installation, small)
    found = compared(played, refunds(shop.admin))

    assert found.wrong == {}
    assert found.over_paid == 0
    assert sum(map(played.settled, small.wishes)) > len(small.wishes) // 2
