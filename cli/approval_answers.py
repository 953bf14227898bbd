"""How an answer travels: to the waiting case as the update `decide`, or, when there is none, to the books."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from activities.approvals import ApprovalActivities
from contracts.approval import Answer, ApprovalRequest, Standing
from contracts.approval_token import TokenRefused
from contracts.asking import Reply, Submission
from memory.approval_tokens import GONE, ApprovalTokens
from memory.approvals import SqlApprovals

Books = Callable[[], ApprovalActivities]
"""Opens the data plane; only answers to a case that has ended need it."""

PATIENCE = timedelta(seconds=10)
"""How long a reply is waited for; without a worker the answer is left with the server instead."""


async def send_answer(client: Client, books: Books, request: ApprovalRequest, answer: Answer) -> Reply:
    """Answer a request, bound to what it asks now, and say what became of it.

    An answer to a case that has ended is judged by the books at once, so that it is recorded as late.
    When no worker replies in time, the answer is left with the server as a signal: it is judged as
    soon as one is back.

    Raises:
        WorkflowUpdateFailedError: the gate refuses it as no answer at all; its cause says why.
        RPCError: the server cannot be reached.
    """
    bound = answer.model_copy(update={"request_id": request.id, "arguments_hash": request.arguments_hash})
    handle = client.get_workflow_handle(request.case_id)
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            reply: Reply = await handle.execute_update("decide", bound, result_type=Reply)
            return reply
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        await handle.signal("decide", bound)
        return Reply(
            standing=Standing.EARLY,
            why="no worker replied: the answer waits on the server",
            request_id=request.id,
        )
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
    return await _to_the_books(books, request, bound)


@dataclass(frozen=True)
class Links:
    """Where signed links are proved, and their requests found."""

    tokens: ApprovalTokens
    approvals: SqlApprovals
    books: Books


async def redeem(client: Client, links: Links, token: str, said: Answer) -> Reply:
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


async def _to_the_books(books: Books, request: ApprovalRequest, answer: Answer) -> Reply:
    number = secrets.randbelow(2**31)  # a further answer each time: no workflow counts them any more
    return await books().answer(
        Submission(case_id=request.case_id, request_id=request.id, answer=answer, number=number)
    )


def refusal(error: WorkflowUpdateFailedError) -> str:
    """Return why the gate refused an update, in its own words."""
    cause = error.cause
    return str(getattr(cause, "message", "") or cause)
