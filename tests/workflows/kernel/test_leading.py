"""Which effects of a plan are done in order before the rest may begin."""

import pytest

from contracts.effect import ProposedEffect
from workflows.kernel.effects import leading


def effect(operation: str, cents: int = 0) -> ProposedEffect:
    return ProposedEffect(
        step=operation, connector="till", operation=operation, arguments={}, amount_cents=cents
    )


@pytest.mark.parametrize(
    ("effects", "count"),
    [
        ([effect("refund", 100), effect("restock"), effect("notify")], 1),
        ([effect("reserve"), effect("charge", 100), effect("restock")], 2),
        ([effect("reserve"), effect("reserve"), effect("restock")], 2),
        ([effect("notify"), effect("restock")], 1),
        ([effect("notify"), effect("refund", 100)], 2),
        ([effect("notify")], 1),
    ],
    ids=["money", "money after what it needs", "what the rest needs", "nothing", "money last", "one"],
)
def test_money_and_what_the_rest_needs_lead_and_one_effect_at_least(
    effects: list[ProposedEffect], count: int
) -> None:
    assert leading(effects, ("reserve",)) == count
