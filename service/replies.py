"""What a customer replied: told to the case that asked them."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from contracts.case import Episode
from contracts.reply import REPLIED, Reply, ReplyTaken
from service.answers import PATIENCE, refusal

if TYPE_CHECKING:
    from bootstrap.installation import Installation


class NoReplyTaken(RuntimeError):
    """The case takes no such reply; the message says why."""


async def hand_in(client: Client, installation: "Installation", case_id: str, reply: Reply) -> ReplyTaken:
    """Tell a case what its customer replied; return what became of it.

    A reply to a case that has ended is late: it is recorded, and nothing is done with it.

    Raises:
        NoReplyTaken: it names a choice that there is not, or no worker took it in time.
    """
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            taken: ReplyTaken = await client.get_workflow_handle(case_id).execute_update(
                REPLIED, reply, result_type=ReplyTaken
            )
    except WorkflowUpdateFailedError as refused:
        raise NoReplyTaken(refusal(refused)) from None
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise NoReplyTaken(f"no worker took it for {case_id}: say it again once one runs") from None
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return await asyncio.to_thread(_late, installation, case_id)
    return taken


def _late(installation: "Installation", case_id: str) -> ReplyTaken:
    """Record a reply that came after the case's end; its words are nobody's record."""
    installation.episodes.append(
        [
            Episode(
                id=f"{case_id}#{REPLIED}-{uuid4().hex[:12]}",
                case_id=case_id,
                kind=REPLIED,
                at=datetime.now(UTC),
                data={"by": "customer", "standing": "late"},
            )
        ]
    )
    return ReplyTaken(standing="late", why="the case has ended; it is recorded, and changes nothing")
