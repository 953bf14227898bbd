"""Money in whole minor units: said, read and signed by each currency's own digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.approvals.rules import WiderThanAsked, narrowed
from contracts.authorization import Plan
from contracts.effect import ProposedEffect
from contracts.money import NotAnAmount, minor_digits, money_text, number_text, parse_amount, signed


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (4_000, "EUR", "40.00 EUR"),
        (4_000, "JPY", "4000 JPY"),
        (4_000, "KWD", "4.000 KWD"),
        (-5, "EUR", "-0.05 EUR"),
        (0, "EUR", "0.00 EUR"),
        (10**17 + 1, "EUR", "1000000000000000.01 EUR"),
        (4_000, "", "4000 minor units"),
        (4_000, "ABC", "4000 ABC"),
    ],
)
def test_an_amount_is_said_with_the_digits_of_its_currency(amount: int, currency: str, words: str) -> None:
    assert money_text(amount, currency) == words


def test_large_numbers_can_be_grouped() -> None:
    assert number_text(-123_456_789, "EUR", grouped=True) == "-1,234,567.89"


@pytest.mark.parametrize(
    ("code", "why"), [("ABC", "not a currency"), ("", "not a currency"), ("XAU", "minor")]
)
def test_what_is_no_currency_has_no_digits(code: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        minor_digits(code)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("150", "EUR", 15_000), (" 149.90 ", "EUR", 14_990), ("149.9", "EUR", 14_990), ("150", "JPY", 150)],
)
def test_an_amount_that_a_person_types_is_read(text: str, currency: str, amount: int) -> None:
    assert parse_amount(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("149.905", "EUR"),
        ("150.5", "JPY"),
        ("1,250", "EUR"),
        ("149,90", "EUR"),
        ("1e3", "EUR"),
        ("NaN", "EUR"),
        ("1_000", "EUR"),
        ("", "EUR"),
        ("9" * 30, "EUR"),
    ],
)
def test_what_could_mean_two_things_is_not_guessed(text: str, currency: str) -> None:
    with pytest.raises(NotAnAmount):
        parse_amount(text, currency)


@given(st.integers(min_value=-(10**13), max_value=10**13), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_what_is_said_is_read_back(amount: int, currency: str) -> None:
    assert parse_amount(number_text(amount, currency), currency) == amount


def test_money_that_comes_in_counts_against_money_out() -> None:
    assert signed(500, "out") + signed(200, "in") == 300


def test_an_effect_without_money_needs_no_currency_and_old_records_without_one_still_load() -> None:
    old = '{"step": "notify", "connector": "shop", "operation": "notify", "arguments": {}}'
    assert ProposedEffect.model_validate_json(old).currency == ""


def test_a_text_follows_an_edit_in_a_currency_without_decimals_only_beside_its_code() -> None:
    less = narrowed(_plan("JPY", "Order 4000: you get 4000 JPY back."), 1_500)
    assert less.effects[1].arguments["text"] == "Order 4000: you get 1500 JPY back."


def test_an_edit_of_a_payment_without_a_currency_is_refused_for_no_text_could_follow() -> None:
    with pytest.raises(WiderThanAsked, match="names no currency"):
        narrowed(_plan("", "You get 40.00 back."), 1_500)


def _plan(currency: str, text: str) -> Plan:
    return Plan(
        case_id="returns/shop/1",
        desk="returns",
        summary="a return",
        facts={},
        effects=(
            ProposedEffect(
                step="refund",
                connector="shop",
                operation="refund",
                arguments={"amount_cents": 4_000},
                amount_cents=4_000,
                currency=currency,
            ),
            ProposedEffect(step="notify", connector="shop", operation="notify", arguments={"text": text}),
        ),
    )
