"""Who calls an activity: the case that it is about, or nobody that it does anything for."""

import asyncio
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.clock import utc_now
from contracts.admission import NOT_ON_RECORD
from contracts.case import Episode

if TYPE_CHECKING:
    from activities.ports import EpisodeLog, Grounds
    from contracts.reconciliation.messages import Settlement


class Callers:
    """Turns away whoever starts an activity by hand, and keeps that in the log."""

    def __init__(self, grounds: "Grounds", log: "EpisodeLog") -> None:
        """Keep what is on record, and where attempts are written."""
        self._grounds = grounds
        self._log = log

    async def demand(self, case_id: str, what: str) -> None:
        """Let the run of a case go on, or an undo of it that somebody asked for.

        Args:
            case_id: the case.
            what: is called, in a word for the log.

        Raises:
            ApplicationError: `NotOnRecord`, never retried: it is another who calls.
        """
        await self._turn_away(case_id, what, await self._grounds.no_caller(case_id))

    async def demand_settled(self, settlement: "Settlement") -> None:
        """Let a divergence end as people or a fix ended it; raises as `demand` does."""
        why = await self._grounds.no_settling(settlement)
        await self._turn_away(settlement.divergence_id, "settle", why)

    async def _turn_away(self, about: str, what: str, why: str) -> None:
        if not why:
            return
        info = activity.info()
        refused = Episode(
            id=f"{about}#refused-{what}-{info.workflow_run_id or info.activity_id}",
            case_id=about,
            kind="refused",
            at=utc_now(),
            data={"what": what, "why": why},
        )
        await asyncio.to_thread(self._log.append, [refused])
        raise ApplicationError(why, type=NOT_ON_RECORD, non_retryable=True)
