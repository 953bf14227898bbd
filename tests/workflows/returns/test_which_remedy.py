"""A fault without a wish: the customer is asked how it shall be put right, of what can be had."""

import pytest

from contracts.approvals.messages import Withdrawal
from contracts.case import CaseStatus
from tests.workflows.returns.orders import asked, asking, given_order, waiting
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.test_asking_back import a_question_to_people, replies, told
from tests.workflows.returns.test_undo import kontor
from tests.workflows.returns.way.test_way import steps, waiting_for_goods
from workflows.returns.matching.replies import heard
from workflows.returns.types import ReturnRequest
from workflows.returns.wishes.repairs import names_no_remedy

CHOICES = ["repair", "replacement", "refund"]
BROKEN = "The linen shirt arrived broken, a seam is torn open. What now?"


async def which_remedy(shop: Shop, channel: str = "webshop") -> tuple[str, ReturnRequest]:
    order = given_order(shop, channel)
    shop.parcels(channel, order)
    request = asking(order, BROKEN, channel)
    await asked(shop, request, "which remedy is wished for what is faulty")
    return order, request


@pytest.mark.slow
async def test_who_tells_of_a_fault_alone_chooses_the_repair_and_sends_it_in(shop: Shop) -> None:
    order, request = await which_remedy(shop)
    [question] = told(shop, order, "webshop")
    assert "1. It is repaired, and comes back to you." in question
    assert "2. You get the same again, at no cost." in question
    assert "3. You send it back, and get your money back." in question

    code, taken = await kontor(shop, "reply", DESK.case_id(request), "Please have it repaired.")

    assert (code, taken["standing"]) == (0, "heard")
    await waiting_for_goods(shop, request)
    assert steps(shop, request)[-2:] == ["authorise", "instruct"]
    shop.parcels("webshop", order, ("L1", 1, "damaged"))
    await shop.handle(request).signal("facts_changed")
    result = await shop.handle(request).result()
    assert (result.outcome, result.amount_cents) == ("in_repair", 0)


@pytest.mark.slow
@pytest.mark.parametrize(("reply", "remedy"), [("2", "replacement"), ("I want my money back.", "refund")])
async def test_who_chooses_the_same_again_or_the_money_gets_that(shop: Shop, reply: str, remedy: str) -> None:
    order, request = await which_remedy(shop)

    await replies(shop, request, text=reply)
    await waiting_for_goods(shop, request)

    assert {
        verdict.facts["remedy"] for verdict in shop.timeline(request).verdicts if verdict.step == "authorise"
    } == {remedy}
    assert [each["amount_cents"] for each in shop.entries("webshop", "charge", order)] == []
    await shop.handle(request).signal("withdraw", Withdrawal(by="ben", why="the test is over"))


@pytest.mark.slow
async def test_what_a_channel_cannot_do_is_not_offered(shop: Shop) -> None:
    order, request = await which_remedy(shop, "store")

    [question] = told(shop, order)

    assert "It is repaired" not in question
    assert "You get the same again" in question
    await replies(shop, request, text="What do you mean by that?")
    assert (await a_question_to_people(shop, request)).request.plan.effects == ()
    assert shop.entries("store", "refund", order) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "message",
    [
        "The linen shirt arrived broken, a seam is torn open. I fixed it myself, all is well.",
        "The linen shirt is too small for me. What now?",
    ],
)
async def test_whose_letter_tells_of_no_sure_fault_or_of_more_is_a_persons_at_once(
    shop: Shop, message: str
) -> None:
    order = given_order(shop)
    request = asking(order, message)
    await shop.submit(request)

    await waiting(shop, request)

    record = shop.installation.cases.find(DESK.case_id(request))
    assert record is not None
    assert record.status is CaseStatus.WAITING
    assert "for the customer" not in record.waits_for
    assert told(shop, order, "webshop") == []


@pytest.mark.parametrize(
    ("reply", "remedy"),
    [
        ("1", "repair"),
        ("the third", "refund"),
        ("Please fix it.", "repair"),
        ("Please have it repaired.", "repair"),
        ("Please send me a new one", "replacement"),
        ("A replacement, please", "replacement"),
        ("I would like a refund", "refund"),
        ("Bitte reparieren", "repair"),
        ("Ersatz bitte", "replacement"),
    ],
)
def test_a_reply_names_one_remedy(reply: str, remedy: str) -> None:
    found = heard(reply, CHOICES, "remedy", "Linen shirt")
    assert (found.says, [CHOICES[place] for place in found.picked]) == ("chosen", [remedy])


@pytest.mark.parametrize(
    "reply",
    [
        "Repair it or give me my money back.",
        "Not a repair, I want a new one.",
        "Which is quicker?",
        "Cancel my other order.",
        "I fixed it myself.",
        "Thanks!",
    ],
)
def test_a_reply_that_names_several_or_something_else_picks_none(reply: str) -> None:
    assert heard(reply, CHOICES, "remedy", "Linen shirt").picked == ()


def test_a_remedy_that_is_not_offered_is_not_picked() -> None:
    assert heard("Please repair it.", ["replacement", "refund"], "remedy").picked == ()


@pytest.mark.parametrize(
    "message", [BROKEN, "The zip is broken.", "Das Hemd ist kaputt angekommen, was nun?"]
)
def test_a_letter_that_wishes_nothing_names_no_remedy(message: str) -> None:
    assert names_no_remedy(message)


@pytest.mark.parametrize(
    "message",
    [
        "The zip is broken, please repair it.",
        "The zip is broken, I want my money back.",
        "The zip is broken. Please cancel everything.",
        "The zip was broken, but I mended it.",
        "The zip is broken, but I keep the jacket.",
    ],
)
def test_a_letter_that_wishes_or_tells_more_is_none_of_those(message: str) -> None:
    assert not names_no_remedy(message)
