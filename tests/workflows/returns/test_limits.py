"""Orders of thousands of lines, and many requests of one customer at once."""

import asyncio
from collections import Counter

import pytest

from contracts.case import CaseStatus
from tests.workflows.returns.orders import RETURN, an_order, asking, given_order
from tests.workflows.returns.shop import DESK, Shop

pytestmark = pytest.mark.slow
LINES = 3000
SCREW = {
    "product": "E2E-SCREW",
    "name": "Screw",
    "price_cents": 2,
    "variants": [{"sku": "SCREW", "options": {"size": "M4"}, "stock": 5}],
}


async def test_an_order_of_three_thousand_lines_is_returned_unattended(shop: Shop) -> None:
    lines = [{"id": f"L{number:04}", "sku": "SCREW"} for number in range(LINES)]
    shop.load(products=[SCREW], orders=[an_order("E-LARGE", lines=lines)])
    message = "The screws do not fit. I would like to return all of them and get my money back, please."
    request = asking("E-LARGE", message, items=tuple(str(line["id"]) for line in lines))

    result = await shop.run(request)

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 2 * LINES)
    [refund] = shop.entries("webshop", "refund", "E-LARGE")
    assert refund["amount_cents"] == 2 * LINES
    summary = shop.timeline(request).record.summary
    assert "2980 more" in summary
    assert len(summary) < 500


async def test_of_twelve_returns_of_one_customer_at_once_no_more_pass_than_one_after_the_other(
    shop: Shop,
) -> None:
    """The office's policy asks from the fourth return in 90 days on."""
    orders = [given_order(shop, customer="c-twelve") for _ in range(12)]
    requests = [asking(order, RETURN) for order in orders]
    await asyncio.gather(*(shop.submit(request) for request in requests))

    def standing() -> Counter[str]:
        found = (shop.installation.cases.find(DESK.case_id(request)) for request in requests)
        return Counter(record.status.value for record in found if record is not None)

    async with asyncio.timeout(60):
        while standing() != {"settled": 3, "waiting": 9}:
            assert standing()["settled"] <= 3
            await asyncio.sleep(0.1)
    assert sum(len(shop.entries("webshop", "refund", order)) for order in orders) == 3
