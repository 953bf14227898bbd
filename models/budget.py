"""Money for models: reserved before a call and settled after it. The books are SQL, elsewhere."""

from datetime import datetime
from typing import Protocol


class Budgets(Protocol):
    """What may still be spent, by day, desk and case; implemented in `memory/`, wired by bootstrap."""

    def left_microusd(self, desk: str, case_id: str, now: datetime) -> int:
        """Return the smallest of what the day, the desk and the case have left, never below 0."""

    def reserve(self, desk: str, case_id: str, most_microusd: int, now: datetime) -> str | None:
        """Set the most that a call can cost aside; return the reservation's id, None if it does not fit."""

    def settle(self, reservation: str, spent_microusd: int, now: datetime) -> None:
        """Replace a reservation by what the call did cost; settling twice changes nothing."""
