"""What a customer replied: told to the case that asked them."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from temporalio.client import Client

from contracts.case import Episode
from contracts.reply import REPLIED, Reply, ReplyTaken
from service.case_updates import CaseOver, tell_case

if TYPE_CHECKING:
    from bootstrap.installation import Installation


async def hand_in(client: Client, installation: "Installation", case_id: str, reply: Reply) -> ReplyTaken:
    """Tell a case what its customer replied; return what became of it.

    A reply to a case that has ended is late: it is recorded, and nothing is done with it.

    Raises:
        NotTaken: it names a choice that there is not, or no worker took it in time.
    """
    try:
        return await tell_case(client, case_id, REPLIED, reply, result_type=ReplyTaken)
    except CaseOver:
        return await asyncio.to_thread(_late, installation, case_id)


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
