"""Orders and requests as a test gives them to a channel, and waiting for a case to wait."""

import asyncio
import itertools
from typing import Any

from contracts.approvals.queue import ApprovalEntry, ApprovalFilter
from contracts.approvals.request import ApprovalRecord
from contracts.case import CaseStatus
from contracts.memory import Search
from service.memory_access import AskedWorker
from tests.workflows.returns.shop import DESK, Shop
from workflows.returns.types import ReturnRequest

_numbers = itertools.count(1)

SHIRT = {
    "product": "E2E-SHIRT",
    "name": "Linen shirt",
    "price_cents": 4000,
    "variants": [
        {"sku": "SHIRT-S", "options": {"size": "S", "color": "white"}, "stock": 5},
        {"sku": "SHIRT-M", "options": {"size": "M", "color": "white"}, "stock": 5},
        {"sku": "SHIRT-L", "options": {"size": "L", "color": "white"}, "price_cents": 4500, "stock": 5},
    ],
}


def given_order(shop: Shop, channel: str = "webshop", **changes: object) -> str:
    """Put an order of one delivered linen shirt into a channel; return its id."""
    number = f"E-{next(_numbers):04}"
    shop.load(products=[SHIRT], orders=[an_order(number, channel, **changes)])
    return number


def an_order(number: str, channel: str = "webshop", **changes: object) -> dict[str, object]:
    return {
        "id": number,
        "channel": channel,
        "customer": f"cust-{number}",
        "status": "delivered",
        "placed_days_ago": 9,
        "delivered_days_ago": 5,
        "currency": "EUR",
        "payment_method": "card-1",
        "lines": [{"id": "L1", "sku": "SHIRT-S"}],
        **changes,
    }


def asking(order: str, message: str, channel: str = "webshop", **more: object) -> ReturnRequest:
    return ReturnRequest(id=f"RMA-{next(_numbers):05}", channel=channel, order=order, message=message, **more)


RETURN = "The shirt is too small for me. I would like to return it and get my money back, please."
ALL_FIVE = "All five shirts are too small, I want to return them all for a refund."
DEAR: dict[str, Any] = {"lines": [{"id": "L1", "sku": "SHIRT-S", "quantity": 5}]}
"""Five shirts: more than the desk pays by itself."""


async def waiting(shop: Shop, request: ReturnRequest) -> None:
    """Wait until the case waits for a person."""
    for _ in range(400):
        record = shop.installation.cases.find(DESK.case_id(request))
        if record is not None and record.status is CaseStatus.WAITING:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the case never waited for a person")


async def asked(shop: Shop, request: ReturnRequest, words: str = "for the customer:") -> str:
    """Hand a request in, unless it is, and wait until its case waits for the customer."""
    await shop.submit(request)
    for _ in range(600):
        record = shop.installation.cases.find(DESK.case_id(request))
        if record is not None and words in record.waits_for:
            return record.waits_for
        await asyncio.sleep(0.05)
    raise AssertionError(f"the case never said {words!r}: {record}")


async def with_a_photo(shop: Shop, request: ReturnRequest) -> None:
    """Hand a request in, and answer the question for photos of what is faulty."""
    await asked(shop, request, "photos of what is faulty")
    photo = {"name": "torn.jpg", "media_type": "image/jpeg", "address": "https://photos.example/torn.jpg"}
    await shop.handle(request).signal("replied", {"photos": [photo]})


async def remembered(shop: Shop, request: ReturnRequest) -> None:
    """Wait until a case that has ended can be recalled: the vector of its summary follows a little later."""
    memory = AskedWorker(shop.client)
    search = Search(question=request.message, case_id=DESK.case_id(request), mode="dense")
    for _ in range(300):
        if await memory.search(search):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the case is not remembered")


def everything_asked(shop: Shop) -> list[ApprovalEntry]:
    """Return all that waits for people: other tests' cases may fill more than one page of the queue."""
    return list(itertools.chain.from_iterable(shop.installation.approval_queue.pages(ApprovalFilter())))


async def asked_for(shop: Shop, request: ReturnRequest, amount_cents: int) -> ApprovalRecord:
    """Wait until people are asked about that amount; return the question."""
    for _ in range(1200):
        for entry in everything_asked(shop):
            if entry.case_id == DESK.case_id(request) and entry.amount_cents == amount_cents:
                found = shop.installation.approvals.find(entry.id)
                assert found is not None
                return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"nobody was asked about {amount_cents}")


def order_changes(shop: Shop, order: str, *, returned: int = 0, **changes: Any) -> None:
    """Let somebody change a waiting order in its channel, past the office."""
    line = {"id": "L1", "sku": "SHIRT-S", "quantity": 5, "returned_quantity": returned}
    shop.load(replace=True, orders=[an_order(order, lines=[line], **changes)])


async def a_waiting_return(shop: Shop) -> tuple[str, ReturnRequest]:
    """Hand in a return that needs a person, and wait until it waits; return its order and itself."""
    order = given_order(shop, **DEAR)
    request = asking(order, ALL_FIVE)
    await shop.submit(request)
    await waiting(shop, request)
    return order, request


def told_people(asked: ApprovalRecord) -> str:
    """Return what people read first of a question: what is asked, and what was not understood."""
    return "; ".join([asked.request.what, *asked.request.doubts])
