"""What nobody can answer now and may wait: handed to a provider as one job, and asked for until it ends."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.model_batches import ModelBatchActivities
    from contracts.decision import Decision
    from contracts.ids import MODELS_QUEUE
    from contracts.model_batch import BatchHarvest, BatchJob, BatchTicket
    from workflows.kernel import options

GROWTH = 1.6
"""Each wait is so many times the one before: an hour's job is found within minutes, in few questions."""


@workflow.defn(name="ModelBatchWorkflow")
class ModelBatchWorkflow:
    """Submits, polls with growing intervals, collects; survives any crash of worker or server."""

    @workflow.run
    async def run(self, job: BatchJob) -> tuple[Decision, ...]:
        """Return a decision for each question, in their order."""
        ticket = await workflow.execute_activity_method(
            ModelBatchActivities.submit,
            job.inquiry,
            **options.with_summary(
                options.BATCH, f"hand {len(job.inquiry.questions)} questions in", MODELS_QUEUE
            ),
        )
        ended = not ticket.job or await self.ended(ticket, job)
        if not ended:
            await self.cancel(ticket)
        return tuple(
            await workflow.execute_activity_method(
                ModelBatchActivities.collect,
                BatchHarvest(inquiry=job.inquiry, ticket=ticket, gave_up=not ended),
                **options.with_summary(options.BATCH, "bring the answers back", MODELS_QUEUE),
            )
        )

    async def ended(self, ticket: BatchTicket, job: BatchJob) -> bool:
        """Wait until the job has ended; False if it takes too long."""
        wait, until = job.first_poll_seconds, workflow.now() + timedelta(seconds=job.give_up_seconds)
        while workflow.now() < until:
            await workflow.sleep(timedelta(seconds=wait), summary="until the next look at the batch job")
            standing = await workflow.execute_activity_method(
                ModelBatchActivities.poll,
                ticket,
                **options.with_summary(options.BATCH, f"how does {ticket.job} stand", MODELS_QUEUE),
            )
            if standing.ended:
                return True
            wait = min(wait * GROWTH, job.longest_poll_seconds)
        return False

    async def cancel(self, ticket: BatchTicket) -> None:
        """Tell the provider that nobody waits any more; what it then does is its own affair."""
        try:
            await workflow.execute_activity_method(
                ModelBatchActivities.cancel,
                ticket,
                **options.with_summary(options.MODEL, f"give {ticket.job} up", MODELS_QUEUE),
            )
        except ActivityError:
            workflow.logger.warning("the provider could not be told that the job is given up")
