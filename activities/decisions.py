"""The router as an activity: several questions of one case in one round trip, each decision kept."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import ASK_LATER
from activities.ports import Router
from contracts.decision import Decision, Inquiry
from contracts.failure import AskLater

if TYPE_CHECKING:
    from memory.authoritative.decisions import SqlDecisions

ROOM_SECONDS = 0.1
"""Added to a provider's wish, so that the next attempt does not come a moment early."""


class DecisionActivities:
    """On the queue `contracts.ids.MODELS_QUEUE`, served by the process that holds the models."""

    def __init__(self, router: Router, decisions: "SqlDecisions") -> None:
        self._router = router
        self._decisions = decisions

    @activity.defn(name="decision.decide")
    async def decide(self, inquiry: Inquiry) -> tuple[Decision, ...]:
        """Answer every question of the inquiry, in order.

        The questions are asked at once, so that they share the models' forward pass. What an earlier
        attempt has kept is returned as it was kept: a retry neither pays again nor changes its mind.
        Where a provider asks to be asked later and the task can wait, Temporal waits and asks again.
        """
        steps = steps_of(inquiry)
        # On every attempt: what runs beside a workflow and is run again calls itself the first.
        kept = await asyncio.to_thread(self._decisions.of_case, inquiry.case_id)
        open_ = {
            step: question
            for step, question in zip(steps, inquiry.questions, strict=True)
            if step not in kept
        }
        waited = (datetime.now(UTC) - activity.info().scheduled_time).total_seconds()
        said = await asyncio.gather(
            *(self._router.decide(question, waited) for question in open_.values()), return_exceptions=True
        )
        made = {
            step: answer for step, answer in zip(open_, said, strict=True) if isinstance(answer, Decision)
        }
        await asyncio.to_thread(self._decisions.keep_all, inquiry.case_id, made, open_)
        _raise_what_went_wrong(said)
        return tuple(kept[step] if step in kept else made[step] for step in steps)


def _raise_what_went_wrong(said: Sequence[Decision | BaseException]) -> None:
    """Raise the first surprise; else, where a provider asked to be asked later, wait through Temporal."""
    waits = [answer for answer in said if isinstance(answer, AskLater)]
    for answer in said:
        if isinstance(answer, BaseException) and not isinstance(answer, AskLater):
            raise answer
    if waits:
        raise asked_later(max(waits, key=lambda wait: wait.seconds)) from None


def asked_later(later: AskLater) -> ApplicationError:
    """Return what an activity raises so that Temporal asks again when the provider wants it.

    Without a wish of the provider's, Temporal's own backoff holds.
    """
    delay = timedelta(seconds=later.seconds + ROOM_SECONDS) if later.seconds else None
    return ApplicationError(later.why, type=ASK_LATER, next_retry_delay=delay)


def steps_of(inquiry: Inquiry) -> list[str]:
    """Name the step of each question: `STEP/TASK`, and `#2` for the second of one task."""
    steps: list[str] = []
    for question in inquiry.questions:
        step = f"{inquiry.step}/{question.task}"
        again = sum(known == step or known.startswith(f"{step}#") for known in steps)
        steps.append(f"{step}#{again + 1}" if again else step)
    return steps
