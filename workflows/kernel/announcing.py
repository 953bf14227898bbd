"""Telling one subscription what it is due: page by page, then resting until the next try, then ending."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.announcing import AnnouncingActivities
    from contracts.subscription import AnnouncedPage
    from workflows.kernel import options


@workflow.defn(name="AnnouncingWorkflow")
class AnnouncingWorkflow:
    """Runs while something waits for one subscription, over days where its receiver is away.

    It has no memory: what waits stands in the books, so that a run may end or begin anew at any time.
    """

    @workflow.init
    def __init__(self, subscription: str) -> None:
        """Begin with nothing told."""
        self.news = True
        self.tried = 0

    @workflow.run
    async def run(self, subscription: str) -> int:
        """Tell what is due until nothing waits; returns how many tries this run made."""
        page = AnnouncedPage()
        while self.news or page.more or page.rest_seconds:
            self.news = False
            page = await workflow.execute_activity_method(
                AnnouncingActivities.announce,
                subscription,
                **options.with_summary(options.EVENTS, f"what {subscription} is due"),
            )
            self.tried += page.tried
            workflow.set_current_details(f"{self.tried} tries to tell {subscription}")
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(subscription)
            if page.rest_seconds and not page.more:
                with suppress(asyncio.TimeoutError):
                    rest = timedelta(seconds=page.rest_seconds)
                    await workflow.wait_condition(lambda: self.news, timeout=rest)
        return self.tried

    @workflow.signal
    def arrived(self) -> None:
        """Hear that something is due."""
        self.news = True
