"""Asking the customer back, end to end: what they are asked, what their answer does and never does."""

import asyncio
import json
from typing import Any

import pytest

from contracts.approvals.request import Answer, ApprovalRecord
from contracts.case import CaseStatus
from contracts.decision import Decision
from contracts.reply import Reply, ReplyTaken, question_id
from tests.workflows.returns.orders import SHIRT, asked, asking, given_order, told_people, waiting
from tests.workflows.returns.shop import DESK, Shop
from tests.workflows.returns.test_undo import kontor
from workflows.returns.types import ReturnRequest

pytestmark = pytest.mark.slow
LAMP = {
    "product": "E2E-LAMP",
    "name": "Desk lamp",
    "price_cents": 3000,
    "variants": [{"sku": "E2E-LAMP-BLACK", "options": {"color": "black"}, "stock": 5}],
}
TWO_THINGS: dict[str, Any] = {
    "lines": [{"id": "L1", "sku": "SHIRT-S"}, {"id": "L2", "sku": "E2E-LAMP-BLACK"}],
}
WHICH = "I would like to return one item of my order and get my money back, please. It does not work for me."


def two_things(shop: Shop, channel: str = "store") -> str:
    """Put an order of a shirt and a lamp, delivered, into a channel; the store waits for no goods."""
    shop.load(products=[SHIRT, LAMP])
    return given_order(shop, channel, **TWO_THINGS)


async def replies(shop: Shop, request: ReturnRequest, **said: Any) -> ReplyTaken:
    """Let the customer reply."""
    taken: ReplyTaken = await shop.handle(request).execute_update(
        "replied", Reply(**said), result_type=ReplyTaken
    )
    return taken


def told(shop: Shop, order: str, channel: str = "store") -> list[str]:
    """Return what the customer was told."""
    return [entry["text"] for entry in shop.entries(channel, "message", order)]


async def a_question_to_people(shop: Shop, request: ReturnRequest) -> ApprovalRecord:
    """Wait until people have the case."""
    await waiting(shop, request)
    [question] = shop.timeline(request).approvals
    return question


def replies_read(shop: Shop, request: ReturnRequest) -> list[Decision]:
    """Return what was made of the customer's replies."""
    return [made for step, made in shop.timeline(request).decisions.items() if step.startswith("reply-")]


async def test_a_customer_who_does_not_say_which_item_is_asked_and_answers_by_number(shop: Shop) -> None:
    order = two_things(shop)
    request = asking(order, WHICH, "store")

    says = await asked(shop, request)
    assert "which items are meant (1 Linen shirt S white; 2 Desk lamp black) until" in says
    [question] = told(shop, order)
    assert "1. Linen shirt S white\n2. Desk lamp black" in question
    assert shop.entries("store", "refund", order) == []

    assert (await replies(shop, request, text="2")).standing == "heard"
    result = await shop.handle(request).result()

    assert (result.status, result.outcome, result.amount_cents) == (CaseStatus.SETTLED, "returned", 3000)
    [decision] = replies_read(shop, request)
    assert decision.answer == {"picked": [1], "says": "chosen"}
    assert decision.provenance.evidence[1].text == "2"


@pytest.mark.parametrize("reply", ["I meant the desk lamp, sorry!", "Die zweite, bitte. Danke!"])
async def test_a_customer_answers_in_their_own_words(shop: Shop, reply: str) -> None:
    order = two_things(shop)
    request = asking(order, WHICH, "store")
    await asked(shop, request)

    await replies(shop, request, text=reply)
    result = await shop.handle(request).result()

    assert (result.outcome, result.amount_cents) == ("returned", 3000)


async def test_a_reply_by_hand_is_a_signal_and_by_command_says_what_became_of_it(shop: Shop) -> None:
    order = two_things(shop)
    request = asking(order, WHICH, "store")
    await asked(shop, request)
    case_id = DESK.case_id(request)

    code, refused = await kontor(shop, "reply", case_id, "--choice", "7")
    assert (code, refused) == (1, {})
    await shop.handle(request).signal("replied", {"choice": 9})
    await shop.handle(request).signal("replied", "the linen shirt")
    result = await shop.handle(request).result()
    assert (result.outcome, result.amount_cents) == ("returned", 4000)

    code, late = await kontor(shop, "reply", case_id, "the lamp, too", "--choice", "2")
    assert (code, late["standing"]) == (1, "late")
    kinds = [one.data["standing"] for one in shop.timeline(request).episodes if one.kind == "replied"]
    assert kinds == ["malformed", "heard", "late"]
    assert len(shop.entries("store", "refund", order)) == 1


async def test_a_reply_that_comes_twice_or_answers_another_cases_question_changes_nothing(shop: Shop) -> None:
    order, other = two_things(shop), two_things(shop)
    request, another = asking(order, WHICH, "store"), asking(other, WHICH, "store")
    await asked(shop, request)
    await asked(shop, another)

    elsewhere = question_id(DESK.case_id(another), 1)
    foreign = await replies(shop, request, text="1", question=elsewhere)
    assert foreign.standing == "foreign"
    await asked(shop, request)

    first = await replies(shop, request, text="neither fish nor fowl", id="mail-1")
    assert first.standing == "heard"
    await asked(shop, request, "(1 Linen shirt S white")
    for _ in range(200):
        if len(told(shop, order)) > 1:
            break
        await asyncio.sleep(0.05)
    again = await replies(shop, request, text="neither fish nor fowl", id="mail-1")
    late = await replies(shop, request, text="1", question=question_id(DESK.case_id(request), 1))
    assert (again.standing, late.standing) == ("doubled", "late")

    await replies(shop, request, choice=2)
    result = await shop.handle(request).result()
    assert (result.outcome, result.amount_cents) == ("returned", 3000)


async def test_what_is_not_understood_twice_is_a_persons_with_every_word_of_it(shop: Shop) -> None:
    order = two_things(shop)
    request = asking(order, WHICH, "store")
    await asked(shop, request)

    await replies(shop, request, text="hmm")
    for _ in range(200):
        if len(told(shop, order)) > 1:
            break
        await asyncio.sleep(0.05)
    assert told(shop, order)[1].startswith("Sorry, we did not understand your answer.")
    await replies(shop, request, text="the usual")
    question = await a_question_to_people(shop, request)

    said = [piece.text for piece in question.request.evidence if piece.source.startswith("reply:")]
    assert said == ["hmm", "the usual"]
    doubts = [piece.text for piece in question.request.evidence if piece.source == "desk:doubts"]
    assert "as often as the office asks" in doubts[-1]
    assert len(told(shop, order)) == 2
    assert shop.entries("store", "refund", order) == []


@pytest.mark.parametrize("reply", ["Forget it, I keep it all.", "Please cancel order W-1 for me instead."])
async def test_an_answer_that_says_something_else_is_a_persons(shop: Shop, reply: str) -> None:
    order = two_things(shop)
    request = asking(order, WHICH, "store")
    await asked(shop, request)

    await replies(shop, request, text=reply)
    question = await a_question_to_people(shop, request)

    assert "the customer answered something else" in told_people(question)
    assert question.request.plan.effects == ()
    assert reply in [piece.text for piece in question.request.evidence]
    assert shop.entries("store", "refund", order) == []


async def test_a_letter_that_ponders_is_read_back_to_its_customer_whose_yes_counts(shop: Shop) -> None:
    order = two_things(shop)
    request = asking(order, "I am thinking about returning the desk lamp.", "store")
    says = await asked(shop, request)
    assert "whether they wish: return, Desk lamp" in says
    assert "- Return of Desk lamp." in told(shop, order)[0]
    assert shop.entries("store", "refund", order) == []

    await replies(shop, request, text="Yes, please.")
    result = await shop.handle(request).result()

    assert (result.outcome, result.amount_cents) == ("returned", 3000)


async def test_a_question_that_the_order_answers_is_not_asked(shop: Shop) -> None:
    order = given_order(shop, "store")
    request = asking(order, WHICH, "store")

    await shop.submit(request)
    for _ in range(600):
        record = shop.installation.cases.find(DESK.case_id(request))
        if record is not None and (record.status.ended or record.status is CaseStatus.WAITING):
            break
        await asyncio.sleep(0.05)

    assert not any("which items" in text for text in told(shop, order))
    assert "ask-1" not in [entry.order.effect.step for entry in shop.timeline(request).effects]


async def test_a_case_that_waits_for_its_customer_can_be_taken_back(shop: Shop) -> None:
    order = two_things(shop)
    request = asking(order, WHICH, "store")
    await asked(shop, request)

    code, undone = await kontor(shop, "undo", DESK.case_id(request), "--as", "ben")

    assert (code, undone["taken_back"]) == (0, True)
    record = shop.timeline(request).record
    assert (record.status, record.outcome, record.waits_for) == (CaseStatus.WITHDRAWN, "withdrawn", "")
    assert shop.entries("store", "refund", order) == []
    code, late = await kontor(shop, "reply", DESK.case_id(request), "2")
    assert (code, late["standing"]) == (1, "late")


async def test_a_bare_withdrawal_ends_a_case_that_waits_for_its_customer_at_once(shop: Shop) -> None:
    order = two_things(shop)
    request = asking(order, WHICH, "store")
    await asked(shop, request)

    await shop.handle(request).signal("withdraw", {"why": "they called"})
    result = await shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.WITHDRAWN, "withdrawn")
    assert len(told(shop, order)) == 2


async def test_what_is_wanted_instead_is_asked_and_the_answer_goes_on_through_policy(shop: Shop) -> None:
    order = two_things(shop)
    wish = "I would like to exchange the linen shirt for another size, please."
    request = asking(order, wish, "store")
    assert "which Linen shirt is wanted instead" in await asked(shop, request)

    await replies(shop, request, text="size L please")
    result = await shop.handle(request).result()

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "exchanged")
    [charge] = shop.entries("store", "charge", order)
    assert charge["amount_cents"] == 500


async def test_a_customer_who_is_forgotten_takes_the_words_of_their_reply_along(shop: Shop) -> None:
    order = two_things(shop)
    request = asking(order, WHICH, "store")
    await asked(shop, request)
    await replies(shop, request, text="Forget it, I keep it all and move to Zanzibar.")
    question = await a_question_to_people(shop, request)
    assert any("Zanzibar" in piece.text for piece in question.request.evidence)
    [made] = replies_read(shop, request)
    assert any("Zanzibar" in piece.text for piece in made.provenance.evidence)

    await shop.handle(request).execute_update("decide", Answer(person="anna", choice="approve"))
    await shop.handle(request).result()
    code, _ = await kontor(shop, "memory", "forget", f"cust-{order}", "--yes")

    assert code == 0
    assert "Zanzibar" not in json.dumps(shop.timeline(request).as_json(), default=str)
    assert [made.answer for made in replies_read(shop, request)] == [{"picked": [], "says": "otherwise"}]
