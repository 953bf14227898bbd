"""Books against channels: a payment too many or too few is named, whatever the totals say."""

from collections import Counter

from cli.demo.payments import Payment, compare

PAID: Payment = ("store", "refund", "S-1", 4000)
OTHER: Payment = ("store", "refund", "S-2", 4000)
CHARGED: Payment = ("store", "charge", "S-3", 500)


def test_equal_books_agree_and_charges_count_against_refunds() -> None:
    found = compare(Counter([PAID, CHARGED]), Counter([PAID, CHARGED]))

    assert found.agrees
    assert (found.payments, found.out_cents) == (2, 3500)


def test_a_payment_made_twice_is_named() -> None:
    found = compare(Counter([PAID, PAID]), Counter([PAID]))

    assert not found.agrees
    assert found.twice == (PAID,)
    assert found.difference_cents == 4000


def test_a_payment_the_channel_does_not_know_is_lost() -> None:
    assert compare(Counter(), Counter([PAID])).lost == (PAID,)


def test_one_too_many_and_one_too_few_of_the_same_amount_do_not_cancel_out() -> None:
    found = compare(Counter([PAID]), Counter([OTHER]))

    assert found.difference_cents == 0
    assert not found.agrees
