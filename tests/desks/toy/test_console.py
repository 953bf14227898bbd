"""The console before a real case: what a person says there is done, once, and the case ends."""

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest

from benchmarks.environment import free_port
from bootstrap.installation import Installation
from contracts.approvals.request import ApprovalOutcome, ApprovalRecord
from tests.console.browser import Served, serving
from tests.desks.toy.kontor import Toy

LONG = "a note that is far too long for anybody to be let alone with it"


@pytest.fixture
def served(toy: Toy) -> Iterator[Served]:
    """The console of the toy office, beside its worker."""
    own = toy.installation.settings.model_copy(update={"console_port": free_port()})
    with Installation(own) as kontor, serving(kontor) as found:
        yield found


async def asked(toy: Toy) -> ApprovalRecord:
    """Hand in a note that somebody has to look at; returns what is asked."""
    case_id = await toy.submit(LONG)
    await toy.waiting(case_id)
    [record] = toy.installation.approvals.of_case(case_id)
    return record


def said(browser: httpx.Client, record: ApprovalRecord, **fields: str) -> httpx.Response:
    """Press a button of the request's page, as it was shown."""
    path = f"/inbox/{record.request.id}"
    shown = re.search(r'name="arguments_hash" value="(\w+)"', browser.get(path).text)
    assert shown is not None
    return browser.post(path, data={"arguments_hash": shown[1], **fields})


async def test_a_yes_at_the_console_lets_the_case_go_on_and_says_what_became_of_it(
    toy: Toy, served: Served
) -> None:
    record = await asked(toy)
    with served.signed_in("kim") as kim:
        answer = await asyncio.to_thread(said, kim, record, choice="approve", note="fine")
        assert answer.status_code == 303, answer.text
        assert await toy.ended(record.request.case_id) == "applied"
        strip = kim.get(answer.headers["location"]).text
    assert "<strong>approved</strong>" in strip
    [kept] = toy.installation.approvals.of_case(record.request.case_id)
    [counted] = kept.counted
    assert (counted.answer.person, counted.answer.note) == ("kim", "fine")
    proof = toy.installation.proofs.find(counted.answer.proof)
    assert proof is not None
    assert (proof.person, proof.how, proof.door, proof.about) == (
        "kim",
        "session",
        "console",
        record.request.id,
    )


async def test_a_no_at_the_console_ends_the_case_with_nothing_done(toy: Toy, served: Served) -> None:
    record = await asked(toy)
    with served.signed_in("kim") as kim:
        assert (await asyncio.to_thread(said, kim, record, choice="reject")).status_code == 303
    assert await toy.ended(record.request.case_id) == "not_permitted"
    assert toy.installation.ledger.of_case(record.request.case_id) == ()


async def test_of_two_who_press_at_once_one_decides_and_the_other_is_told(toy: Toy, served: Served) -> None:
    record = await asked(toy)
    with served.signed_in("kim") as one, served.signed_in("kim") as other:
        answers = await asyncio.gather(
            asyncio.to_thread(said, one, record, choice="approve"),
            asyncio.to_thread(said, other, record, choice="reject"),
        )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    [late] = [answer for answer in answers if answer.status_code == 409]
    assert "by Kim" in late.text
    [kept] = toy.installation.approvals.of_case(record.request.case_id)
    assert kept.approval is not None
    assert kept.approval.outcome in (ApprovalOutcome.APPROVED, ApprovalOutcome.REJECTED)
    assert len(kept.counted) == 1


async def test_a_page_that_was_left_open_is_told_that_it_is_over(toy: Toy, served: Served) -> None:
    record = await asked(toy)
    with served.signed_in("kim") as kim:
        await asyncio.to_thread(said, kim, record, choice="approve")
        await toy.ended(record.request.case_id)
        form = {"arguments_hash": record.request.arguments_hash, "choice": "reject"}
        stale = await asyncio.to_thread(kim.post, f"/inbox/{record.request.id}", data=form)
    assert (stale.status_code, "Your answer was not taken" in stale.text) == (409, True)
    [kept] = toy.installation.approvals.of_case(record.request.case_id)
    assert [each.standing.value for each in kept.answers] == ["valid", "conflicting"], "it is on record"
