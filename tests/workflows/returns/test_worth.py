"""What a line is worth is what was paid for it, to the last unit, and never more comes back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import apportioned
from contracts.shares import Books, Done
from workflows.returns.plan import plan_for
from workflows.returns.reading import Reading, Wanted
from workflows.returns.sums import Sum, sum_of
from workflows.returns.types import Intent, Order, OrderLine, Payment, Reason, Variant
from workflows.returns.worth import worth_of

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)


def line(id_: str, price: int, quantity: int = 1, **more: Any) -> OrderLine:
    words = {"sku": f"S-{id_}", "product": f"P-{id_}", "name": f"Thing {id_}"}
    return OrderLine(id=id_, quantity=quantity, unit_price_cents=price, **words, **more)


def order(*lines: OrderLine, paid: int, **more: Any) -> Order:
    usual: dict[str, Any] = {"currency": "EUR", "payment_method": "card", "status": "delivered"}
    return Order(
        id="W-1",
        channel="webshop",
        customer="c-1",
        placed_at=NOW,
        delivered_at=NOW,
        paid_cents=paid,
        lines=lines,
        **{**usual, **more},
    )


def back(bought: Order, pieces: dict[str, int | None], intent: Intent = Intent.RETURN) -> Reading:
    wanted = tuple(Wanted(line=each, quantity=pieces[each.id]) for each in bought.lines if each.id in pieces)
    return Reading(intent=intent, reason=Reason.SIZE, wanted=wanted)


def reckoned(bought: Order, **pieces: int | None) -> Sum:
    return sum_of(bought, back(bought, pieces))


def refunds(bought: Order, **pieces: int | None) -> dict[str, int]:
    plan = plan_for("returns/webshop/R-1", bought, back(bought, pieces), NOW)
    return {
        str(effect.arguments["payment_method"]): effect.amount_cents
        for effect in plan.effects
        if effect.operation == "refund"
    }


amounts = st.integers(min_value=0, max_value=10**9)


@given(amount=amounts, weights=st.lists(amounts, min_size=1, max_size=6))
def test_what_is_cut_by_largest_remainder_is_whole_and_never_a_unit_off_its_share(
    amount: int, weights: list[int]
) -> None:
    total = sum(weights)
    if amount and not total:
        with pytest.raises(ValueError, match="cannot be cut"):
            apportioned(amount, weights)
        return
    parts = apportioned(amount, weights)
    assert sum(parts) == amount
    assert all(
        abs(part * total - amount * weight) < max(1, total)
        for part, weight in zip(parts, weights, strict=True)
    )
    if amount <= total:
        assert all(part <= weight for part, weight in zip(parts, weights, strict=True))


def test_the_order_of_the_parts_that_lose_alike_decides() -> None:
    assert apportioned(100, [1, 1, 1]) == (34, 33, 33)
    assert apportioned(1, [1, 2]) == (0, 1)


@given(
    paid=st.integers(min_value=1, max_value=10**7),
    steps=st.lists(st.integers(min_value=1, max_value=9), min_size=1, max_size=9),
)
def test_the_pieces_of_a_line_come_to_what_was_paid_in_whatever_portions_they_come_back(
    paid: int, steps: list[int]
) -> None:
    quantity, returned, refunded = sum(steps), 0, 0
    for count in steps:
        bought = order(
            line("L1", 1, quantity, paid_cents=paid, returned_quantity=returned),
            paid=paid,
            refunded_cents=refunded,
        )
        found = reckoned(bought, L1=count)
        assert not found.doubts
        returned, refunded = returned + count, refunded + found.amount_cents
    assert refunded == paid


def test_half_of_a_discounted_order_is_worth_half_of_what_was_paid() -> None:
    bought = order(line("L1", 5000), line("L2", 5000), paid=6000, discount_cents=4000)
    assert refunds(bought, L1=1) == {"card": 3000}


def test_lines_that_do_not_come_to_what_was_paid_are_a_question_and_nothing_is_proposed() -> None:
    bought = order(line("L1", 5000), line("L2", 5000), paid=6000)
    plan = plan_for("returns/webshop/R-1", bought, back(bought, {"L1": 1}), NOW)
    assert plan.effects == ()
    assert reckoned(bought, L1=1).doubts == (
        "its lines and postage come to 100.00 EUR, and 60.00 EUR were paid for them",
    )


def test_discounts_tax_and_postage_are_all_in_what_a_line_is_worth() -> None:
    bought = order(
        line("L1", 1000, 3, discount_cents=300, tax_cents=513),
        line("L2", 500, paid_cents=400),
        paid=3213 - 200 + 400 + 490,
        discount_cents=200,
        shipping_cents=490,
    )
    assert [each.paid_cents for each in worth_of(bought).lines] == [3013, 400]
    assert reckoned(bought, L1=1).amount_cents == 1004
    assert reckoned(bought, L1=None, L2=1).shipping_cents == 490


def test_postage_goes_back_with_the_last_piece_unless_policy_keeps_it_or_one_was_exchanged() -> None:
    bought = order(
        line("L1", 1000, 2, returned_quantity=1), paid=2490, refunded_cents=1000, shipping_cents=490
    )
    last = back(bought, {"L1": 1})
    assert sum_of(bought, last).amount_cents == 1490
    assert sum_of(bought, last, shipping=False).amount_cents == 1000
    swapped = order(
        line("L1", 1000, 2, returned_quantity=1, refunded_quantity=0), paid=2490, shipping_cents=490
    )
    assert sum_of(swapped, last).amount_cents == 1000


def test_a_refund_goes_back_over_the_ways_it_was_paid_in_proportion_to_what_is_left() -> None:
    ways = (
        Payment(method="gift-1", paid_cents=1000, refunded_cents=400),
        Payment(method="card-1", paid_cents=2000),
    )
    bought = order(
        line("L1", 600, 5, returned_quantity=1, paid_cents=3000), paid=3000, refunded_cents=400, payments=ways
    )
    assert bought.lines[0].returned_quantity == 1
    assert reckoned(bought, L1=1).doubts  # one piece was worth 6.00, and 4.00 were refunded
    whole = bought.model_copy(
        update={
            "refunded_cents": 600,
            "payments": (ways[0].model_copy(update={"refunded_cents": 600}), ways[1]),
        }
    )
    assert refunds(whole, L1=1) == {"gift-1": 100, "card-1": 500}
    assert refunds(whole, L1=None) == {"gift-1": 400, "card-1": 2000}


@given(
    paid=st.lists(st.integers(min_value=1, max_value=10**6), min_size=1, max_size=4),
    share=st.integers(min_value=1, max_value=1000),
)
def test_no_way_of_paying_gets_back_more_than_was_paid_by_it(paid: list[int], share: int) -> None:
    ways = tuple(Payment(method=f"m{place}", paid_cents=cents) for place, cents in enumerate(paid))
    total = sum(paid)
    bought = order(line("L1", 1, 1000, paid_cents=total), paid=total, payments=ways)
    got = refunds(bought, L1=share)
    assert sum(got.values()) == apportioned(total, [share, 1000 - share])[0]
    assert all(got.get(way.method, 0) <= way.paid_cents for way in ways)


def test_the_shares_of_several_refunds_are_booked_on_lines_and_ways_to_the_last_unit() -> None:
    ways = (Payment(method="gift-1", paid_cents=333), Payment(method="card-1", paid_cents=1667))
    bought = order(line("L1", 500, 2), line("L2", 1000), paid=2000, payments=ways)
    plan = plan_for("returns/webshop/R-1", bought, back(bought, {"L1": 1, "L2": 1}), NOW)
    pays = [effect for effect in plan.effects if effect.operation == "refund"]
    assert [(effect.step, effect.amount_cents) for effect in pays] == [("refund", 250), ("refund-2", 1250)]
    booked: dict[str, list[int]] = {}
    for share in (share for effect in pays for share in effect.shares):
        pieces, cents = booked.setdefault(share.account, [0, 0])
        booked[share.account] = [pieces + share.quantity, cents + share.amount_cents]
    assert booked == {
        "webshop/W-1/L1": [1, 500],
        "webshop/W-1/L2": [1, 1000],
        "webshop/W-1#paid-by/gift-1": [0, 250],
        "webshop/W-1#paid-by/card-1": [0, 1250],
    }
    assert [effect.arguments["lines"] for effect in pays if effect.arguments["lines"]] == [
        pays[1].arguments["lines"]
    ]


def test_what_our_books_did_explains_a_refund_that_the_channel_shows_on_no_line_yet() -> None:
    done = Done(account="webshop/W-1/L1", operation="refund", quantity=1, amount_cents=4000)
    bought = order(line("L1", 4000), line("L2", 1000), paid=5000, refunded_cents=4000)
    assert reckoned(bought, L2=1).doubts
    ours = bought.model_copy(update={"books": Books(done=(done,))})
    assert not reckoned(ours, L2=1).doubts
    assert worth_of(ours).of("L1").left == 0


def test_a_refund_of_ours_that_is_on_its_way_counts_as_refunded_on_the_way_it_goes() -> None:
    pending = {"amount_cents": 4000, "pending_cents": 4000, "operation": "refund"}
    books = Books(
        done=(
            Done(account="webshop/W-1/L1", quantity=1, **pending),
            Done(account="webshop/W-1#paid-by/card", **pending),
        )
    )
    bought = order(line("L1", 4000), line("L2", 1000), paid=5000, books=books)
    assert worth_of(bought).left_by_method == (("card", 1000),)
    assert refunds(bought, L2=1) == {"card": 1000}
    assert reckoned(bought, L1=1).amount_cents == 0


def test_a_line_that_is_back_with_nothing_refunded_for_it_is_a_question() -> None:
    bought = order(line("L1", 4000, returned_quantity=1), paid=4000)
    assert reckoned(bought, L1=1).doubts == (
        "Thing L1 is back or exchanged already, and nothing was refunded for it",
    )


def test_unequal_pieces_that_two_cases_reckoned_alike_never_come_to_more_than_was_paid() -> None:
    three = line("L1", 67, 3, discount_cents=1)
    one = reckoned(order(three, paid=200), L1=1).amount_cents
    done = Done(account="webshop/W-1/L1", operation="refund", quantity=2, amount_cents=2 * one)
    bought = order(three, line("L2", 500), paid=700, books=Books(done=(done,)))
    assert (one, reckoned(bought, L1=1).amount_cents) == (67, 66)


def test_more_pieces_than_are_left_are_a_question() -> None:
    bought = order(line("L1", 1000, 3, returned_quantity=1), paid=3000, refunded_cents=1000)
    assert reckoned(bought, L1=3).doubts == ("3 of Thing L1 are asked for, 2 can still come back",)


def test_an_exchange_moves_as_many_pieces_as_are_asked_for() -> None:
    dearer = Variant(sku="S-X", product="P-L1", price_cents=1250, available=9)
    bought = order(line("L1", 1000, 3), paid=3000, variants=(dearer,))
    item = Wanted(line=bought.lines[0], quantity=2, variant=dearer)
    reading = Reading(intent=Intent.EXCHANGE, reason=Reason.SIZE, wanted=(item,))
    plan = plan_for("returns/webshop/R-1", bought, reading, NOW)
    counts = {effect.step: effect.arguments.get("quantity") for effect in plan.effects}
    assert counts["reserve"] == 2
    assert {effect.step: effect.amount_cents for effect in plan.effects}["charge"] == 500
    off = bought.model_copy(update={"paid_cents": 2700, "discount_cents": 300})
    assert sum_of(off, reading).doubts == (
        "Thing L1 was not bought at its list price, and the new one has another",
    )


def test_a_cancellation_gives_back_all_that_is_left_on_every_way() -> None:
    ways = (Payment(method="gift-1", paid_cents=1000), Payment(method="card-1", paid_cents=1490))
    bought = order(line("L1", 1000, 2), paid=2490, shipping_cents=490, payments=ways, status="pending")
    plan = plan_for("returns/webshop/R-1", bought, Reading(intent=Intent.CANCEL, reason=Reason.UNSTATED), NOW)
    assert [effect.amount_cents for effect in plan.effects if effect.operation == "refund"] == [1000, 1490]
    assert set(plan.claims) == {"webshop/W-1/cancel", "webshop/W-1/L1"}
