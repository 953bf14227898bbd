"""Who answers: candidates in order, each taken or passed over for a recorded reason, then a person."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from contracts.decision import Decision, Provenance, Question, RouteStep, inputs_hash
from contracts.failure import AskLater
from models.routing.candidate import Asked, Candidate, CandidateFailed, CandidateReply, Readiness
from models.routing.catalogue import Catalogue, TaskSpec
from models.routing.choice import CandidateState, choose
from models.routing.cost import Budgets
from models.routing.health import HealthRecord
from models.routing.languages import Languages

NOT_HERE = Readiness(unavailable="it is not set up in this installation")
NOBODY = ("nobody", CandidateReply(outcome="unsure", answer=None, why="nobody was asked", version="-"), 0.0)


class ModelRouter:
    """Satisfies `activities.ports.Router`.

    The choice is `models.choice.choose`, a pure function; this class gathers what it reads, asks the
    candidates that may be asked until one stands by its answer, and writes down why.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        candidates: Mapping[str, Candidate],
        *,
        budgets: Budgets | None = None,
        languages: Languages | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take the parts.

        Args:
            catalogue: the office's tasks and models.
            candidates: an answerer for each model's name; one that is missing is passed over.
            budgets: what may be spent; None keeps none.
            languages: those the office reads: in others nothing local stands by its answer.
            monotonic: seconds, for latencies and pauses.
            now: wall clock, for budgets.
        """
        self._catalogue = catalogue
        self._candidates = candidates
        self._budgets = budgets
        self._languages = languages or Languages()
        self._monotonic = monotonic
        self._now = now
        self._health = {name: HealthRecord() for name in catalogue.models}

    async def decide(self, question: Question, waited_seconds: float = 0.0) -> Decision:
        """Answer, or say `unsure` with the best guess.

        Args:
            question: what is asked.
            waited_seconds: how long it has been waiting for a provider already.

        Raises:
            KeyError: the office has no such task.
            AskLater: nobody answered, a provider said when it will, and the task can wait so long.
        """
        name, task = question.task, self._catalogue.tasks[question.task]
        foreign = "" if task.any_language else await asyncio.to_thread(self._languages.foreign, question.text)
        asked = Asked(name=name, task=task, question=question, foreign=foreign)
        standings = await self._standings(asked)
        route = choose(task, len(question.text), standings)
        waits = [each.health.paused_seconds for each in standings if each.health.paused_seconds > 0]
        deadline = self._monotonic() + task.latency_ms / 1000
        taken: list[RouteStep] = []
        replies: list[tuple[str, CandidateReply, float]] = []
        for position, step in enumerate(route):
            if not step.taken:
                taken.append(step)
                continue
            began = self._monotonic()
            said, reply, wait = await self._ask(step.candidate, asked, deadline - began)
            taken.append(said)
            waits += [wait] if wait is not None else []
            if reply is not None:
                replies.append((step.candidate, reply, (self._monotonic() - began) * 1000))
                if reply.outcome == "answered":
                    taken += [_not_needed(later) for later in route[position + 1 :]]
                    break
        decision = self._decision(asked, replies, tuple(taken))
        if decision.outcome == "unsure" and waits and waited_seconds + min(waits) <= task.wait_seconds:
            raise AskLater(f"{name}: {taken[-1].why}", min(waits))
        if decision.outcome == "unsure" and any(_can_be_left_to(each, task) for each in standings):
            return decision.model_copy(update={"outcome": "deferred"})
        return decision

    async def standings(self, question: Question) -> list[CandidateState]:
        """Return what the choice reads, for a question that is not asked."""
        return await self._standings(
            Asked(name=question.task, task=self._catalogue.tasks[question.task], question=question)
        )

    async def _standings(self, asked: Asked) -> list[CandidateState]:
        budget = await self._budget_left(asked)
        standings = []
        for name in asked.task.candidates:
            model, candidate = self._catalogue.models[name], self._candidates.get(name)
            standings.append(
                CandidateState(
                    name=name,
                    model=model,
                    readiness=await candidate.prepare(asked.name, asked.task) if candidate else NOT_HERE,
                    health=self._health[name].at(self._monotonic()),
                    budget_left_microusd=None if model.free else budget,
                )
            )
        return standings

    async def _budget_left(self, asked: Asked) -> int | None:
        models = (self._catalogue.models[name] for name in asked.task.candidates if name in self._candidates)
        if self._budgets is None or all(model.free for model in models):
            return None
        question = asked.question
        return await asyncio.to_thread(
            self._budgets.left_microusd, question.desk, question.case_id, self._now()
        )

    async def _ask(
        self, name: str, asked: Asked, left_seconds: float
    ) -> tuple[RouteStep, CandidateReply | None, float | None]:
        """Ask one candidate within what is left of the latency budget.

        Returns:
            What the route says, the reply, and the seconds after which it wants to be asked again.
        """
        health, began = self._health[name], self._monotonic()
        try:
            async with asyncio.timeout(left_seconds):
                reply = await self._candidates[name].answer(replace(asked, left_seconds=left_seconds))
        except TimeoutError:
            health.failed(self._monotonic())
            why = f"no answer within {max(left_seconds, 0) * 1000:.0f} ms"
            return RouteStep(candidate=name, taken=False, why=why), None, None
        except CandidateFailed as failure:
            if failure.its_fault:
                health.failed(self._monotonic(), failure.retry_after_seconds)
            return RouteStep(candidate=name, taken=False, why=failure.why), None, failure.retry_after_seconds
        health.answered((self._monotonic() - began) * 1000)
        if asked.foreign and reply.outcome == "answered" and self._candidates[name].by != "gemini":
            # Still a best guess for a person: only nothing stands on it.
            reply = reply.model_copy(update={"outcome": "unsure", "why": self._languages.why(asked.foreign)})
        return RouteStep(candidate=name, taken=reply.outcome == "answered", why=reply.why), reply, None

    def _decision(
        self, asked: Asked, replies: list[tuple[str, CandidateReply, float]], route: tuple[RouteStep, ...]
    ) -> Decision:
        """Make the decision of the reply that counts: accepted, else a named failure, else the best guess."""
        outcome, (name, reply, _) = "unsure", NOBODY
        guesses = [entry for entry in replies if entry[1].outcome == "unsure"]
        if guesses:
            name, reply, _ = max(guesses, key=lambda entry: entry[1].confidence or 0.0)
        answer = reply.answer
        if replies and replies[-1][1].outcome != "unsure":
            name, reply, _ = replies[-1]
            outcome = reply.outcome
            answer = reply.answer if outcome == "answered" else answer
        provenance = Provenance(
            by=self._candidates[name].by if name in self._candidates else "rule",
            name=f"{asked.name}@{name}",
            version=reply.version,
            inputs_hash=inputs_hash(asked.question),
            confidence=reply.confidence,
            evidence=(*asked.question.evidence, *reply.evidence),
            route=route,
            prompt_hash=reply.prompt_hash,
            cost_microusd=sum(each.cost_microusd for _, each, _ in replies),
            latency_ms=round(sum(milliseconds for _, _, milliseconds in replies), 3),
            cached=reply.cached,
        )
        return Decision(
            task=asked.name,
            outcome=outcome,
            answer=answer,
            provenance=provenance,
            critical=asked.task.critical,
            foreign=asked.foreign,
            earlier=next((each.answer for _, each, _ in replies if each is not reply), None),
        )


def _can_be_left_to(standing: CandidateState, task: TaskSpec) -> bool:
    """Say whether a batch job of this candidate may answer later what nobody answers now."""
    model = standing.model
    set_up = model.kind == "gemini" and not standing.readiness.unavailable
    return task.otherwise == "later" and set_up and model.may_be_given(task.sensitivity)


def _not_needed(step: RouteStep) -> RouteStep:
    if not step.taken:
        return step
    return RouteStep(candidate=step.candidate, taken=False, why="not needed: an earlier one answered")
