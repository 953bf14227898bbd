"""One line in a desk's story: `decisions = await decide(inquiry)`.

Behind it: critical answers need a second zone's, what may wait goes to a batch job, and when the models
do not answer at all, nothing is decided and a person is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue
from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.decisions import DecisionActivities
    from contracts.base import content_hash
    from contracts.bounds import LONGEST_INQUIRY_BYTES
    from contracts.decision import TOO_LARGE, Decision, Inquiry, RouteStep, undecided
    from contracts.ids import MODELS_QUEUE, SECOND_MODELS_QUEUE, effect_key
    from contracts.model_batch import BatchJob
    from workflows.kernel import options
    from workflows.kernel.model_batch import ModelBatchWorkflow
    from workflows.kernel.placement import Placement


@dataclass(frozen=True)
class Zones:
    """Two task queues that models are asked on.

    Attributes:
        first_options: how long the first zone has.
        second_options: how long the second zone has; then a person decides.
    """

    first: str = MODELS_QUEUE
    second: str = SECOND_MODELS_QUEUE
    first_options: ActivityConfig = field(default_factory=lambda: options.MODEL)
    second_options: ActivityConfig = field(default_factory=lambda: options.SECOND_ZONE)


ZONES = Zones()


async def confirmed(inquiry: Inquiry, decisions: Sequence[Decision], zones: Zones = ZONES) -> list[Decision]:
    """Have critical answers confirmed by the second zone; the others stand as they are.

    Args:
        inquiry: what the first zone was asked.
        decisions: what it said, in the questions' order.
        zones: where the second is asked.
    """
    critical = [
        place
        for place, decision in enumerate(decisions)
        if decision.critical and decision.outcome == "answered"
    ]
    if not critical:
        return list(decisions)
    again = Inquiry(
        case_id=inquiry.case_id,
        step=f"{inquiry.step}@{zones.second}",
        questions=tuple(inquiry.questions[place] for place in critical),
    )
    try:
        said: Sequence[Decision | None] = await workflow.execute_activity_method(
            DecisionActivities.decide,
            again,
            **options.with_summary(
                zones.second_options, "the same question to the second zone", zones.second
            ),
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        said = [None] * len(critical)
    found = dict(zip(critical, said, strict=True))
    return [
        together(decision, found[place], zones.second) if place in found else decision
        for place, decision in enumerate(decisions)
    ]


def together(first: Decision, second: Decision | None, zone: str) -> Decision:
    """Return what two zones say together: the answer if they agree, else `unsure` with its best guess."""
    if second is None:
        return _judged(first, None, RouteStep(candidate=zone, taken=False, why="it did not answer in time"))
    if second.outcome != "answered":
        return _judged(first, second, RouteStep(candidate=zone, taken=False, why=f"it is {second.outcome}"))
    if _meant(first.answer) != _meant(second.answer):
        return _judged(first, second, RouteStep(candidate=zone, taken=False, why="it says something else"))
    return _judged(first, second, RouteStep(candidate=zone, taken=True, why="it says the same"), agreed=True)


def _judged(first: Decision, second: Decision | None, step: RouteStep, *, agreed: bool = False) -> Decision:
    ours = first.provenance
    theirs = second.provenance if second else None
    provenance = ours.model_copy(
        update={
            "route": (*ours.route, step),
            "cost_microusd": ours.cost_microusd + (theirs.cost_microusd if theirs else 0),
            "latency_ms": ours.latency_ms + (theirs.latency_ms if theirs else 0.0),
        }
    )
    outcome = "answered" if agreed else "unsure"
    return first.model_copy(update={"outcome": outcome, "provenance": provenance})


def _meant(answer: dict[str, JsonValue] | None) -> str:
    """Return an answer's meaning: the order of what was picked is none."""
    plain = {
        name: sorted(value, key=str) if isinstance(value, list) else value
        for name, value in (answer or {}).items()
    }
    return content_hash(plain)


async def decide(
    inquiry: Inquiry, zones: Zones = ZONES, placement: Placement | None = None
) -> list[Decision]:
    """Return a decision for each question, in their order.

    Args:
        inquiry: the questions.
        zones: who is asked, and who is asked again where the task is critical.
        placement: where the case's steps run; None asks the first zone on its queue.
    """
    if len(inquiry.model_dump_json()) > LONGEST_INQUIRY_BYTES:
        return [undecided(question, zones.first, TOO_LARGE) for question in inquiry.questions]
    tasks = [question.task for question in inquiry.questions]
    queued = options.with_summary(zones.first_options, f"decide {', '.join(tasks)}", zones.first)
    try:
        decisions: Sequence[Decision] = await (placement or Placement()).decide(
            DecisionActivities.decide, inquiry, queued, tasks
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.warning("no model answered; people decide")
        return [undecided(question, zones.first, "it did not answer") for question in inquiry.questions]
    return await left_for_later(inquiry, await confirmed(inquiry, decisions, zones))


async def left_for_later(inquiry: Inquiry, decisions: list[Decision]) -> list[Decision]:
    """Have a batch job answer what is deferred; the case waits for it."""
    deferred = [place for place, decision in enumerate(decisions) if decision.outcome == "deferred"]
    if not deferred:
        return decisions
    questions = tuple(inquiry.questions[place] for place in deferred)
    later = Inquiry(case_id=inquiry.case_id, step=inquiry.step, questions=questions)
    answers = await workflow.execute_child_workflow(
        ModelBatchWorkflow.run,
        BatchJob(inquiry=later),
        id=effect_key(inquiry.case_id, f"batch/{inquiry.step}"),
        static_summary=f"{len(questions)} questions of {inquiry.case_id} that can wait",
    )
    found = dict(zip(deferred, answers, strict=True))
    return [found.get(place, decision) for place, decision in enumerate(decisions)]
