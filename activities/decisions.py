"""The router as an activity: several questions of one case in one round trip, each decision kept."""

import asyncio

from temporalio import activity

from activities.ports import Decisions, Router
from contracts.decision import Decision, Inquiry


class DecisionActivities:
    """On the queue `contracts.ids.MODELS_QUEUE`, served by the process that holds the models."""

    def __init__(self, router: Router, decisions: Decisions) -> None:
        """Take who answers, and the book in which answers are kept."""
        self._router = router
        self._decisions = decisions

    @activity.defn(name="decision.decide")
    async def decide(self, inquiry: Inquiry) -> tuple[Decision, ...]:
        """Answer every question of the inquiry, in order.

        The questions are asked at once, so that they share the models' forward pass. What an earlier
        attempt has kept is returned as it was kept: a retry neither pays again nor changes its mind.
        """
        steps = steps_of(inquiry)
        kept: dict[str, Decision] = {}
        if activity.info().attempt > 1:
            kept = await asyncio.to_thread(self._decisions.of_case, inquiry.case_id)
        asked = [
            question for step, question in zip(steps, inquiry.questions, strict=True) if step not in kept
        ]
        fresh = iter(await asyncio.gather(*(self._router.decide(question) for question in asked)))
        answers = {step: kept[step] if step in kept else next(fresh) for step in steps}
        made = {step: decision for step, decision in answers.items() if step not in kept}
        await asyncio.to_thread(self._decisions.keep_all, inquiry.case_id, made)
        return tuple(answers.values())


def steps_of(inquiry: Inquiry) -> list[str]:
    """Name the step of each question: `read/returns.intent`, and `#2` for the second of one task."""
    steps: list[str] = []
    for question in inquiry.questions:
        step = f"{inquiry.step}/{question.task}"
        again = sum(known == step or known.startswith(f"{step}#") for known in steps)
        steps.append(f"{step}#{again + 1}" if again else step)
    return steps
