"""A repair, end to end: sent in, looked at, repaired and sent back, and no money moves."""

import pytest

from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from tests.workflows.returns.orders import asking, given_order, told_people, waiting
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.test_undo import kontor
from tests.workflows.returns.way.test_way import steps, waiting_for_goods

pytestmark = pytest.mark.slow

TORN = "The shirt arrived broken: a seam is torn open. Please repair it."
MONEY = ("refund", "charge")


async def test_what_is_faulty_is_sent_in_repaired_and_sent_back_long_after_the_window(shop: Shop) -> None:
    order = given_order(shop, placed_days_ago=410, delivered_days_ago=400)
    shop.parcels("webshop", order)
    request = asking(order, TORN)

    await waiting_for_goods(shop, request)
    assert steps(shop, request) == ["authorise", "instruct"]
    [authorised] = shop.entries("webshop", "return", order)
    assert authorised["postage"] == "ours"
    [told] = shop.entries("webshop", "message", order)
    assert "we repair it and send it back to you" in told["text"]

    shop.parcels("webshop", order, ("L1", 1, "damaged"))
    await shop.handle(request).signal("facts_changed")
    result = await shop.handle(request).result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "in_repair", 0)
    [repair] = shop.entries("webshop", "repair", order)
    assert (repair["rma"], repair["lines"][0]["line"]) == (request.id, "L1")
    assert [entry for kind in MONEY for entry in shop.entries("webshop", kind, order)] == []
    assert shop.entries("webshop", "restock", order) == []
    assert len(shop.entries("webshop", "message", order)) == 2


async def test_what_was_repaired_can_still_be_claimed_and_returned(shop: Shop) -> None:
    order = given_order(shop)
    shop.parcels("webshop", order, ("L1", 1, "damaged"))
    await shop.run(asking(order, TORN))

    again = await shop.run(asking(order, "The shirt arrived broken, a seam is torn. I want my money back."))

    assert (again.status, again.outcome, again.amount_cents) == (CaseStatus.SETTLED, "returned", 4000)


async def test_what_came_for_a_repair_and_is_whole_is_a_persons(shop: Shop) -> None:
    order = given_order(shop)
    shop.parcels("webshop", order, ("L1", 1, "sellable"))
    request = asking(order, TORN)
    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert "repair of Linen shirt" in told_people(asked)
    assert shop.entries("webshop", "repair", order) == []
    answer = Answer(person="ben", choice="approve", request_id=asked.request.id)
    await shop.handle(request).execute_update("decide", answer)
    result = await shop.handle(request).result()
    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "in_repair")


@pytest.mark.parametrize(
    ("channel", "message"),
    [("webshop", "Please repair the shirt."), ("marketplace", TORN), ("store", TORN)],
)
async def test_what_may_not_be_faulty_or_cannot_be_repaired_there_is_a_persons_at_once(
    shop: Shop, channel: str, message: str
) -> None:
    order = given_order(shop, channel)
    request = asking(order, message, channel)
    await shop.submit(request)
    await waiting(shop, request)

    [asked] = shop.installation.approvals.of_case(DESK.case_id(request))
    assert "Handle by hand" in told_people(asked)
    assert "repair of Linen shirt" in told_people(asked)
    assert shop.timeline(request).effects == ()


async def test_a_repair_that_was_ordered_is_undone_with_its_return(shop: Shop) -> None:
    order = given_order(shop)
    shop.parcels("webshop", order, ("L1", 1, "damaged"))
    request = asking(order, TORN)
    await shop.run(request)

    code, _ = await kontor(shop, "undo", DESK.case_id(request), "--as", "ben")

    assert code == 0
    undone = [shop.undone("webshop", kind, order) for kind in ("repair", "return")]
    assert undone == [[True], [True]]
