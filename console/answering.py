"""A person's answer to a request: bound to what they saw, and sent as every other answer is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import RedirectResponse, Response
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from bootstrap.serving import approval_activities
from console import signing
from console.effects import effect_line
from console.inbox import found
from console.proving import proved
from console.visit import Refused, Visit
from contracts.approvals.clarification import Picked
from contracts.approvals.messages import AnswerReply
from contracts.approvals.proof import answered
from contracts.approvals.queue import ApprovalFilter
from contracts.approvals.request import (
    ANSWER_CHOICES,
    Answer,
    AnswerStatus,
    ApprovalRecord,
    ApprovalRequest,
)
from contracts.approvals.rules import flaw, unasked
from contracts.money import NotAnAmount, money_text, parse_amount
from service.answers import refusal, send_answer
from service.approvals import authority_words, listed
from service.ownership import NotOurs, join
from service.temporal import ServerAway

GOOD = (AnswerStatus.VALID, AnswerStatus.DELEGATED, AnswerStatus.EARLY)


@dataclass(frozen=True)
class Difference:
    """One thing that is otherwise than on the page that was answered."""

    what: str
    then: str
    now: str


@dataclass(frozen=True)
class StaleView:
    """The page that says that an answer was not taken, because what it was given to is not what is asked now.

    Attributes:
        why: what happened meanwhile.
        path: where what is asked now stands; empty if nothing is.
    """

    what: str
    why: str
    differences: Sequence[Difference]
    path: str


async def answer(visit: Visit) -> Response:
    """Take an answer; the next request opens, with what became of this one."""
    record = await asyncio.to_thread(found, visit)
    request = record.request
    if visit.field("arguments_hash") != request.arguments_hash:
        return await asyncio.to_thread(_stale, visit, record)
    said = await asyncio.to_thread(_said, visit, request)
    if why := await asyncio.to_thread(signing.why_signed, visit, record):
        if not visit.field("signature"):
            return await asyncio.to_thread(signing.ask, visit, request, said, why)
        signed = await asyncio.to_thread(signing.signature, visit, request, said)
        said = said.model_copy(update={"signature": signed})
    following = await asyncio.to_thread(_following, visit, request.id)
    reply = await send(visit, request, said)
    await asyncio.to_thread(visit.kontor.attention.left, request.id, visit.person, visit.now)
    if reply.standing in GOOD:
        return RedirectResponse(f"{following}?answered={request.id}", HTTPStatus.SEE_OTHER)
    now = await asyncio.to_thread(found, visit)
    if reply.standing in (AnswerStatus.LATE, AnswerStatus.CONFLICTING, AnswerStatus.DUPLICATE):
        return await asyncio.to_thread(_stale, visit, now)
    whose = await asyncio.to_thread(authority_words, visit.kontor, visit.person, request, visit.now)
    foreign = reply.standing is AnswerStatus.FOREIGN
    status = HTTPStatus.FORBIDDEN if foreign else HTTPStatus.UNPROCESSABLE_ENTITY
    raise Refused(status, "Your answer was not taken", f"{reply.why}. {whose if foreign else ''}".strip())


def _said(visit: Visit, request: ApprovalRequest) -> Answer:
    """Read the form: of its fields those that the choice has, and no others."""
    choice, note = visit.field("choice"), visit.field("note").strip()
    if choice not in ANSWER_CHOICES:
        raise Refused(HTTPStatus.BAD_REQUEST, "This is no answer", "Say yes or no, lower it, or hand it on.")
    # The return key in a field presses the form's first button, which says yes to all of it.
    for field, meant in (("amount", "edit"), ("delegate_to", "delegate")):
        if visit.field(field).strip() and choice != meant:
            raise Refused(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "Your answer was not taken",
                "More was filled in than the button says: press the one beside the field, or leave it empty.",
            )
    picked = _picked(visit, request)
    if picked and choice != "clarify":
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Your answer was not taken",
            "You said what is meant, and pressed another button than the one below that.",
        )
    said = Answer(
        person=visit.person,
        choice=choice,
        note=note,
        amount_cents=_lowered(visit, request) if choice == "edit" else None,
        delegate_to=_colleague(visit) if choice == "delegate" else None,
        picked=picked,
    )
    if choice == "clarify" and (problem := flaw(said) or unasked(request, said)):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Your answer was not taken", f"{problem}.")
    return said


def _picked(visit: Visit, request: ApprovalRequest) -> Picked:
    """Read what is meant, of the questions that the request has."""
    found = {
        question.id: visit.said.get(f"{signing.PICK}{question.id}", ()) for question in request.questions
    }
    return {name: given for name, ids in found.items() if (given := tuple(each for each in ids if each))}


def _lowered(visit: Visit, request: ApprovalRequest) -> int:
    try:
        return parse_amount(visit.field("amount"), request.currency)
    except (NotAnAmount, ValueError) as wrong:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "That is no amount", str(wrong)) from None


def _colleague(visit: Visit) -> str:
    name = visit.field("delegate_to")
    if not visit.kontor.policy_engine.on_staff(name):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Say to whom", "Choose a colleague from the list.")
    return name


async def send(visit: Visit, request: ApprovalRequest, said: Answer) -> AnswerReply:
    """Send an answer with its proof; return what became of it.

    Raises:
        Refused: it could not be sent.
    """
    kontor = visit.kontor
    try:
        client = await join(kontor)
        proved = await asyncio.to_thread(_proved, visit, request, said)
        return await send_answer(client, lambda: approval_activities(kontor), request, proved)
    except WorkflowUpdateFailedError as error:
        return AnswerReply(standing=AnswerStatus.MALFORMED, why=refusal(error), request_id=request.id)
    except (ServerAway, NotOurs, RPCError) as away:
        why = "Nothing was done on it. Try again in a while; whoever runs Kontor here sees why in its log."
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Your answer could not be sent", why) from away


def _proved(visit: Visit, request: ApprovalRequest, said: Answer) -> Answer:
    """Return the answer with the proof that its person, who is in, gave it to what is asked now."""
    bound = said.model_copy(update={"request_id": request.id, "arguments_hash": request.arguments_hash})
    proof = proved(visit, answered(request, bound), now=said.signature is not None)
    return bound.model_copy(update={"proof": proof.id})


def _following(visit: Visit, answered: str) -> str:
    """Return the address of the request that waits next; the queue's own, if none does."""
    entries = listed(visit.kontor, ApprovalFilter(limit=2), visit.person, 2, visit.now)
    return next((f"/inbox/{entry.id}" for entry in entries if entry.id != answered), "/inbox")


def _stale(visit: Visit, record: ApprovalRecord) -> Response:
    """Say what is otherwise now; nothing was done on the answer."""
    request = record.request
    asked = [each for each in visit.kontor.approvals.of_case(request.case_id) if each.approval is None]
    now = next((each.request for each in asked if each.request.step == request.step), None)
    view = StaleView(
        what=request.what,
        why=_meanwhile(visit, record),
        differences=tuple(_differences(request, now)) if now and now.id != request.id else (),
        path=f"/inbox/{now.id}" if now else "",
    )
    return visit.page("stale.html", "Not taken", view, status=HTTPStatus.CONFLICT)


def _meanwhile(visit: Visit, record: ApprovalRecord) -> str:
    end = record.approval
    people = visit.kontor.policy_engine.book.staff.people
    who = dict.fromkeys(kept.answer.person for kept in record.counted)
    by = ", ".join(people[each].name if each in people else each for each in who)
    if end is None:
        # Of two who press at once, one's answer counts before its end is written.
        return f"It is answered by {by}." if by else "The page that you answered is not what is asked."
    return f"It is {end.outcome.value}" + (f" by {by}." if by else f": {end.note}." if end.note else ".")


def _differences(then: ApprovalRequest, now: ApprovalRequest) -> list[Difference]:
    pairs = [
        ("What is asked", then.what, now.what),
        ("Amount", _money(then), _money(now)),
        *(
            (f"Step {place}", *(_step(request, place) for request in (then, now)))
            for place in range(1, 1 + max(len(then.plan.effects), len(now.plan.effects)))
        ),
    ]
    return [Difference(what, before or "—", after or "—") for what, before, after in pairs if before != after]


def _money(request: ApprovalRequest) -> str:
    return money_text(request.amount_cents, request.currency) if request.amount_cents else ""


def _step(request: ApprovalRequest, place: int) -> str:
    if place > len(request.plan.effects):
        return ""
    line = effect_line(request.plan.effects[place - 1])
    return " ".join(each for each in (line.what, line.money, line.text) if each)
