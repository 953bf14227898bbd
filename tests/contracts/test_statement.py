"""What a system says of an order's lines, against what our books say of them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from contracts.effect import EffectState
from contracts.reconciliation.divergence import DivergenceKind
from contracts.reconciliation.statement import (
    Difference,
    LineTold,
    OwnBooks,
    OwnEffect,
    OwnShare,
    PaymentTold,
    Statement,
    beyond,
    counted_as,
    differences,
)
from contracts.shares import Subject

NOW = datetime(2026, 11, 5, tzinfo=UTC)
LINE, CARD = "shop/1/L1", "shop/1#paid-by/card"


def statement(*, refunded: int = 0, back: int = 0, cents: int = 0, pieces: int = 2) -> Statement:
    """Two mugs of 10.00 each, of which so many are told to be back, and so much to be refunded."""
    counted = {"mark_order": back, "refund": refunded}
    return Statement(
        subject=Subject(name="shop/1", connector="shop", id="1"),
        by="order",
        id="1",
        currency="EUR",
        directions={"refund": "out", "charge": "in"},
        lines=(LineTold(account=LINE, pieces=pieces, paid_cents=2000, counted=counted),),
        payments=(
            PaymentTold(
                account=CARD,
                operation="refund",
                where={"payment_method": "card"},
                unless={"reason": "changed"},
                cents=cents,
                most_cents=2000,
            ),
        ),
    )


def paid(
    cents: int, pieces: int = 1, state: EffectState = EffectState.APPLIED, operation: str = "refund"
) -> OwnShare:
    """A payment of ours for the line."""
    said = {"payment_method": "card", "reason": "size"}
    return OwnShare(
        LINE, OwnEffect(f"k{cents}", "c", operation, state, cents, said), pieces, cents if cents else 0
    )


def ours(*shares: OwnShare, **before: int) -> OwnBooks:
    names = {"back": counted_as(LINE, "mark_order"), "cents": CARD, "refunded": counted_as(LINE, "refund")}
    kept = {names[name]: count for name, count in before.items()}
    return OwnBooks([share.effect for share in shares], shares, kept)


def kinds(found: Sequence[Difference]) -> list[tuple[str, str, int]]:
    return [(one.kind.value, one.account, one.by_hand) for one in found]


def test_what_both_say_is_no_difference() -> None:
    assert list(differences(statement(refunded=1, back=1, cents=1000), ours(paid(1000)))) == []


def test_pieces_that_are_marked_later_than_they_are_refunded_are_no_difference() -> None:
    assert list(differences(statement(refunded=1, back=0, cents=1000), ours(paid(1000)))) == []


def test_a_refund_that_may_be_on_its_way_explains_either_answer() -> None:
    pending = ours(paid(1000, state=EffectState.UNKNOWN))
    assert list(differences(statement(), pending)) == []
    assert list(differences(statement(refunded=1, cents=1000), pending)) == []


def test_more_back_than_was_ordered_is_a_difference_whoever_says_it() -> None:
    found = list(differences(statement(back=3), ours(back=3)))
    assert kinds(found) == [("above ordered", LINE, 1)]
    held = ours(paid(500, pieces=3))
    found = list(differences(statement(refunded=3, cents=500), held))
    assert kinds(found) == [("above ordered", LINE, 1)]


def test_a_line_that_our_books_refunded_beyond_what_was_paid_for_it_is_a_difference() -> None:
    found = list(differences(statement(refunded=2, cents=2100), ours(paid(1500), paid(600))))
    assert kinds(found) == [("above paid", LINE, 100), ("above paid", CARD, 100)]


def test_what_an_exchange_charged_for_a_line_may_come_back_with_it() -> None:
    dearer = ours(paid(500, operation="charge", pieces=0), paid(2500, pieces=2))
    told = statement(refunded=2, cents=2500)
    most = told.payments[0].model_copy(update={"most_cents": 2500})
    assert list(differences(told.model_copy(update={"payments": (most,)}), dearer)) == []


def test_a_refund_that_is_told_no_more_is_missing_there_line_and_money() -> None:
    found = list(differences(statement(), ours(paid(1000))))
    assert kinds(found) == [("missing outside", LINE, -1), ("missing outside", CARD, -1000)]
    assert [one.theirs_cents - one.ours_cents for one in found] == [-1000, -1000]


def test_what_was_told_before_our_books_held_anything_stays_out_of_it() -> None:
    told = statement(refunded=1, back=1, cents=1000)
    kept = beyond(told, ours())
    assert kept == {counted_as(LINE, "mark_order"): 1, counted_as(LINE, "refund"): 1, CARD: 1000}
    again = OwnBooks([share.effect for share in (paid(1000),)], [paid(1000)], kept)
    assert list(differences(statement(refunded=2, back=2, cents=2000), again)) == []


def test_a_price_that_was_changed_is_no_refund() -> None:
    effect = paid(300, pieces=0).effect
    changed = OwnEffect(
        effect.key, "c", "refund", EffectState.APPLIED, 300, {**effect.arguments, "reason": "changed"}
    )
    assert list(differences(statement(), OwnBooks([changed], [], {}))) == []


def test_the_same_difference_is_found_again_as_the_same_divergence_and_a_larger_one_as_another() -> None:
    def ids(books: OwnBooks, told: Statement) -> list[str]:
        return [one.divergence("shop", told, "", NOW).id for one in differences(told, books)]

    first = ids(ours(), statement(cents=500))
    assert ids(ours(paid(1000, pieces=0)), statement(cents=1500)) == first
    assert ids(ours(), statement(cents=700)) != first
    assert DivergenceKind.MISSING_HERE.value.replace(" ", "-") in first[0]
