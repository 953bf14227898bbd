"""Telling a case something by an update, and hearing what it makes of it."""

import asyncio
from typing import TypeVar

from pydantic import BaseModel
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from service.answers import PATIENCE, refusal

R = TypeVar("R")


class NotTaken(RuntimeError):
    """The case did not take it; the message says why."""


class CaseOver(NotTaken):
    """Nothing runs for the case: it has ended, or never began."""


class NobodyTook(NotTaken):
    """No worker took it in time: it may be said again."""


async def tell_case(
    client: Client,
    case_id: str,
    update: str,
    word: BaseModel,
    *,
    result_type: type[R],
    update_id: str | None = None,
) -> R:
    """Tell a case something; return what it says to it.

    Args:
        client: the Temporal server's.
        case_id: the case.
        update: by which it hears such words.
        word: what it is told.
        result_type: of its answer.
        update_id: by which the same word again finds what was said to it; None makes it another one.

    Raises:
        NotTaken: it refused the word.
        NobodyTook: no worker took it in time.
        CaseOver: it has ended, or never began.
    """
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            taken: R = await client.get_workflow_handle(case_id).execute_update(
                update, word, result_type=result_type, id=update_id
            )
            return taken
    except WorkflowUpdateFailedError as refused:
        raise NotTaken(refusal(refused)) from None
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise NobodyTook(f"no worker took it for {case_id}: say it again once one runs") from None
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        raise CaseOver(f"{case_id} has ended, or never began") from None
