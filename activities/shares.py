"""What our own books say is done for an order's lines, its postage, and the ways it was paid."""

import asyncio
from typing import TYPE_CHECKING

from temporalio import activity

from contracts.shares import Accounts, Books

if TYPE_CHECKING:
    from memory.authoritative.shares import SqlShares


class ShareActivities:
    """Reads accounts; what is booked on them is written where effects are permitted."""

    def __init__(self, shares: "SqlShares") -> None:
        """Keep the books."""
        self._shares = shares

    @activity.defn(name="shares.books")
    async def books(self, wanted: Accounts) -> Books:
        """Return what other cases did for these accounts, for a plan to be made from."""
        return await asyncio.to_thread(self._shares.books, wanted)
