"""A return terminated half way: nothing is paid twice, and a person brings it to its end."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from contracts.effect import EffectState
from contracts.ids import CONTROL_QUEUE
from contracts.reconciliation.messages import Patience, ReconcileRequest, ReconcileSummary
from service.intake import Started
from tests.workflows.returns.orders import a_waiting_return, told_people, waiting
from tests.workflows.returns.shop import DESK, Shop
from workflows.reconciliation.reconcile import WORKFLOW_ID, ReconcileWorkflow
from workflows.returns.types import ReturnRequest

pytestmark = pytest.mark.slow
AT_ONCE = Patience(margin=timedelta(0), grace=timedelta(0))


async def look(shop: Shop) -> ReconcileSummary:
    async with asyncio.timeout(60):
        return await shop.client.execute_workflow(
            ReconcileWorkflow.run,
            ReconcileRequest(patience=AT_ONCE),
            id=WORKFLOW_ID,
            task_queue=CONTROL_QUEUE,
        )


async def until(seen: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not seen():  # noqa: ASYNC110 (a worker writes it)
            await asyncio.sleep(0.05)


async def no_more_faults(shop: Shop) -> None:
    async with httpx.AsyncClient() as admin:
        (await admin.delete(f"{shop.admin}/script")).raise_for_status()


def states(shop: Shop, request: ReturnRequest) -> dict[str, EffectState]:
    return {one.order.effect.step: one.receipt.state for one in shop.timeline(request).effects}


async def test_a_return_terminated_behind_its_refund_is_a_persons_and_not_paid_again(shop: Shop) -> None:
    order, request = await a_waiting_return(shop)
    shop.strike("webshop", "restock", "error_before", times=500, order=order)
    await shop.handle(request).signal("decide", Answer(person="ben", choice="approve"))
    await until(lambda: "restock" in states(shop, request))
    await shop.handle(request).terminate("by hand")
    await no_more_faults(shop)

    await look(shop)

    assert shop.timeline(request).record.outcome == "workflow_gone"
    assert set(states(shop, request).values()) == {EffectState.APPLIED}
    assert await shop.submit(request) is Started.AGAIN
    await waiting(shop, request)
    assert await shop.submit(request) is Started.JOINED
    [asked] = [one for one in shop.timeline(request).approvals if one.approval is None]
    assert "an earlier run of this case began: authorise, refund, notify, restock" in told_people(asked)
    await shop.handle(request).signal("decide", Answer(person="ben", choice="approve", note="restocked"))
    result = await shop.handle(request).result()
    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "handled_by_hand")
    assert len(shop.entries("webshop", "refund", order)) == 1
    await look(shop)
    gone = [
        row for row in shop.installation.reconciliation.newest() if row.effect_case == DESK.case_id(request)
    ]
    assert gone == []


async def test_a_refund_whose_answer_is_lost_with_its_workflow_is_found_by_the_same_look(shop: Shop) -> None:
    order, request = await a_waiting_return(shop)
    shop.strike("webshop", "refund", "cut_after", order=order)
    shop.strike("webshop", "refund", "error_before", times=500, order=order)
    await shop.handle(request).signal("decide", Answer(person="ben", choice="approve"))
    await until(lambda: bool(shop.entries("webshop", "refund", order)))
    await shop.handle(request).terminate("by hand")
    await no_more_faults(shop)

    await look(shop)

    assert shop.timeline(request).record.outcome == "workflow_gone"
    assert states(shop, request)["refund"] is EffectState.APPLIED
    assert len(shop.entries("webshop", "refund", order)) == 1
