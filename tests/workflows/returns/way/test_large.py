"""A return of thousands of lines goes its way as any other does."""

from typing import Any

import pytest

from contracts.case import CaseStatus
from contracts.parcel import Inspection
from service.goods import tell
from tests.workflows.returns.orders import asked_for, asking, given_order
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.way.test_way import waiting_for_goods

pytestmark = pytest.mark.slow
LINES = 1000
ALL = "I want to return all of it for a refund, please: it is too small for me."


def many(cents: int) -> dict[str, Any]:
    """Return lines of one piece each."""
    return {
        "lines": [
            {
                "id": f"L{number:04}",
                "sku": f"SCREW-{number}",
                "product": f"P-{number}",
                "name": f"Screw {number}",
                "unit_price_cents": cents,
            }
            for number in range(LINES)
        ]
    }


@pytest.mark.parametrize(("cents", "ahead"), [(12, True), (60, False)])
async def test_thousands_of_lines_are_restocked_when_they_are_here_and_refunded_as_policy_says(
    shop: Shop, cents: int, *, ahead: bool
) -> None:
    order = given_order(shop, **many(cents))
    shop.parcels("webshop", order)
    items = [f"L{number:04}" for number in range(LINES)]
    request = asking(order, ALL, items=items)

    await waiting_for_goods(shop, request, f"0 of {LINES} pieces")
    assert shop.entries("webshop", "restock", order) == []
    assert len(shop.entries("webshop", "refund", order)) == int(ahead)

    await tell(shop.client, DESK.case_id(request), Inspection(person="anna"))
    if not ahead:
        question = await asked_for(shop, request, cents * LINES)
        answer = {"person": "ben", "choice": "approve", "request_id": question.request.id}
        await shop.handle(request).execute_update("decide", answer)
    result = await shop.handle(request).result()

    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, cents * LINES)
    [restock] = shop.entries("webshop", "restock", order)
    assert len(restock["lines"]) == LINES
