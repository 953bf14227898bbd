"""A source's dispatcher: takes up what waits, in order for each thing that events are about, then ends."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.events import EventActivities
    from contracts.event import EventsPage
    from workflows.kernel import options


@workflow.defn(name="EventDispatchWorkflow")
class EventDispatchWorkflow:
    """Runs while events of one source wait; whoever keeps a new one starts it, or says `arrived`.

    It has no memory: what waits stands in the books, so that a run may end or begin anew at any time.
    """

    @workflow.init
    def __init__(self, source: str) -> None:
        """Begin with nothing seen."""
        self.news = True
        self.done = 0

    @workflow.run
    async def run(self, source: str) -> int:
        """Take up pages of events until none waits; returns how many this run took up."""
        page = EventsPage()
        while self.news or page.more or page.rest_seconds:
            self.news = False
            page = await workflow.execute_activity_method(
                EventActivities.take_up,
                source,
                **options.with_summary(options.EVENTS, f"events of {source}"),
            )
            self.done += page.handled
            workflow.set_current_details(f"{self.done} events of {source} were taken up")
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(source)
            if page.rest_seconds and not page.more:
                with suppress(asyncio.TimeoutError):
                    rest = timedelta(seconds=page.rest_seconds)
                    await workflow.wait_condition(lambda: self.news, timeout=rest)
        return self.done

    @workflow.signal
    def arrived(self) -> None:
        """Hear that an event was kept."""
        self.news = True
