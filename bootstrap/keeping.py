"""A worker drops what was kept only for a while."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from logs import is_expected

if TYPE_CHECKING:
    from bootstrap.installation import Installation

LOOK_SECONDS = 3600.0


async def drop_what_is_old(installation: "Installation", seconds: float = LOOK_SECONDS) -> None:
    """Drop inputs of decisions, bytes of mails and what was told long ago, now and again, for ever.

    Args:
        installation: a worker's.
        seconds: between two times; a database that is away is asked again.
    """
    while True:
        try:
            await asyncio.to_thread(installation.decisions.drop_old_inputs, datetime.now(UTC))
            await asyncio.to_thread(installation.mails.drop_old, datetime.now(UTC))
            await asyncio.to_thread(installation.announcements.drop_old, datetime.now(UTC))
        except Exception as error:
            if not is_expected(error):  # what is, the work itself tells
                logging.exception("what was kept for a while cannot be dropped")
        await asyncio.sleep(seconds)
