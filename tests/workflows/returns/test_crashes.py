"""Killed at any moment: no case is lost and nothing is paid twice."""

import asyncio
import os
import random
from pathlib import Path

import pytest

from cli.stack.processes import Children
from contracts.case import CaseStatus
from sandbox.faults import MORNING
from service.intake import Started
from tests.workflows.returns.conftest import settings_for
from tests.workflows.returns.orders import RETURN, given_order
from tests.workflows.returns.shop import DESK, Shop, opened
from workflows.returns.types import ReturnRequest

pytestmark = pytest.mark.slow

CASES = int(os.environ.get("KONTOR_CRASH_CASES", "18"))
KILLS = int(os.environ.get("KONTOR_CRASH_KILLS", "3"))
CHANNELS = ("webshop", "marketplace", "store")
LONGEST_SECONDS = 240


async def kill_often(children: Children, chance: random.Random) -> None:
    """Kill the worker and the server with -9, in turn, at moments nobody chose."""
    for number in range(2 * KILLS):
        await asyncio.sleep(chance.uniform(0.3, 1.5))
        name = ("worker", "temporal")[number % 2]
        children.running[name].kill()
        children.running[name].wait()
        await asyncio.to_thread(children.watch)


async def until_ended(shop: Shop, requests: list[ReturnRequest]) -> None:
    wanted = {DESK.case_id(request) for request in requests}
    for _ in range(LONGEST_SECONDS * 4):
        records = [shop.installation.cases.find(case_id) for case_id in wanted]
        if all(record is not None and record.status.ended for record in records):
            return
        await asyncio.to_thread(shop.children.watch)
        await asyncio.sleep(0.25)
    raise AssertionError("a case was lost: it never ended")


async def killed_often(shop: Shop) -> None:
    """Hand requests in, kill what serves them, and hold the books against the channels."""
    shop.faults(MORNING)
    requests = [
        ReturnRequest(id=f"CR-{n:04}", channel=channel, order=given_order(shop, channel), message=RETURN)
        for n, channel in enumerate(CHANNELS * (CASES // len(CHANNELS)))
    ]
    started = await asyncio.gather(*(shop.submit(request) for request in requests))
    assert set(started) == {Started.NEW}

    await kill_often(shop.children, random.Random(7))
    await until_ended(shop, requests)

    statuses = {shop.installation.cases.find(DESK.case_id(r)).status for r in requests}  # type: ignore[union-attr]  # until_ended saw each
    books = shop.compare()
    assert statuses == {CaseStatus.SETTLED}
    assert (books.payments, books.twice, books.lost, books.difference_cents) == (len(requests), (), (), 0)
    for request in requests:
        assert len(shop.entries(request.channel, "refund", request.order)) == 1


async def test_worker_and_server_killed_with_9_while_cases_run_lose_no_case_and_pay_nothing_twice(
    tmp_path: Path,
) -> None:
    children = Children(settings_for(tmp_path))
    try:
        children.start_all()
        async with opened(children) as shop:
            await killed_often(shop)
    finally:
        children.stop()
