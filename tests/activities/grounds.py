"""Grounds for tests of policy alone: what the tests say is what is on record."""

from collections.abc import Sequence
from datetime import datetime

from activities.callers import Callers
from contracts.authorization import Plan
from contracts.case import Episode
from contracts.reconciliation.messages import Settlement


class AsTheySay:
    """Knows of no case, and believes who calls; `test_hand_started` tests the real one."""

    async def stranger(self, case_id: str, plan: Plan | None = None) -> str:
        return ""

    async def no_caller(self, case_id: str) -> str:
        return ""

    async def no_settling(self, settlement: Settlement) -> str:
        return ""

    def contradiction(self, plan: Plan, asked_at: datetime | None = None) -> str:
        return ""


class NoLog:
    """Is never written to: `AsTheySay` turns nobody away."""

    def append(self, episodes: Sequence[Episode]) -> None:
        raise AssertionError(episodes)


ANYBODY = Callers(AsTheySay(), NoLog())
"""Turns nobody away."""
