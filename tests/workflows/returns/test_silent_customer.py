"""A customer who is asked back and says nothing: reminded once, then a person; a late word does nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowHandle

from benchmarks import long_wait
from benchmarks.long_wait import Office, office_where_time_flies
from contracts.approvals.request import Answer
from contracts.case import CaseStatus
from contracts.reply import Reply, ReplyTaken
from sandbox.loading import LineIn, Load, OrderIn, ProductIn, VariantIn, load
from tests.workflows.returns.test_asking_back import WHICH
from tests.workflows.returns.test_long_wait import at_least, until
from workflows.kernel import history
from workflows.returns.types import ReturnRequest, ReturnResult

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="function")]
Handle = WorkflowHandle[Any, ReturnResult]
SHORT = 25
"""Events of a run after which another goes on: a case goes over as soon as it waits for its customer."""


@pytest_asyncio.fixture(loop_scope="function")
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """An office whose customers say nothing for days."""
    monkeypatch.setattr(history, "EVENTS", SHORT)
    async with office_where_time_flies(tmp_path, 60) as office:
        yield office


@pytest_asyncio.fixture(loop_scope="function")
async def office_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """An office whose clock runs ahead once, and from there on goes as clocks do: an answer comes in time."""
    monkeypatch.setattr(history, "EVENTS", SHORT)
    monkeypatch.setattr(long_wait, "MOST_SKIPS", 1)
    async with office_where_time_flies(tmp_path, 60) as office:
        yield office


async def asked_which(office: Office, number: str) -> Handle:
    """Hand in the return of one of two things, without a word about which."""
    black = VariantIn(sku="LAMP-BLACK", options={"color": "black"}, stock=5)
    white = VariantIn(sku="VASE-WHITE", options={"color": "white"}, stock=5)
    lamp = ProductIn(product="P-LAMP", name="Desk lamp", price_cents=3000, variants=[black])
    vase = ProductIn(product="P-VASE", name="Glass vase", price_cents=4000, variants=[white])
    load(office.world, Load(products=[lamp, vase]))
    order = OrderIn(
        id=number,
        channel="store",
        customer=f"c-{number}",
        status="delivered",
        delivered_days_ago=5,
        currency="EUR",
        payment_method="card-1",
        lines=[LineIn(id="L1", sku="VASE-WHITE"), LineIn(id="L2", sku="LAMP-BLACK")],
    )
    office.give(order)
    return await office.hand_in(
        ReturnRequest(id=f"RMA-{number}", channel="store", order=number, message=WHICH)
    )


async def reply(handle: Handle, words: str) -> ReplyTaken:
    taken: ReplyTaken = await handle.execute_update("replied", Reply(text=words), result_type=ReplyTaken)
    return taken


def told(office: Office, number: str) -> list[str]:
    """Return what the customer was told."""
    entries = office.world.entries("store", kind="message", order_id=number)
    return [str(entry.detail["text"]) for entry in entries]


async def test_a_customer_who_says_nothing_is_reminded_once_and_then_a_person_has_the_case(
    office: Office,
) -> None:
    handle = await asked_which(office, "MUTE-1")

    async def is_a_persons() -> bool:
        return bool(office.installation.approvals.of_case(handle.id))

    await until(is_a_persons)
    [question] = office.installation.approvals.of_case(handle.id)
    late = await reply(handle, "the desk lamp")
    await handle.execute_update(
        "decide", Answer(person="anna", choice="reject", note="they never said which")
    )
    result = await handle.result()

    which = "which items are meant (1 Glass vase white; 2 Desk lamp black)"
    doubts = [piece.text for piece in question.request.evidence if piece.source == "desk:doubts"]
    assert doubts == [which, "the customer did not answer in time"]
    assert question.request.what == "What does the customer want? Order MUTE-1"
    assert question.request.doubts == tuple(doubts)
    assert question.request.plan.effects == ()
    assert late.standing == "late"
    assert (result.status, result.outcome) == (CaseStatus.REJECTED, "rejected")
    asks, reminds = told(office, "MUTE-1")
    assert ("have not heard from you yet" in asks, "have not heard from you yet" in reminds) == (False, True)
    assert all("1. Glass vase white\n2. Desk lamp black" in text for text in (asks, reminds))
    assert office.world.entries("store", kind="refund", order_id="MUTE-1") == []
    assert len(await office.runs(handle)) > 1


async def test_an_answer_that_comes_in_a_later_run_of_the_case_is_heard_and_done_once(
    office_in_time: Office,
) -> None:
    office = office_in_time
    handle = await asked_which(office, "LATE-1")
    await until(lambda: at_least(office, handle, 2))

    taken = await reply(handle, "the desk lamp")
    result = await handle.result()

    assert taken.standing == "heard"
    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 3000)
    assert len(office.world.entries("store", kind="refund", order_id="LATE-1")) == 1
