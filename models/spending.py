"""Money around a call: the most it can cost is set aside before, what it did cost is booked after."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from models.budget import Budgets
from models.candidate import CandidateFailed


class Spending:
    """Reserves and settles for one question; a call that vanishes in between is counted in full."""

    def __init__(self, budgets: Budgets | None, desk: str, case_id: str, now: Callable[[], datetime]) -> None:
        """Take the books, and whose money it is.

        Args:
            budgets: None keeps none.
            desk: whose daily budget.
            case_id: whose budget in all.
            now: wall clock.
        """
        self._budgets = budgets
        self._whose = (desk, case_id)
        self._now = now

    async def reserve(self, most_microusd: int) -> str | None:
        """Set money aside; return the reservation, None where no budget is kept.

        Raises:
            CandidateFailed: it does not fit into the day's, the desk's or the case's budget.
        """
        if self._budgets is None:
            return None
        held = await asyncio.to_thread(self._budgets.reserve, *self._whose, most_microusd, self._now())
        if held is None:
            why = f"the budget has no {most_microusd} millionths of a dollar left"
            raise CandidateFailed(why, mode="out_of_budget", its_fault=False)
        return held

    async def settle(self, reservation: str | None, spent_microusd: int) -> None:
        """Book what the call did cost."""
        if self._budgets is not None and reservation is not None:
            await asyncio.to_thread(self._budgets.settle, reservation, spent_microusd, self._now())
