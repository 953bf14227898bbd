"""A letter about several orders: each is a case, the first one starts them all and tells how they ended."""

import asyncio

import pytest

from contracts.case import CaseStatus
from service.intake import Started
from tests.workflows.returns.orders import asking, given_order, waiting
from tests.workflows.returns.shop import DESK, Shop
from workflows.returns.reading import numbers_beside
from workflows.returns.types import ReturnRequest


def test_what_has_the_form_of_the_orders_number_may_be_another_order() -> None:
    message = (
        "Return the lamp of W-1001, cancel W-1002 and #W-1003. My headphones are WH-1000, invoice INV-20261."
    )

    assert numbers_beside(message, "W-1001") == ("W-1002", "W-1003")
    assert numbers_beside(message, "#W-1001") == ("#W-1002", "#W-1003")


def part_of(request: ReturnRequest, order: str) -> ReturnRequest:
    """The request as the first case hands it on for another order."""
    return request.model_copy(update={"id": f"{request.id}.{order}", "order": order})


async def two_orders(shop: Shop, second_customer: str = "cust-anna") -> tuple[str, str]:
    back = given_order(shop, customer="cust-anna")
    pending = given_order(shop, status="pending", delivered_days_ago=None, customer=second_customer)
    return back, pending


@pytest.mark.slow
async def test_the_first_message_starts_all_and_one_summary_follows_the_last(shop: Shop) -> None:
    back, pending = await two_orders(shop)
    request = asking(back, f"Please return the shirt of {back} for a refund, and cancel order {pending}.")

    result = await shop.run(request)

    other = await shop.handle(part_of(request, pending)).result()
    assert (result.outcome, other.outcome) == ("returned", "cancelled")
    assert len(shop.entries("webshop", "refund", pending)) == 1
    texts = [str(entry["text"]) for entry in shop.entries("webshop", "message", back)]
    assert len(texts) == 2
    assert f"Order {back}: returned" in texts[-1]
    assert f"Order {pending}: cancelled" in texts[-1]
    assert not any(f"Order {back}" in str(e["text"]) for e in shop.entries("webshop", "message", pending))
    assert await shop.submit(part_of(request, pending)) is Started.JOINED


@pytest.mark.slow
async def test_the_summary_waits_for_the_people_of_another_order(shop: Shop) -> None:
    back, _ = await two_orders(shop)
    dear = given_order(shop, customer="cust-anna", lines=[{"id": "L1", "sku": "SHIRT-S", "quantity": 5}])
    request = asking(
        back, f"Please return the shirt of {back} for a refund. From {dear} I return all 5 shirts."
    )
    await shop.submit(request)
    await waiting(shop, part_of(request, dear))

    assert len(shop.entries("webshop", "refund", back)) == 1
    found = shop.installation.cases.find(DESK.case_id(request))
    assert found is not None
    assert found.status is CaseStatus.RUNNING

    await shop.handle(part_of(request, dear)).signal("decide", {"person": "anna", "choice": "reject"})
    async with asyncio.timeout(60):
        result = await shop.handle(request).result()
    assert result.outcome == "returned"
    last = [str(entry["text"]) for entry in shop.entries("webshop", "message", back)][-1]
    assert f"Order {dear}: a colleague has looked at it and declined it." in last


@pytest.mark.slow
async def test_an_order_of_another_customer_is_left_alone_and_a_person_reads_the_letter(shop: Shop) -> None:
    back, theirs = await two_orders(shop, second_customer="cust-bert")
    request = asking(back, f"Please return the shirt of {back} for a refund, and cancel order {theirs}.")
    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert f"{theirs}, which is another customer's" in " ".join(each.text for each in asked.request.evidence)
    assert shop.installation.cases.find(DESK.case_id(part_of(request, theirs))) is None
    assert shop.entries("webshop", "refund", theirs) == []
