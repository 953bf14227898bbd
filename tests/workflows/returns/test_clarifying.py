"""A person says what is meant where the desk did not understand: the case goes on, through policy."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from contracts.approvals.messages import AnswerReply
from contracts.approvals.request import Answer, AnswerStatus, ApprovalRequest
from contracts.case import CaseStatus
from service.answers import refusal
from tests.workflows.returns.orders import asking, given_order, waiting
from tests.workflows.returns.shop import LONGEST_SECONDS, Shop
from workflows.returns.types import ReturnRequest, ReturnResult

pytestmark = pytest.mark.slow

UNCLEAR = "hmm not sure about this one to be honest. the collar looked darker online. what do you think"
LINE = "L1"


async def asked_of_people(
    shop: Shop, order: str = "", message: str = UNCLEAR
) -> tuple[ReturnRequest, ApprovalRequest]:
    """Hand in what the desk does not understand; return it with what people are asked."""
    request = asking(order or given_order(shop), message)
    await shop.submit(request)
    await waiting(shop, request)
    return request, shop.timeline(request).approvals[-1].request


async def says(
    shop: Shop, request: ReturnRequest, question: ApprovalRequest, **picked: tuple[str, ...]
) -> AnswerReply:
    """Let anna say what is meant."""
    answer = Answer(person="anna", choice="clarify", picked=picked, request_id=question.id)
    reply: AnswerReply = await shop.handle(request).execute_update("decide", answer, result_type=AnswerReply)
    return reply


async def asked_next(shop: Shop, request: ReturnRequest, before: ApprovalRequest) -> ApprovalRequest:
    """Wait until people are asked the next thing."""
    for _ in range(600):
        now = shop.timeline(request).approvals[-1].request
        if now.id != before.id:
            return now
        await asyncio.sleep(0.1)
    raise AssertionError("nothing more was asked")


async def ended(shop: Shop, request: ReturnRequest) -> ReturnResult:
    async with asyncio.timeout(LONGEST_SECONDS):
        return await shop.handle(request).result()


async def test_what_a_person_says_is_meant_is_done_and_becomes_an_example_to_review(shop: Shop) -> None:
    request, question = await asked_of_people(shop)
    assert [one.id for one in question.questions] == ["intent", "lines", "reason"]
    assert (question.plan.effects, bool(question.doubts)) == ((), True)

    reply = await says(shop, request, question, intent=("return",), lines=(LINE,), reason=("changed_mind",))
    result = await ended(shop, request)

    assert reply.standing is AnswerStatus.VALID
    assert reply.approval is not None
    assert reply.approval.outcome == "clarified"
    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "returned")
    [refund] = shop.entries("webshop", "refund", request.order)
    assert refund["amount_cents"] == result.amount_cents > 0
    since = datetime.now(UTC) - timedelta(hours=1)
    for task, label in (("returns.intent", "return"), ("returns.reason", "changed_mind")):
        found = shop.installation.review_queue.doubts(task, since, 100)
        assert [
            item.label for item in found if item.text == UNCLEAR and item.case_id == question.case_id
        ] == [label]


async def test_what_a_person_says_is_judged_by_policy_like_anything_else(shop: Shop) -> None:
    long_ago = given_order(shop, placed_days_ago=200, delivered_days_ago=190)
    request, question = await asked_of_people(shop, long_ago)

    await says(shop, request, question, intent=("return",), lines=(LINE,), reason=("changed_mind",))
    result = await ended(shop, request)

    assert result.status is CaseStatus.DENIED
    assert shop.entries("webshop", "refund", request.order) == []


async def test_what_is_open_after_a_first_answer_is_asked_next(shop: Shop) -> None:
    request, first = await asked_of_people(shop)
    await says(shop, request, first, intent=("exchange",), lines=(LINE,), reason=("size",))
    second = await asked_next(shop, request, first)
    [variant] = second.questions
    assert variant.id == f"variant:{LINE}"
    assert {choice.id for choice in variant.choices} >= {"SHIRT-M", "SHIRT-L"}

    await says(shop, request, second, **{variant.id: ("SHIRT-M",)})
    result = await ended(shop, request)

    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "exchanged")


async def test_a_pick_that_is_not_offered_is_refused_and_the_question_stands(shop: Shop) -> None:
    request, question = await asked_of_people(shop)
    for picked, why in (
        ({"intent": ("burn",)}, "intent has no choice 'burn'"),
        ({"colour": ("red",)}, "there is no question 'colour'"),
        ({"lines": (LINE,)}, "intent is not answered"),
        ({"intent": ("return", "cancel")}, "intent takes one choice"),
        ({}, "to clarify takes picked"),
    ):
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await says(shop, request, question, **picked)
        assert why in refusal(refused.value)

    await shop.handle(request).signal("decide", Answer(person="anna", choice="approve", note="by phone"))
    result = await ended(shop, request)
    assert (result.status, result.outcome) == (CaseStatus.SETTLED, "handled_by_hand")
