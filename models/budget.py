"""Money for models: reserved before a call and settled after it. The books are SQL, elsewhere."""

from datetime import datetime, timedelta
from typing import Protocol

CALL_LIFETIME = timedelta(minutes=10)
"""Longer than any single call may take."""


class Budgets(Protocol):
    """What may still be spent, by day, desk and case; implemented in `memory/`, wired by bootstrap."""

    def left_microusd(self, desk: str, case_id: str, now: datetime) -> int:
        """Return the smallest of what the day, the desk and the case have left, never below 0."""

    def reserve(
        self,
        desk: str,
        case_id: str,
        most_microusd: int,
        now: datetime,
        *,
        lifetime: timedelta = CALL_LIFETIME,
        name: str = "",
    ) -> str | None:
        """Set the most that a call can cost aside; return the reservation's id, None if it does not fit.

        A reservation that is not settled within its lifetime counts as spent in full: whoever made it
        died, and the call may have been made and charged. Reserving again under the same name changes
        nothing and returns the same id.
        """

    def settle(self, reservation: str, spent_microusd: int, now: datetime) -> None:
        """Replace a reservation by what the call did cost; settling twice changes nothing."""
