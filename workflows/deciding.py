"""One line in a desk's story: `decisions = await decide(inquiry)`.

Behind it: critical answers need a second zone's, what may wait goes to a batch job, and when the models
do not answer at all, nothing is decided and a person is asked.
"""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.decisions import DecisionActivities
    from contracts.decision import Decision, Inquiry, undecided
    from contracts.ids import effect_key
    from contracts.model_batch import BatchJob
    from workflows import options
    from workflows.model_batch import ModelBatchWorkflow
    from workflows.two_zones import ZONES, Zones, confirmed


async def decide(inquiry: Inquiry, zones: Zones = ZONES) -> list[Decision]:
    """Return a decision for each question, in their order.

    Args:
        inquiry: the questions.
        zones: who is asked, and who is asked again where the task is critical.
    """
    tasks = ", ".join(question.task for question in inquiry.questions)
    try:
        decisions: Sequence[Decision] = await workflow.execute_activity_method(
            DecisionActivities.decide,
            inquiry,
            **options.told(zones.first_options, f"decide {tasks}", zones.first),
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
