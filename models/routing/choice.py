"""Which candidates may be asked, and why not the others: a pure function of what is known."""

from collections.abc import Sequence

from contracts.base import Frozen
from contracts.decision import RouteStep
from models.routing.candidate import Readiness
from models.routing.catalogue import ModelSpec, TaskSpec
from models.routing.health import Health


class CandidateState(Frozen):
    """Everything the choice reads of one candidate.

    Attributes:
        budget_left_microusd: what day, desk and case have left; None if no budget is kept.
    """

    name: str
    model: ModelSpec
    readiness: Readiness
    health: Health = Health()
    budget_left_microusd: int | None = None


def choose(task: TaskSpec, characters: int, standings: Sequence[CandidateState]) -> tuple[RouteStep, ...]:
    """Say of each candidate, in the task's order, whether it may be asked and why.

    Args:
        task: latency budget, cost ceiling, sensitivity.
        characters: length of the text.
        standings: the candidates, in the task's order.

    Returns:
        One step for each candidate; `taken` means that it may be asked when its turn comes.
    """
    steps, left_ms = [], float(task.latency_ms)
    for standing in standings:
        against = objection(task, characters, standing, left_ms)
        if not against:
            left_ms -= expected_ms(standing)
        steps.append(
            RouteStep(
                candidate=standing.name, taken=not against, why=against or _in_favour(characters, standing)
            )
        )
    return tuple(steps)


def objection(task: TaskSpec, characters: int, standing: CandidateState, left_ms: float) -> str:
    """Return the first reason against asking a candidate; empty if there is none."""
    model, readiness, health = standing.model, standing.readiness, standing.health
    cost = model.most_microusd(characters)
    left = standing.budget_left_microusd
    objections = (
        (bool(readiness.unavailable), readiness.unavailable),
        (
            not model.may_be_given(task.sensitivity),
            f"{task.sensitivity} text may not go to it, only {model.may_see}",
        ),
        (
            characters > model.longest_characters,
            f"the text has {characters} characters, it takes {model.longest_characters}",
        ),
        (
            readiness.accept is not None and readiness.accept.threshold is None,
            f"no threshold keeps its errors under {task.target_error:.0%}",
        ),
        (
            health.paused_seconds > 0,
            f"it failed lately and is left alone for {health.paused_seconds:.0f} s",
        ),
        (
            expected_ms(standing) > left_ms,
            f"it takes {expected_ms(standing):.0f} ms, {max(left_ms, 0):.0f} ms are left",
        ),
        (
            cost > task.cost_ceiling_microusd,
            f"it may cost {dollars(cost)}, the ceiling is {dollars(task.cost_ceiling_microusd)}",
        ),
        (
            left is not None and cost > left,
            f"it may cost {dollars(cost)}, the budget has {dollars(left or 0)} left",
        ),
    )
    return next((words for holds, words in objections if holds), "")


def expected_ms(standing: CandidateState) -> float:
    """Return the measured median latency, or the typical one before anything was measured."""
    measured = standing.health.latency_ms
    return standing.model.typical_latency_ms if measured is None else measured


def dollars(microusd: int) -> str:
    """Render millionths of a dollar."""
    return f"${microusd / 1_000_000:.6f}".rstrip("0").rstrip(".")


def _in_favour(characters: int, standing: CandidateState) -> str:
    cost = standing.model.most_microusd(characters)
    price = f"at most {dollars(cost)}" if cost else "free"
    return f"may be asked: {price}, about {expected_ms(standing):.0f} ms"
