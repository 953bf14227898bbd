"""How an answer travels: to the waiting case as the update `decide`, or, when there is none, to the books."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from activities.approvals import ApprovalActivities
from activities.executions import execution
from contracts.approvals.messages import CASE_IS_GONE, AnswerReply, AnswerSubmission, ApprovalClosing
from contracts.approvals.request import Answer, AnswerStatus, ApprovalOutcome, ApprovalRequest
from contracts.approvals.token import TokenRefused
from memory.authoritative.approvals.approvals import SqlApprovals
from memory.authoritative.approvals.tokens import GONE, ApprovalTokens

Books = Callable[[], ApprovalActivities]
"""Opens the data plane; only answers to a case that has ended need it."""

NOBODY_WAITS = (
    "nothing is done on it: the case's workflow is gone, so nobody waits for an answer. "
    "`kontor case` shows what was done so far; handed in again, the request is asked anew"
)
PATIENCE = timedelta(seconds=10)
"""How long a reply is waited for; without a worker the answer is left with the server instead."""


async def send_answer(client: Client, books: Books, request: ApprovalRequest, answer: Answer) -> AnswerReply:
    """Answer a request, bound to what it asks now, and say what became of it.

    An answer to a case that has ended is judged by the books at once, so that it is recorded as late;
    what it still asked is withdrawn first, for nobody would act on a yes. When no worker replies in time,
    the answer is left with the server as a signal: it is judged as soon as one is back.

    Raises:
        WorkflowUpdateFailedError: the gate refuses it as no answer at all; its cause says why.
        RPCError: the server cannot be reached.
    """
    bound = answer.model_copy(update={"request_id": request.id, "arguments_hash": request.arguments_hash})
    handle = client.get_workflow_handle(request.case_id)
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            reply: AnswerReply = await handle.execute_update("decide", bound, result_type=AnswerReply)
            return reply
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        return await _leave(client, books, request, bound)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
    if (await execution(client, request.case_id)).runs:
        # It continued as new, or was begun again, between the answer and this question.
        return await _leave(client, books, request, bound)
    return await _to_the_books(books, request, bound)


async def _leave(client: Client, books: Books, request: ApprovalRequest, answer: Answer) -> AnswerReply:
    """Leave an answer with the server for the next worker; if the case ended meanwhile, with the books."""
    try:
        await client.get_workflow_handle(request.case_id).signal("decide", answer)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return await _to_the_books(books, request, answer)
    return AnswerReply(
        standing=AnswerStatus.EARLY,
        why="no worker replied: the answer waits on the server",
        request_id=request.id,
    )


@dataclass(frozen=True)
class Links:
    """Where signed links are proved, and their requests found."""

    tokens: ApprovalTokens
    approvals: SqlApprovals
    books: Books


async def redeem(client: Client, links: Links, token: str, said: Answer) -> AnswerReply:
    """Answer by a signed link: what a POST does. A GET only ever calls `ApprovalTokens.inspect`.

    A token that is genuine but used, expired or withdrawn goes to the data plane all the same, which
    refuses it and keeps an episode.

    Args:
        client: Temporal.
        links: proves whose link it is, and finds its request.
        token: the link's token.
        said: choice, note and so on; its person is replaced by the token's.

    Raises:
        TokenRefused: it is forged, or its request is gone; nothing was changed.
    """
    claims = links.tokens.claims(token)
    record = await asyncio.to_thread(links.approvals.find, claims.request_id)
    if record is None:
        raise TokenRefused(GONE)
    answer = said.model_copy(update={"person": claims.person})
    reference = await asyncio.to_thread(links.tokens.present, token, answer)
    presented = answer.model_copy(update={"token": reference})
    return await send_answer(client, links.books, record.request, presented)


async def _to_the_books(books: Books, request: ApprovalRequest, answer: Answer) -> AnswerReply:
    """Have the books judge an answer that no workflow hears: it is late, whatever it says."""
    number = secrets.randbelow(2**31)  # a further answer each time: no workflow counts them any more
    judging = books()
    ending = ApprovalClosing(request_id=request.id, outcome=ApprovalOutcome.WITHDRAWN, why=CASE_IS_GONE)
    ended = await judging.end(ending)
    reply = await judging.answer(
        AnswerSubmission(case_id=request.case_id, request_id=request.id, answer=answer, number=number)
    )
    if reply.standing is AnswerStatus.LATE and ended.note == CASE_IS_GONE:
        return reply.model_copy(update={"why": NOBODY_WAITS})
    return reply


def refusal(error: WorkflowUpdateFailedError) -> str:
    """Return why the gate refused an update, in its own words."""
    cause = error.cause
    return str(getattr(cause, "message", "") or cause)
