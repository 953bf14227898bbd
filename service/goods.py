"""What people say of goods that come back: told to the case that waits for them."""

from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from contracts.parcel import Inspection, Parcel


class NotWaiting(RuntimeError):
    """The case expects no such goods; the message says why."""


async def tell(client: Client, case_id: str, word: Parcel) -> str:
    """Tell a case that goods came, or how they were found; return what it knows of them now.

    Raises:
        NotWaiting: the case has ended, or does not expect them.
    """
    update = "inspected" if isinstance(word, Inspection) else "received"
    try:
        reply: str = await client.get_workflow_handle(case_id).execute_update(update, word, result_type=str)
    except WorkflowUpdateFailedError as refused:
        cause = refused.cause
        raise NotWaiting(cause.message if isinstance(cause, ApplicationError) else str(cause)) from None
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        raise NotWaiting(f"{case_id} has ended, or never began") from None
    return reply
