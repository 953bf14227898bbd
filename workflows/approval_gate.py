"""The approval gate: one line in a desk's story asks people and waits for days, and always ends.

`approval = await self.gate.ask(asking)`. The workflow keeps the time and carries the answers; the
books judge them (`approval.answer`), so that two answers, a reset or a crash still make one end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Literal, NoReturn, cast

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.approvals import ApprovalActivities
    from contracts import tally
    from contracts.approval import Answer, Approval, ApprovalOutcome, ApprovalRequest, Standing
    from contracts.asking import (
        Asking,
        Ending,
        GateCarry,
        Nudge,
        Opened,
        Reply,
        Submission,
        Withdrawal,
        read_answer,
        read_withdrawal,
    )
    from contracts.canonical import content_hash
    from contracts.case import CaseStatus
    from workflows import options, search_attributes
    from workflows.approval_page import closed_page, waiting_page
    from workflows.case_file import CaseFile

Recheck = Callable[[], Awaitable[Asking | Withdrawal | None]]
"""Reads the facts again: None if they stand, else what to ask instead, or why nothing is to be asked."""

Moment = tuple[datetime, Literal["remind", "escalate", "deadline", "recheck"]]

REFUSED = "AnswerRefused"
"""The error type of an update `decide` that its validator refuses."""


class ApprovalGate:
    """The gate of one case. Make it in `@workflow.init`, so that no early answer is lost.

    It registers the signals `decide`, `withdraw` and `facts_changed` and the update `decide` on the
    workflow it is made in. Before the workflow returns, call `finish`.

    Attributes:
        request: the request asked last; None before the first.
        rounds: the round of that request; 0 before the first.
    """

    def __init__(
        self,
        file: CaseFile | None = None,
        *,
        carried: GateCarry | None = None,
        continue_as_new: Callable[[GateCarry], NoReturn] | None = None,
        history_limit: int = 0,
    ) -> None:
        """Register the handlers.

        Args:
            file: the case's file; it is told that the case waits.
            carried: what the previous run handed over, after a continue-as-new.
            continue_as_new: called while waiting when the history grows long; it must not return.
            history_limit: events after which that happens; 0 leaves it to the server.
        """
        carried = carried or GateCarry()
        self.request: ApprovalRequest | None = None
        self.rounds = 0
        self._file = file
        self._early: list[Answer | str] = list(carried.early)
        self._seen: dict[str, int] = dict(carried.seen)
        self._request_id = carried.request_id
        self._reopening = carried.waiting
        self._continue_as_new = continue_as_new
        self._history_limit = history_limit
        self._lock = asyncio.Lock()
        self._closed: Approval | None = None
        self._level = 0
        self._reminded = False
        self._withdrawal: Withdrawal | None = carried.withdrawal
        self._facts_changed = False
        workflow.set_signal_handler("decide", self._on_signal)
        workflow.set_update_handler("decide", self._on_update, validator=self._refuse)
        workflow.set_signal_handler("withdraw", self._on_withdraw)
        workflow.set_signal_handler("facts_changed", self._on_facts_changed)

    async def ask(
        self, asking: Asking, *, recheck: Recheck | None = None, recheck_every: timedelta | None = None
    ) -> Approval:
        """Ask, remind, escalate, and return the end; a deadline that passes is `expired`, never yes.

        Args:
            asking: the question.
            recheck: reads the facts again, on the signal `facts_changed` and every `recheck_every`;
                without it, changed facts withdraw the question.
            recheck_every: how often; None means only on the signal.
        """
        while True:
            self.rounds = asking.round_number
            end = await self._ask_once(asking, recheck, recheck_every)
            if isinstance(end, Approval):
                return end
            asking = end.model_copy(update={"round_number": asking.round_number + 1})

    async def finish(self) -> None:
        """Let every answer get its reply, and record those that came for nothing."""
        self._reopening = False
        while self._early or not workflow.all_handlers_finished():
            while self._early:
                await self._judge("", self._early.pop(0), early=True)
            await workflow.wait_condition(workflow.all_handlers_finished)

    def asked(self) -> ApprovalRequest:
        """Return the request that was asked last; its plan is what an approval covers."""
        assert self.request is not None, "nothing was asked"
        return self.request

    def carry(self) -> GateCarry:
        """Return what the next run needs after a continue-as-new."""
        return GateCarry(
            early=tuple(self._early),
            seen=dict(self._seen),
            withdrawal=self._withdrawal,
            request_id=self._request_id,
            waiting=self.request is not None and self._closed is None,
        )

    async def _ask_once(
        self, asking: Asking, recheck: Recheck | None, every: timedelta | None
    ) -> Approval | Asking:
        opening = asyncio.create_task(self._open(asking))
        try:
            await asyncio.shield(opening)
            await self._show_waiting()
            end = await self._wait(recheck, every)
        except asyncio.CancelledError:
            await opening
            await self._end(ApprovalOutcome.WITHDRAWN, "the case was cancelled")
            raise
        if isinstance(end, Approval):
            self._show_closed(end)
        return end

    async def _open(self, asking: Asking) -> None:
        """Put the question into the books, and judge the answers that came before it."""
        async with self._lock:
            opened: Opened = await workflow.execute_activity_method(
                ApprovalActivities.open,
                asking,
                **options.told(options.BOOKS, f"ask: {asking.what}"),
            )
            self.request, self._closed = opened.request, opened.approval
            self._request_id, self._reopening = opened.request.id, False
            self._level, self._reminded = opened.level, opened.reminded
            while self._early:
                await self._judge(self._request_id, self._early.pop(0), early=True)

    async def _wait(self, recheck: Recheck | None, every: timedelta | None) -> Approval | Asking:
        check_at = workflow.now() + every if recheck and every else None
        while self._closed is None:
            if self._withdrawal is not None:
                reason, self._withdrawal = self._withdrawal, None
                return await self._end(ApprovalOutcome.WITHDRAWN, reason.why)
            if self._facts_changed:
                self._facts_changed = False
                changed = await self._check(recheck)
                if changed is not None:
                    return changed
                continue
            await self._continue_if_long()
            moment, what = self._next_moment(check_at)
            if await self._quiet_until(moment):
                if what == "recheck":
                    self._facts_changed = True
                    check_at = workflow.now() + every if every else None
                else:
                    await self._act(what)
        return self._closed

    async def _check(self, recheck: Recheck | None) -> Approval | Asking | None:
        """Read the facts again; return the end or the next question, None if nothing changed."""
        try:
            changed = await recheck() if recheck else Withdrawal(why="the facts have changed")
        except ActivityError as problem:
            workflow.logger.warning("the facts could not be read again: %s", problem.cause)
            return None
        if changed is None:
            return None
        if isinstance(changed, Withdrawal):
            return await self._end(ApprovalOutcome.WITHDRAWN, changed.why)
        end = await self._end(ApprovalOutcome.WITHDRAWN, "the facts have changed: it is asked anew")
        return changed if end.outcome == ApprovalOutcome.WITHDRAWN else end

    def _next_moment(self, check_at: datetime | None) -> Moment:
        request = self.asked()
        moments: list[Moment] = [(request.deadline, "deadline")]
        if request.remind_at and not self._reminded:
            moments.append((request.remind_at, "remind"))
        if self._level < len(request.escalate_at):
            moments.append((request.escalate_at[self._level], "escalate"))
        if check_at is not None:
            moments.append((check_at, "recheck"))
        return min(moments, key=lambda moment: moment[0])

    async def _quiet_until(self, moment: datetime) -> bool:
        """Wait; return True if the moment came and nothing else happened."""
        left = moment - workflow.now()
        if left <= timedelta(0):
            return True
        try:
            await workflow.wait_condition(self._something_happened, timeout=left, timeout_summary="approval")
        except TimeoutError:
            return True
        return False

    def _something_happened(self) -> bool:
        return self._closed is not None or self._withdrawal is not None or self._facts_changed

    async def _act(self, what: Literal["remind", "escalate", "deadline"]) -> None:
        if what == "deadline":
            await self._end(ApprovalOutcome.EXPIRED, "nobody answered in time")
        elif what == "remind":
            self._reminded = True
            await self._nudge(Nudge(request_id=self.asked().id, kind="reminded"))
        else:
            self._level += 1
            await self._nudge(Nudge(request_id=self.asked().id, kind="escalated", level=self._level))
            await self._show_waiting()

    async def _nudge(self, nudge: Nudge) -> None:
        await workflow.execute_activity_method(
            ApprovalActivities.nudge, nudge, **options.told(options.BOOKS, nudge.kind)
        )

    async def _end(self, outcome: ApprovalOutcome, why: str) -> Approval:
        """Close the request, after the answers that came before; the books say which end it has."""
        closing = cast("Literal[ApprovalOutcome.EXPIRED, ApprovalOutcome.WITHDRAWN]", outcome)
        async with self._lock:
            if self._closed is None:
                self._closed = await workflow.execute_activity_method(
                    ApprovalActivities.end,
                    Ending(request_id=self.asked().id, outcome=closing, why=why),
                    **options.told(options.BOOKS, f"{outcome.value}: {why}"),
                )
        return self._closed

    async def _continue_if_long(self) -> None:
        info = workflow.info()
        long = info.is_continue_as_new_suggested() or (
            0 < self._history_limit < info.get_current_history_length()
        )
        if long and self._continue_as_new is not None:
            await workflow.wait_condition(workflow.all_handlers_finished)
            if not self._something_happened():
                self._continue_as_new(self.carry())

    async def _on_signal(self, *said: Any) -> None:
        """Take an answer that was sent by hand or by a program that does not wait for the reply."""
        await self._take(read_answer(said[0] if said else None))

    async def _on_update(self, answer: Answer) -> Reply:
        """Take an answer and say what became of it."""
        return await self._take(answer)

    def _refuse(self, answer: Answer) -> None:
        """Refuse, before anything is written into the history, what can never be an answer."""
        request = self.request if self._closed is None else None
        problem = tally.flaw(answer)
        if problem is None and request is not None:
            problem = tally.widening(request, answer) or tally.mismatch(request, answer)
        if problem is not None:
            raise ApplicationError(problem, type=REFUSED, non_retryable=True)

    async def _on_withdraw(self, *said: Any) -> None:
        """Take back the question; it fails closed, so anybody who may signal may do it."""
        self._withdrawal = read_withdrawal(said[0] if said else None)

    async def _on_facts_changed(self, *_said: Any) -> None:
        """Look at the facts again."""
        self._facts_changed = True

    async def _take(self, said: Answer | str) -> Reply:
        if self._reopening:
            await workflow.wait_condition(lambda: not self._reopening)
        async with self._lock:
            if not self._request_id:
                self._early.append(said)
                return Reply(standing=Standing.EARLY, why="nothing is asked yet: it is kept")
            return await self._judge(self._request_id, said, early=False)

    async def _judge(self, request_id: str, said: Answer | str, *, early: bool) -> Reply:
        """Have the books judge an answer; equal answers are numbered, so that a retry is not a second."""
        answer = said if isinstance(said, Answer) else None
        words = "" if isinstance(said, Answer) else said
        key = content_hash(answer.model_dump(mode="json", exclude={"token"}) if answer else {"text": words})
        self._seen[key] = self._seen.get(key, 0) + 1
        submission = Submission(
            case_id=workflow.info().workflow_id,
            request_id=request_id,
            answer=answer,
            number=self._seen[key],
            early=early,
            malformed=words,
        )
        reply: Reply = await workflow.execute_local_activity_method(
            ApprovalActivities.answer, submission, **options.QUICK_BOOKS
        )
        if reply.approval is not None and self._closed is None:
            self._closed = reply.approval
        return reply

    async def _show_waiting(self) -> None:
        """Let the Web UI and the list of cases read that the case waits, for whom, until when."""
        if self._closed is not None:
            return
        request = self.asked()
        waiting_for = request.roles[min(self._level, len(request.roles) - 1)]
        workflow.upsert_search_attributes(
            [
                search_attributes.STATUS.value_set(CaseStatus.WAITING.value),
                search_attributes.WAITING_FOR.value_set(waiting_for),
                search_attributes.DEADLINE.value_set(request.deadline),
            ]
        )
        workflow.set_current_details(waiting_page(request, self._level))
        if self._file is not None and self._file.status != CaseStatus.WAITING:
            await self._file.note(CaseStatus.WAITING, f"approval {request.id}")

    def _show_closed(self, approval: Approval) -> None:
        workflow.upsert_search_attributes(
            [
                search_attributes.STATUS.value_set(CaseStatus.RUNNING.value),
                search_attributes.WAITING_FOR.value_unset(),
                search_attributes.DEADLINE.value_unset(),
            ]
        )
        workflow.set_current_details(closed_page(approval))
        if self._file is not None:
            self._file.by_person = self._file.by_person or bool(approval.answers)
