"""Goods that are waited for over weeks: reminded once, over several runs, to an end that policy names."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowHandle

from benchmarks.long_wait import Office, office_where_time_flies
from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from contracts.parcel import Inspection
from sandbox.faults import Fault, Scripted
from sandbox.loading import LineIn, Load, OrderIn, ProductIn, VariantIn, load
from service.goods import tell
from tests.workflows.returns.test_long_wait import at_least, until
from workflows.kernel import history
from workflows.returns.types import ReturnRequest, ReturnResult

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
Handle = WorkflowHandle[Any, ReturnResult]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """An office whose cases go over into another run every few looks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "EVENTS", 80)
        async with office_where_time_flies(tmp_path_factory.mktemp("goods"), 60) as office:
            yield office


async def sent_off(office: Office, number: str, cents: int) -> Handle:
    """Hand in the return of a lamp whose goods do not come."""
    lamp = LineIn(id="L1", sku="LAMP", product="P-LAMP", name="Desk lamp", unit_price_cents=cents)
    order = OrderIn(
        id=number,
        channel="webshop",
        customer=f"c-{number}",
        status="delivered",
        delivered_days_ago=5,
        currency="EUR",
        payment_method="card-1",
        lines=[lamp],
    )
    office.give(order)
    with office.world.transaction():
        office.world.set_parcels("webshop", number, {"received": [], "inspected": []})
    words = "The desk lamp is too small. I want to return it and get my money back, please."
    request = ReturnRequest(id=f"RMA-{number}", channel="webshop", order=number, message=words, items=("L1",))
    return await office.hand_in(request)


async def is_asked(office: Office, handle: Handle) -> bool:
    return bool(office.installation.approvals.of_case(handle.id))


def told(office: Office, number: str) -> list[str]:
    """Return the subjects and texts of what the customer was told."""
    entries = office.world.entries("webshop", kind="message", order_id=number)
    return [str(entry.detail["text"]) for entry in entries]


async def test_goods_that_never_come_are_reminded_of_once_and_nothing_is_refunded(office: Office) -> None:
    handle = await sent_off(office, "LOST-1", 60_000)

    result = await handle.result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.EXPIRED, "goods_never_came", 0)
    assert len(await office.runs(handle)) > 1
    first, reminder, last = told(office, "LOST-1")
    assert ("we refund 600.00 EUR" in first, "have not come yet" in reminder) == (True, True)
    assert "refunded nothing" in last
    assert office.world.entries("webshop", kind="refund", order_id="LOST-1") == []


async def test_money_that_went_before_goods_which_never_come_is_charged_by_the_leads_word_alone(
    office: Office,
) -> None:
    handle = await sent_off(office, "LOST-2", 9_000)
    await until(lambda: is_asked(office, handle))
    [question] = office.installation.approvals.of_case(handle.id)

    assert question.request.roles == ("lead", "owner")
    assert [effect.operation for effect in question.request.plan.effects] == ["charge", "notify"]
    await handle.execute_update("decide", Answer(person="anna", choice="approve"))
    result = await handle.result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "charged_back", 0)
    [charge] = office.world.entries("webshop", kind="charge", order_id="LOST-2")
    assert charge.amount_cents == 9_000
    assert "90.00 EUR were charged to you again" in told(office, "LOST-2")[-1]


async def test_a_shop_that_never_says_what_came_leaves_the_return_to_a_person_and_charges_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each look that is not answered is nine calls: few looks will do.
    monkeypatch.setattr("workflows.kernel.awaiting.LOOK_AT_LAST", timedelta(days=30))
    silent = Scripted(
        channel="webshop", operation="get_return", fault=Fault.ERROR_BEFORE, times=10**9, order="MUTE-1"
    )
    office.faults.script.append(silent)
    handle = await sent_off(office, "MUTE-1", 9_000)
    await until(lambda: is_asked(office, handle))
    office.faults.script.remove(silent)

    [question] = office.installation.approvals.of_case(handle.id)
    assert "the channel did not say what came" in question.request.what
    assert question.request.plan.effects == ()
    await handle.execute_update("decide", Answer(person="anna", choice="approve"))
    result = await handle.result()

    assert (result.status, result.outcome, result.amount_cents) == (
        CaseStatus.SETTLED,
        "handled_by_hand",
        9_000,
    )


async def test_goods_that_come_in_a_later_run_are_refunded_once(office: Office) -> None:
    handle = await sent_off(office, "LATE-1", 60_000)
    await until(lambda: at_least(office, handle, 2))

    await tell(office.client, handle.id, Inspection(person="anna"))
    await until(lambda: is_asked(office, handle))
    await handle.execute_update("decide", Answer(person="ben", choice="approve"))
    result = await handle.result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 60_000)
    assert len(office.world.entries("webshop", kind="refund", order_id="LATE-1")) == 1


async def test_an_old_piece_that_never_comes_after_its_exchange_is_a_persons(office: Office) -> None:
    sizes = [VariantIn(sku=f"VEST-{size}", options={"size": size}, stock=3) for size in "SL"]
    vest = ProductIn(product="P-VEST", name="Linen shirt", price_cents=4000, variants=sizes)
    load(office.world, Load(products=[vest]))
    order = OrderIn(
        id="SWAP-1",
        channel="webshop",
        customer="c-swap",
        status="delivered",
        delivered_days_ago=5,
        currency="EUR",
        payment_method="card-1",
        parcels=[],
        lines=[LineIn(id="L1", sku="VEST-S")],
    )
    office.give(order)
    words = "Could I exchange the shirt for a size L? The S is too small."
    handle = await office.hand_in(
        ReturnRequest(id="RMA-SWAP-1", channel="webshop", order="SWAP-1", message=words)
    )
    await until(lambda: is_asked(office, handle))

    [question] = office.installation.approvals.of_case(handle.id)
    assert "the goods never came, and what was to replace them is gone" in question.request.what
    await handle.execute_update("decide", Answer(person="anna", choice="approve"))
    result = await handle.result()

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "handled_by_hand")
    assert "have not come yet" in told(office, "SWAP-1")[1]
    assert office.world.entries("webshop", kind="restock", order_id="SWAP-1") == []
