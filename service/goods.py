"""What people say of goods that come back: told to the case that waits for them."""

import asyncio

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from contracts.parcel import Inspection, Parcel
from service.answers import PATIENCE, refusal


class NotWaiting(RuntimeError):
    """The case expects no such goods; the message says why."""


async def tell(client: Client, case_id: str, word: Parcel) -> str:
    """Tell a case that goods came, or how they were found; return what it knows of them now.

    Raises:
        NotWaiting: the case has ended, or does not expect them, or no worker took it in time.
    """
    update = "inspected" if isinstance(word, Inspection) else "received"
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            reply: str = await client.get_workflow_handle(case_id).execute_update(
                update, word, result_type=str
            )
    except WorkflowUpdateFailedError as refused:
        raise NotWaiting(refusal(refused)) from None
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise NotWaiting(f"no worker took it for {case_id}: say it again once one runs") from None
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        raise NotWaiting(f"{case_id} has ended, or never began") from None
    return reply
