"""A source that says nothing: what it told of is fetched where it lists it, until it speaks again."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.silence import SilenceActivities
    from contracts.event import MissedPage, MissedQuery, SilenceLook
    from contracts.ids import connector_queue
    from workflows.kernel import options

MOST_PAGES = 500
"""Of one listing; a system that lists without an end is read no further."""


@workflow.defn(name="SourceSilenceWorkflow")
class SourceSilenceWorkflow:
    """Runs while one source is silent; a worker that sees a silence starts it."""

    @workflow.init
    def __init__(self, source: str) -> None:
        """Begin with nothing fetched."""
        self.source = source
        self.kept = 0

    @workflow.run
    async def run(self, source: str) -> int:
        """Look, fetch and wait in turn; returns how many events this run fetched that were missed."""
        while True:
            look = await workflow.execute_activity_method(
                SilenceActivities.look,
                source,
                **options.with_summary(options.DATABASE, f"is {source} silent?"),
            )
            if not look.silent:
                return self.kept
            if look.channel:
                await self.fetch(look)
            await workflow.sleep(timedelta(seconds=look.again_seconds))
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(source)

    async def fetch(self, look: SilenceLook) -> None:
        """Read the source's listing; what does not answer now is asked at the next look."""
        query = MissedQuery(source=self.source, since=look.since)
        for _ in range(MOST_PAGES):
            try:
                page: MissedPage = await workflow.execute_activity_method(
                    SilenceActivities.fetch,
                    query,
                    **options.with_summary(
                        options.LISTING, f"what {self.source} told of", connector_queue(look.channel)
                    ),
                )
            except ActivityError as error:
                workflow.logger.warning("what %s told of was not fetched: %s", self.source, error.cause)
                return
            self.kept += page.kept
            workflow.set_current_details(f"{self.kept} events were fetched that {self.source} did not bring")
            if page.next_cursor in ("", query.cursor):
                return
            query = query.model_copy(update={"cursor": page.next_cursor})
