"""Letters on their way, killed at any moment: their parcels come meanwhile, and all is done once."""

import asyncio
import random
from pathlib import Path

import pytest

from cli.stack.processes import Children
from contracts.case import CaseStatus
from sandbox.faults import MORNING
from tests.workflows.returns.conftest import settings_for
from tests.workflows.returns.orders import asking, given_order
from tests.workflows.returns.shop import DESK, opened
from tests.workflows.returns.test_crashes import kill_often, until_ended
from tests.workflows.returns.way.test_beside import SHIRT_AND_MACHINE, SMALLER

pytestmark = pytest.mark.slow
LETTERS = 6


async def test_letters_whose_parcels_come_while_all_is_killed_are_settled_once(tmp_path: Path) -> None:
    children = Children(settings_for(tmp_path))
    try:
        children.start_all()
        async with opened(children) as shop:
            shop.faults(MORNING)
            requests = []
            for number in range(LETTERS):
                channel = ("webshop", "marketplace")[number % 2]
                order = given_order(shop, channel, parcels=[{"after_seconds": 2}], **SHIRT_AND_MACHINE)
                requests.append(asking(order, SMALLER, channel))
            await asyncio.gather(*(shop.submit(request) for request in requests))
            await kill_often(children, random.Random(11))
            await until_ended(shop, requests)

            for request in requests:
                found = shop.installation.cases.find(DESK.case_id(request))
                assert found is not None
                assert (found.status, found.outcome) == (CaseStatus.SETTLED, "exchanged_and_returned")
                refunds = [e["amount_cents"] for e in shop.entries(request.channel, "refund", request.order)]
                assert sorted(refunds) == [500, 12_000]
                for kind, count in (("return", 1), ("reservation", 1), ("restock", 2), ("mark", 2)):
                    assert len(shop.entries(request.channel, kind, request.order)) == count, kind
            books = shop.compare()
            assert (books.twice, books.lost, books.difference_cents) == ((), (), 0)
    finally:
        children.stop()
