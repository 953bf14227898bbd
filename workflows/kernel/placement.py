"""Where the steps of one case run: beside its workflow, or on a task queue.

A step beside the workflow is a local activity: it costs the server nothing, and its result stands in
the history once the workflow task ends. Until then the task may be run again from its start. So the
binding rule is kept in `effects.py`: what justifies an effect is in the history before it begins.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Self, TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    RetryState,
    is_cancelled_exception,
)
from temporalio.types import MethodAsyncSingleParam
from temporalio.workflow import ActivityConfig, LocalActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.beside import ELSEWHERE
    from activities.cases import CaseActivities, CaseNote
    from contracts.case import Served
    from contracts.ids import CONTROL_QUEUE, MEMORY_QUEUE, connector_queue
    from workflows.kernel import options

Given = TypeVar("Given")
Result = TypeVar("Result")
Step = MethodAsyncSingleParam[Any, Given, Result]
"""An activity method with one argument."""


PATCH = "records-beside-the-workflow"
"""Cases that opened before there was a placement go on as they began."""


class Unread(ActivityError):
    """An outside system did not say what it was asked, for good or for as long as it is waited for."""

    @classmethod
    def of(cls, error: ActivityError) -> Self:
        """Return the same failure, told apart from one of our own records."""
        return cls(
            error.message,
            scheduled_event_id=error.scheduled_event_id,
            started_event_id=error.started_event_id,
            identity=error.identity,
            activity_type=error.activity_type,
            activity_id=error.activity_id,
            retry_state=error.retry_state,
        )


class Placement:
    """Decides for each step of one case; until `open`, and in cases begun before it, all are queued.

    What the worker's process serves is read once, when the case opens, and stands in the history: a
    replay never depends on the deployment. A later worker that serves less refuses the step
    (`activities/beside.py`), and the queue is asked.
    """

    def __init__(self, served: Served | None = None) -> None:
        """Begin with every step on its queue, or with what an earlier run of the case learnt."""
        self._served = served

    @property
    def served(self) -> Served | None:
        """What is served beside the workflow; None if nobody asked."""
        return self._served

    @property
    def known(self) -> bool:
        """True once the case was opened; false for a case that an earlier version began."""
        return self._served is not None

    @property
    def begun(self) -> tuple[str, ...]:
        """The steps that an earlier run of the case has begun outside."""
        return self._served.begun if self._served else ()

    def serves(self, connector: str) -> bool:
        """Say whether calls to this connector may be tried beside the workflow."""
        return self._served is not None and connector in self._served.connectors

    async def open(self, note: CaseNote) -> None:
        """Write the case's first note, and learn what is served beside it."""
        queued = options.with_summary(options.DATABASE, "open", CONTROL_QUEUE)
        self._served = await beside(CaseActivities.open, note, queued)

    async def record(
        self,
        step: Step[Given, Result],
        given: Given,
        what: str,
        config: ActivityConfig | None = None,
    ) -> Result:
        """Read or write our own records, or ask our own policy; the control role always serves them.

        Args:
            step: the activity.
            given: its argument.
            what: the line for the Web UI.
            config: how long it is tried; as our records are, if it is left out.
        """
        queued = options.with_summary(config or options.DATABASE, what, CONTROL_QUEUE)
        return await self._run(step, given, queued, self.known)

    async def memory(self, step: Step[Given, Result], given: Given, what: str) -> Result:
        """Ask semantic memory."""
        queued = options.with_summary(options.RECALL, what, MEMORY_QUEUE)
        return await self._run(step, given, queued, self._served is not None and self._served.memory)

    async def decide(
        self, step: Step[Given, Result], given: Given, queued: ActivityConfig, tasks: Sequence[str]
    ) -> Result:
        """Ask the models: beside the workflow where a local one is asked first for each of the tasks."""
        local = self._served is not None and set(tasks) <= set(self._served.tasks)
        return await self._run(step, given, queued, local)

    async def read(
        self, step: Step[Given, Result], given: Given, connector: str, what: str, within: timedelta
    ) -> Result:
        """Ask an outside system for so long: one short try beside the workflow, then its queue.

        Raises:
            Unread: it will not say.
        """
        limited: ActivityConfig = {**options.READ, "schedule_to_close_timeout": within}
        queued = options.with_summary(limited, what, connector_queue(connector))
        try:
            return await self._run(step, given, queued, self.serves(connector))
        except ActivityError as error:
            raise Unread.of(error) from error.cause

    async def _run(
        self, step: Step[Given, Result], given: Given, queued: ActivityConfig, local: bool
    ) -> Result:
        if local:
            return await beside(step, given, queued)
        return await workflow.execute_activity_method(step, given, **queued)


async def beside(step: Step[Given, Result], given: Given, queued: ActivityConfig) -> Result:
    """Try a step once beside the workflow; what another try may mend, its queue pursues.

    A local activity that fails raises its error bare; here it gets the `ActivityError` around it that
    a queued one has, so that callers meet one kind of failure.

    Args:
        step: the activity; safe to repeat.
        given: its argument.
        queued: its options on the queue.

    Raises:
        ActivityError: it failed for good, here or on the queue.
    """
    once: LocalActivityConfig = {**options.ONE_TRY, "summary": queued.get("summary")}
    try:
        return await workflow.execute_local_activity_method(step, given, **once)
    except FailureError as failure:
        if is_cancelled_exception(failure):
            raise
        if _is_final(failure):
            raise _as_queued() from failure
        workflow.logger.info("the queue takes over: %s", failure)
    return await workflow.execute_activity_method(step, given, **queued)


def _is_final(failure: FailureError) -> bool:
    if not isinstance(failure, ApplicationError) or failure.type == ELSEWHERE:
        return False
    return failure.non_retryable or failure.type in options.FINAL_ERRORS


def _as_queued() -> ActivityError:
    return ActivityError(
        "the step failed beside the workflow",
        scheduled_event_id=0,
        started_event_id=0,
        identity="",
        activity_type="",
        activity_id="",
        retry_state=RetryState.NON_RETRYABLE_FAILURE,
    )
