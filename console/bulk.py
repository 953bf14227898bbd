"""One answer to several requests: each as it was listed, each with its own proof and its own result."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from console.answering import GOOD, send
from console.signing import why_signed
from console.visit import Refused, Visit
from contracts.approvals.messages import AnswerReply
from contracts.approvals.request import Answer, AnswerChoice, AnswerStatus, ApprovalRequest
from contracts.money import money_text

MANY: tuple[AnswerChoice, ...] = ("approve", "reject")
"""What can be said to several at once: what needs a look at each is said to each."""
TOUCHED = "policy wants your passkey touched for it: answer it by itself"
OTHERWISE = "it is not as it was listed: look at it again"
BY_ITSELF = "it is answered by itself"


@dataclass(frozen=True)
class ResultLine:
    """What became of one of the answers.

    Attributes:
        words: the end of its request, or the standing of the answer.
        why: in words, where it does not count.
    """

    what: str
    money: str
    path: str
    words: str
    tone: str
    why: str


@dataclass(frozen=True)
class BulkView:
    """The page."""

    said: str
    taken: int
    lines: Sequence[ResultLine]


async def answer(visit: Visit) -> Response:
    """Answer all that were ticked, one after the other, and say what became of each."""
    choice = next((each for each in MANY if each == visit.field("choice")), None)
    ticked = [value.partition(" ") for value in visit.said.get("ticked", ())]
    if choice is None or not ticked:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Nothing was answered", "Tick requests, then say yes or no."
        )
    lines = []
    for request_id, _, seen in ticked:
        record = await asyncio.to_thread(visit.kontor.approvals.find, request_id)
        if record is None:
            raise Refused(HTTPStatus.NOT_FOUND, "There is no such request")
        signed = await asyncio.to_thread(why_signed, visit, record)
        unfit = TOUCHED if signed else _unfit(record.request, seen)
        lines.append(await _one(visit, record.request, choice, unfit))
    taken = sum(line.tone == "good" for line in lines)
    view = BulkView("yes" if choice == "approve" else "no", taken, lines)
    return await asyncio.to_thread(visit.page, "bulk.html", "Answered", view)


def _unfit(request: ApprovalRequest, seen: str) -> str:
    """Say why a request is not among several; empty if it is."""
    if request.alone:
        return BY_ITSELF
    return "" if seen == request.arguments_hash else OTHERWISE


async def _one(visit: Visit, request: ApprovalRequest, choice: AnswerChoice, unfit: str) -> ResultLine:
    if unfit:
        return _line(request, "not answered", "bad", unfit)
    said = Answer(person=visit.person, choice=choice, note=visit.field("note").strip())
    try:
        reply = await send(visit, request, said)
    except Refused as away:
        return _line(request, "not sent", "bad", away.why)
    good = reply.standing in GOOD
    return _line(request, _words(reply), "good" if good else "bad", "" if good else reply.why)


def _words(reply: AnswerReply) -> str:
    if reply.approval is not None and reply.standing is AnswerStatus.VALID:
        return reply.approval.outcome.value
    return reply.standing.value


def _line(request: ApprovalRequest, words: str, tone: str, why: str) -> ResultLine:
    return ResultLine(
        what=request.what,
        money=money_text(request.amount_cents, request.currency) if request.amount_cents else "",
        path=f"/inbox/{request.id}",
        words=words,
        tone=tone,
        why=why,
    )
