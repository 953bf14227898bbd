"""What the Temporal server says at this moment of the workflow of a case; whoever asks waits no longer."""

import asyncio
from typing import TYPE_CHECKING

from temporalio.service import RPCError

from activities.executions import Execution, execution
from service.ownership import NotOurs, join
from service.temporal import ServerAway

if TYPE_CHECKING:
    from bootstrap.installation import Installation

PATIENCE_SECONDS = 2.0


async def live(installation: "Installation", case_id: str) -> Execution | None:
    """Describe the workflow of a case; None if our server does not answer at once."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await execution(await join(installation), case_id)
    except (ServerAway, NotOurs, RPCError, TimeoutError):
        return None
