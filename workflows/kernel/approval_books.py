"""The gate's calls to the books. They may be silent: what must act then waits a while, and not for ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar, cast

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.approvals import ApprovalActivities
    from activities.errors import TOO_MANY_QUESTIONS
    from contracts.approvals.messages import (
        AnswerReply,
        AnswerSubmission,
        ApprovalClosing,
        ApprovalDraft,
        ApprovalOpened,
        Reminder,
    )
    from contracts.approvals.request import AnswerStatus, Approval, ApprovalOutcome
    from workflows.kernel import options
    from workflows.kernel.looks import AskedTooOften
    from workflows.kernel.placement import beside

Read = TypeVar("Read")

PATCH = "acts-although-the-books-are-silent"
"""Asked only where something hangs: a case that an earlier version parked goes on as it began."""
ENDS_FIRST = "an-end-is-told-before-answers-are-judged"
"""Asked only where the books were not told of an end in time."""


class ApprovalBooks:
    """Asks the books for one case, one thing after the other, so that the first valid answer wins.

    Who opens or judges waits as long as our records are written at all (`options.DATABASE`). Who ends or
    reminds waits for `options.PROMPT`: a question that nobody may answer any more fails closed, whatever
    the books say later.
    """

    def __init__(self, begun_at: datetime) -> None:
        """Begin with nothing under way.

        Args:
            begun_at: when the case began, in the first of the runs that go on with each other.
        """
        self._begun_at = begun_at
        self._lock = asyncio.Lock()
        self._late: list[asyncio.Task[Approval]] = []
        self._first: asyncio.Task[Approval] | None = None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for what was begun before, without limit."""
        async with self._lock:
            # The case has gone on by that end: an answer that books without it take would be a promise.
            if self._first is not None:
                await workflow.wait_condition(self._first.done)
            yield

    @asynccontextmanager
    async def turn_in_time(self) -> AsyncIterator[None]:
        """Wait for what was begun before, for a while; then go on beside it: the books make one end of it."""
        if not self._lock.locked() or not workflow.patched(PATCH):
            async with self._lock:
                yield
            return
        try:
            async with asyncio.timeout(options.BOOKS_PATIENCE.total_seconds()):
                await self._lock.acquire()
        except TimeoutError:
            yield
            return
        try:
            yield
        finally:
            self._lock.release()

    async def open(self, draft: ApprovalDraft) -> ApprovalOpened:
        """Put a question into the books.

        Raises:
            AskedTooOften: its step has asked about too many other things.
        """
        told = options.with_summary(options.DATABASE, f"ask: {draft.what}")
        draft = draft.model_copy(update={"begun_at": self._begun_at})
        try:
            return await workflow.execute_activity_method(ApprovalActivities.open, draft, **told)
        except ActivityError as refused:
            if isinstance(refused.cause, ApplicationError) and refused.cause.type == TOO_MANY_QUESTIONS:
                raise AskedTooOften(draft.plan, refused.cause.message) from refused
            raise

    async def find(self, request_id: str) -> ApprovalOpened:
        """Find the question that an earlier run of the case has open."""
        told = options.with_summary(options.DATABASE, f"goes on waiting for {request_id}")
        return await workflow.execute_activity_method(ApprovalActivities.find, request_id, **told)

    async def judge(self, submission: AnswerSubmission) -> AnswerReply:
        """Have an answer judged; one that the books cannot take at all is said to be none."""
        queued = options.with_summary(options.DATABASE, "judge an answer")
        try:
            return await beside(ApprovalActivities.answer, submission, queued)
        except ActivityError as refused:
            if is_cancelled_exception(refused):
                raise
            workflow.logger.warning("an answer cannot be kept: %s", refused.cause)
        why = "our records cannot keep this answer, and it does not count: give it again in plain words"
        return AnswerReply(standing=AnswerStatus.MALFORMED, why=why, request_id=submission.request_id)

    async def remind(self, reminder: Reminder) -> None:
        """Keep that a reminder was due; the next one says it again, should this one not be kept."""
        try:
            await workflow.execute_activity_method(
                ApprovalActivities.remind, reminder, **options.with_summary(options.PROMPT, reminder.kind)
            )
        except ActivityError as silent:
            if is_cancelled_exception(silent):
                raise
            workflow.logger.warning("a reminder was not kept: %s", silent.cause)

    async def end(self, request_id: str, outcome: ApprovalOutcome, why: str) -> Approval:
        """Close a request; the books say which end it has.

        When they do not say it in time, it has ended as it was to end, and they are told later.
        """
        closing = ApprovalClosing(
            request_id=request_id,
            outcome=cast("Literal[ApprovalOutcome.EXPIRED, ApprovalOutcome.WITHDRAWN]", outcome),
            why=why,
        )
        summary = f"{outcome.value}: {why}"
        try:
            return await workflow.execute_activity_method(
                ApprovalActivities.end, closing, **options.with_summary(options.PROMPT, summary)
            )
        except ActivityError as silent:
            if is_cancelled_exception(silent):
                raise
            workflow.logger.warning("the books do not answer: %s", silent.cause)
        first = workflow.patched(ENDS_FIRST)
        task = asyncio.create_task(
            self._tell(closing, summary) if first else self._tell_in_turn(closing, summary)
        )
        self._late.append(task)
        self._first = task if first else None
        return Approval(request_id=request_id, outcome=outcome, note=why)

    @property
    def told(self) -> bool:
        """True if the books know every end there was."""
        return all(each.done() for each in self._late)

    async def finish(self) -> None:
        """Wait until the books know every end; what they cannot take, the reconciler brings to them."""
        while self._late:
            try:
                await self._late.pop()
            except ActivityError as silent:
                if is_cancelled_exception(silent):
                    raise
                workflow.logger.warning("the books were not told of an end: %s", silent.cause)

    async def _tell_in_turn(self, closing: ApprovalClosing, summary: str) -> Approval:
        async with self._lock:
            return await self._tell(closing, summary)

    async def _tell(self, closing: ApprovalClosing, summary: str) -> Approval:
        return await workflow.execute_activity_method(
            ApprovalActivities.end, closing, **options.with_summary(options.DATABASE, summary)
        )


async def in_time(happened: Callable[[], bool]) -> bool:
    """Wait a while for what may hang with the books; returns whether it came."""
    if happened():
        return True
    if not workflow.patched(PATCH):
        await workflow.wait_condition(happened)
        return True
    try:
        await workflow.wait_condition(happened, timeout=options.BOOKS_PATIENCE)
    except TimeoutError:
        return False
    return True


async def unless(moot: Callable[[], bool], deadline: datetime, reading: Awaitable[Read]) -> Read | None:
    """Wait for a reading of what may be down, until it is moot; returns None if it is not read by then.

    Args:
        moot: says that nobody needs it any more.
        deadline: when nobody needs it any more, whatever happens.
        reading: what is read; it is cancelled if it does not come.
    """
    if not workflow.patched(PATCH):
        return await reading
    task = asyncio.ensure_future(reading)
    left = max(deadline - workflow.now(), timedelta(0))
    try:
        await workflow.wait_condition(lambda: task.done() or moot(), timeout=left)
    except TimeoutError:
        pass
    finally:
        if not task.done():
            give_up(task)
    return task.result() if task.done() else None


def give_up(task: asyncio.Future[Any]) -> None:
    """Cancel what nobody waits for any more, whatever comes of it."""
    task.add_done_callback(lambda late: late.cancelled() or late.exception())
    task.cancel()
