import pytest

from contracts.approvals.rules import WiderThanAsked, narrowed
from contracts.effect import ProposedEffect
from tests.policy.plans import notify, plan, refund


def test_the_payment_its_argument_the_fact_and_the_words_all_follow() -> None:
    less = narrowed(
        plan(refund(14_000), notify("You get 140.00 EUR, not 1140.00 or 140.001."), amount_cents=14_000),
        3_050,
    )
    payment, message = less.effects
    assert (payment.amount_cents, payment.arguments["amount_cents"]) == (3_050, 3_050)
    assert message.arguments["text"] == "You get 30.50 EUR, not 1140.00 or 140.001."
    assert less.facts["amount_cents"] == 3_050


def test_the_plan_that_was_asked_is_left_as_it_was() -> None:
    asked = plan(refund(4_000))
    narrowed(asked, 100)
    assert asked.effects[0].arguments["amount_cents"] == 4_000


@pytest.mark.parametrize("cents", [0, -1, 4_001, 10**12])
def test_an_edit_never_widens_and_never_pays_nothing(cents: int) -> None:
    with pytest.raises(WiderThanAsked):
        narrowed(plan(refund(4_000)), cents)


CHARGED = refund(2).model_copy(update={"operation": "charge"})


@pytest.mark.parametrize("effects", [(notify(),), (refund(1), CHARGED)], ids=["none", "two"])
def test_an_edit_needs_exactly_one_sum(effects: tuple[ProposedEffect, ...]) -> None:
    with pytest.raises(WiderThanAsked, match="exactly one"):
        narrowed(plan(*effects), 1)
