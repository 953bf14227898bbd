"""What a case is told by hand, in the name of somebody who has an account: nothing of it counts."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from temporalio.client import WorkflowUpdateFailedError

from activities.proofs import ATTEMPT
from contracts.approvals.messages import Withdrawal
from contracts.case import CaseStatus
from contracts.parcel import Inspection, Parcel
from contracts.reply import Reply
from service.answers import refusal
from service.identity import bind, unbind
from tests.workflows.returns.orders import RETURN, asked, asking, given_order
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.test_asking_back import WHICH, two_things
from tests.workflows.returns.test_undo import kontor
from tests.workflows.returns.way.test_way import waiting_for_goods
from workflows.returns.types import ReturnRequest

pytestmark = pytest.mark.slow
Told = Callable[[Shop, ReturnRequest], Awaitable[None]]


@pytest.fixture
def enrolled(shop: Shop) -> Iterator[None]:
    """Anna's account is this one; the other tests' shop has nobody enrolled."""
    bind(shop.installation, "anna")
    yield
    unbind(shop.installation, "anna")


async def refused(shop: Shop, request: ReturnRequest, update: str, word: object) -> None:
    with pytest.raises(WorkflowUpdateFailedError) as raised:
        await shop.handle(request).execute_update(update, word)
    assert "nobody proved" in refusal(raised.value)


async def attempts(shop: Shop, request: ReturnRequest, count: int) -> list[object]:
    """Wait until so many attempts are on record, and return what they were of."""
    for _ in range(1200):
        found = [one for one in shop.timeline(request).episodes if one.kind == ATTEMPT]
        if len(found) >= count:
            return [one.data["act"] for one in found]
        await asyncio.sleep(0.05)
    raise AssertionError(found)


@pytest.mark.usefixtures("enrolled")
async def test_goods_come_and_a_case_is_taken_back_only_by_who_proves_it(shop: Shop) -> None:
    order = given_order(shop)
    shop.parcels("webshop", order)
    request = asking(order, RETURN)
    await waiting_for_goods(shop, request)
    case_id = DESK.case_id(request)

    await refused(shop, request, "received", Parcel(person="anna"))
    await refused(shop, request, "inspected", Inspection(person="anna", condition="sellable"))
    await refused(shop, request, "take_back", Withdrawal(why="undone by anna", by="anna"))
    await shop.handle(request).signal("withdraw", {"why": "the customer keeps it", "by": "anna"})

    told = await attempts(shop, request, 4)
    assert told == ["received", "inspected", "withdraw", "withdraw"]
    assert shop.entries("webshop", "restock", order) == []
    assert (await kontor(shop, "inspected", case_id, "--as", "ben"))[0] == 2, "the account is not ben's"
    assert (await kontor(shop, "inspected", case_id, "--as", "anna"))[0] == 0
    result = await shop.handle(request).result()
    assert (result.status, result.amount_cents) == (CaseStatus.SETTLED, 4000)


@pytest.mark.usefixtures("enrolled")
async def test_a_waiting_case_is_undone_by_who_proves_it(shop: Shop) -> None:
    order = given_order(shop)
    shop.parcels("webshop", order)
    request = asking(order, RETURN)
    await waiting_for_goods(shop, request)

    assert (await kontor(shop, "undo", DESK.case_id(request), "--as", "ben"))[0] == 2
    code, told = await kontor(shop, "undo", DESK.case_id(request), "--as", "anna")

    assert (code, told["report"]["back_cents"]) == (0, 4000)
    assert [one for one in shop.timeline(request).episodes if one.kind == ATTEMPT] == []


@pytest.mark.usefixtures("enrolled")
async def test_a_customers_words_are_told_only_by_who_proves_it(shop: Shop) -> None:
    order = two_things(shop)
    request = asking(order, WHICH, "store")
    await asked(shop, request)

    await shop.handle(request).signal("replied", "the linen shirt")
    await shop.handle(request).signal("replied", Reply(text="the linen shirt", person="anna"))
    await refused(shop, request, "replied", Reply(choice=1, person="anna"))

    assert await attempts(shop, request, 3) == ["replied"] * 3
    assert shop.entries("store", "refund", order) == []
    assert (await kontor(shop, "reply", DESK.case_id(request), "the desk lamp"))[0] == 0
    result = await shop.handle(request).result()
    assert (result.outcome, result.amount_cents) == ("returned", 3000)
