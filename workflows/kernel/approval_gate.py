"""The approval gate: one line in a desk's story asks people and waits for days, and always ends.

`approval = await self.gate.ask(draft)`. The workflow keeps the time and carries the answers; the
books judge them (`approval.answer`), so that two answers, a reset or a crash still make one end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Literal, NoReturn

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.approvals import rules
    from contracts.approvals.messages import (
        AnswerReply,
        AnswerSubmission,
        ApprovalDraft,
        GateCarry,
        Reminder,
        Withdrawal,
        read_answer,
    )
    from contracts.approvals.request import Answer, AnswerStatus, Approval, ApprovalOutcome, ApprovalRequest
    from contracts.base import content_hash
    from contracts.ids import approval_id
    from workflows.kernel.approval_books import ApprovalBooks, give_up, in_time, unless
    from workflows.kernel.approval_page import show_closed, show_waiting
    from workflows.kernel.case_file import CaseFile
    from workflows.kernel.history import HistoryRoom
    from workflows.kernel.looks import AskedTooOften, Looks
    from workflows.kernel.pauses import PATCH_TRIES
    from workflows.kernel.proving import Proving

Recheck = Callable[[], Awaitable[ApprovalDraft | Withdrawal | None]]
"""Reads the facts again: None if they stand, else what to ask instead, or why nothing is to be asked."""

Moment = tuple[datetime, Literal["remind", "escalate", "deadline", "look"]]

REFUSED = "AnswerRefused"
"""The error type of an update `decide` that its validator refuses."""

MOST_CHANGES = 20
"""How often a question is asked anew because its facts changed; then a person takes the case."""


class ApprovalGate:
    """The gate of one case. Make it in `@workflow.init`, so that no early answer is lost.

    It registers the signals `decide`, `withdraw` and `facts_changed` and the update `decide` on the
    workflow it is made in. Before the workflow returns, call `finish`.

    Attributes:
        request: the request asked last; None before the first.
        rounds: the round of that request; 0 before the first.
        looks: when what the case waits for is looked at again.
        proving: judges the words that the case is told.
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
            carried: what the previous run handed over.
            continue_as_new: called while waiting when the history grows long; it must not return.
            history_limit: events after which that happens; 0 means what is usual.
        """
        carried = carried or GateCarry()
        self.request: ApprovalRequest | None = None
        self.rounds = carried.round_number
        self._file = file
        self._early: list[Answer | str] = list(carried.early)
        self._seen: dict[str, int] = dict(carried.seen)
        self._request_id = carried.request_id
        self._reopening = carried.waiting
        self._continue_as_new = continue_as_new
        self._room = HistoryRoom(history_limit)
        self._in_one_run = False
        self._books = ApprovalBooks(file.opened_at if file else workflow.info().workflow_start_time)
        self._opening: asyncio.Task[None] | None = None
        self._closed: Approval | None = None
        self._level = 0
        self._reminded = False
        self._withdrawal: Withdrawal | None = carried.withdrawal
        self.proving = Proving()
        self.looks = Looks(carried.facts_changed)
        self._first_asked_at = carried.first_asked_at
        self._changes = carried.changes
        workflow.set_signal_handler("decide", self._on_signal)
        workflow.set_update_handler("decide", self._on_update, validator=self._refuse)
        workflow.set_signal_handler("withdraw", self._on_withdraw)
        workflow.set_signal_handler("facts_changed", self._on_facts_changed)

    async def ask(
        self,
        draft: ApprovalDraft | None,
        *,
        recheck: Recheck | None = None,
        recheck_every: timedelta | None = None,
        recheck_at_last: timedelta | None = None,
        in_one_run: bool = False,
    ) -> Approval:
        """Ask, remind, escalate, and return the end; a deadline that passes is `expired`, never yes.

        However often facts change, the deadline counts from when it was first asked.

        Args:
            draft: the question; None for the one that an earlier run of the case has open.
            recheck: reads the facts again, on the signal `facts_changed` and every `recheck_every`;
                without it, changed facts withdraw the question.
            recheck_every: how often; None means only on the signal.
            recheck_at_last: how seldom at last, each interval twice the one before; None keeps it.
            in_one_run: the story cannot be taken up here by another run.

        Raises:
            AskedTooOften: the facts changed so often that a person has to take the case.
        """
        if draft is not None:
            self._first_asked_at, self._changes = None, 0
        self._in_one_run = in_one_run
        self.looks.every(recheck_every if recheck else None, recheck_at_last)
        try:
            while True:
                end = await self._ask_once(draft, recheck)
                if isinstance(end, Approval):
                    return end
                self._changes += 1
                changed = {"round_number": self.rounds + 1, "first_asked_at": self._first_asked_at}
                draft = end.model_copy(update=changed)
        finally:
            self._in_one_run = False

    async def finish(self) -> None:
        """Let every answer get its reply, and record those that came for nothing."""
        self._reopening = False
        while self._early or not workflow.all_handlers_finished():
            while self._early:
                await self._judge("", self._early.pop(0), early=True)
            await workflow.wait_condition(workflow.all_handlers_finished)
        await self._books.finish()

    @property
    def withdrawn(self) -> bool:
        """True if somebody took the case back, and nobody has heeded it yet."""
        return self._withdrawal is not None

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Take the case back while nothing is asked."""
        self._withdrawal = withdrawal

    def take_withdrawal(self) -> Withdrawal | None:
        """Return why somebody took the case back, once; None if nobody did."""
        taken, self._withdrawal = self._withdrawal, None
        return taken

    def go_over(self) -> None:
        """Let another run go on with the case if the history of this one has grown long; then it ends."""
        if self._continue_as_new is not None and self._goes_over():
            self._continue_as_new(self.carry())

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
            round_number=self.rounds,
            first_asked_at=self._first_asked_at,
            changes=self._changes,
            facts_changed=self.looks.wanted,
        )

    async def _ask_once(
        self, draft: ApprovalDraft | None, recheck: Recheck | None
    ) -> Approval | ApprovalDraft:
        asked_before = self.request
        self._opening = opening = asyncio.create_task(self._open(draft))
        try:
            await asyncio.shield(opening)
            if self._closed is None:
                await show_waiting(self._file, self.asked(), self._level)
            end = await self._wait(recheck)
        except (asyncio.CancelledError, ActivityError) as stopped:
            if not is_cancelled_exception(stopped):
                raise
            if opening.cancelling() and (reason := self.take_withdrawal()):
                if self.request is not asked_before:
                    return await self._end(ApprovalOutcome.WITHDRAWN, reason.why)
                asked = (draft.plan.case_id, draft.step, draft.round_number) if draft else None
                never = approval_id(*asked) if asked else self._request_id
                return Approval(request_id=never, outcome=ApprovalOutcome.WITHDRAWN, note=reason.why)
            if not await in_time(opening.done):
                give_up(opening)
            elif self.request is not None:
                await self._end(ApprovalOutcome.WITHDRAWN, "the case was cancelled")
            raise
        if isinstance(end, Approval):
            show_closed(self._file, end)
        return end

    async def _open(self, draft: ApprovalDraft | None) -> None:
        """Put the question into the books, or find it there, and judge the answers that came before it."""
        async with self._books.turn():
            if self._reopening:
                self._room.continued()
            if draft is None:
                opened = await self._books.find(self._request_id)
            else:
                self.rounds = draft.round_number
                opened = await self._books.open(draft)
            self.request, self._closed = opened.request, opened.approval
            self._first_asked_at = self._first_asked_at or opened.request.requested_at
            self._request_id, self._reopening = opened.request.id, False
            self._level, self._reminded = opened.level, opened.reminded
            while self._early:
                await self._judge(self._request_id, self._early.pop(0), early=True)

    async def _wait(self, recheck: Recheck | None) -> Approval | ApprovalDraft:
        self.looks.begin()
        while self._closed is None:
            if reason := self.take_withdrawal():
                return await self._end(ApprovalOutcome.WITHDRAWN, reason.why)
            if self.looks.due:
                self.looks.taken()
                changed = await self._check(recheck)
                if changed is not None:
                    return changed
                continue
            self.go_over()
            moment, what = self._next_moment()
            if await self.quiet_until(moment, self._has_ended, "approval"):
                if what == "look":
                    self.looks.come(moment)
                else:
                    await self._act(what)
        return self._closed

    async def _check(self, recheck: Recheck | None) -> Approval | ApprovalDraft | None:
        """Read the facts again; return the end or the next question, None if nothing changed."""
        try:
            changed: ApprovalDraft | Withdrawal | None = Withdrawal(why="the facts have changed")
            if recheck is not None:
                # Unless the question ends meanwhile: a system that is down holds no end up.
                changed = await unless(self._has_ended, self.asked().deadline, recheck())
        except ActivityError as problem:
            workflow.logger.warning("the facts could not be read again: %s", problem.cause)
            return None
        if changed is None:
            return None
        if isinstance(changed, Withdrawal):
            return await self._end(ApprovalOutcome.WITHDRAWN, changed.why)
        often = self._changed_too_often()
        end = await self._end(ApprovalOutcome.WITHDRAWN, often or "the facts have changed: it is asked anew")
        if end.outcome != ApprovalOutcome.WITHDRAWN:
            return end
        if often:
            raise AskedTooOften(changed.plan, often)
        return changed

    def _changed_too_often(self) -> str:
        """Say that the facts changed as often as a question is asked anew, or nothing."""
        if self._changes < MOST_CHANGES:
            return ""
        known = workflow.patched(f"asked-too-often-{self._changes // PATCH_TRIES}")
        return f"the facts have changed {self._changes + 1} times while people thought" if known else ""

    def _next_moment(self) -> Moment:
        request = self.asked()
        moments: list[Moment] = [(request.deadline, "deadline")]
        if request.remind_at and not self._reminded:
            moments.append((request.remind_at, "remind"))
        if self._level < len(request.escalate_at):
            moments.append((request.escalate_at[self._level], "escalate"))
        if look_at := self.looks.moment():
            moments.append((look_at, "look"))
        return min(moments, key=lambda moment: moment[0])

    async def quiet_until(self, moment: datetime, ended: Callable[[], bool], what: str) -> bool:
        """Wait; return True if the moment came and nothing else happened.

        Args:
            moment: how long at most.
            ended: says whether the wait has another end.
            what: is waited for, in a word for the Web UI.
        """
        left = moment - workflow.now()
        if left <= timedelta(0):
            return True
        wanted = self.looks.wanted

        def something_happened() -> bool:
            news = self.looks.wanted and not wanted
            return ended() or news or self._goes_over()

        try:
            await workflow.wait_condition(something_happened, timeout=left, timeout_summary=what)
        except TimeoutError:
            return True
        return False

    def _has_ended(self) -> bool:
        return self._closed is not None or self._withdrawal is not None

    def _goes_over(self) -> bool:
        """Say whether another run goes on: once every answer has its reply, and the books know every end."""
        may = self._continue_as_new is not None and not self._in_one_run
        return may and workflow.all_handlers_finished() and self._books.told and self._room.used_up

    async def _act(self, what: Literal["remind", "escalate", "deadline"]) -> None:
        if what == "deadline":
            await self._end(ApprovalOutcome.EXPIRED, "nobody answered in time")
        elif what == "remind":
            self._reminded = True
            await self._books.remind(Reminder(request_id=self.asked().id, kind="reminded"))
        else:
            self._level += 1
            await self._books.remind(
                Reminder(request_id=self.asked().id, kind="escalated", level=self._level)
            )
            if self._closed is None:
                await show_waiting(self._file, self.asked(), self._level)

    async def _end(self, outcome: ApprovalOutcome, why: str) -> Approval:
        """Close the request, after the answers that came before."""
        async with self._books.turn_in_time():
            if self._closed is None:
                ended = await self._books.end(self.asked().id, outcome, why)
                self._closed = self._closed or ended
        return self._closed

    async def _on_signal(self, *said: Any) -> None:
        """Take an answer that was sent by hand or by a program that does not wait for the reply."""
        await self._take(read_answer(said[0] if said else None))

    async def _on_update(self, answer: Answer) -> AnswerReply:
        """Take an answer and say what became of it."""
        return await self._take(answer)

    def _refuse(self, answer: Answer) -> None:
        """Refuse, before anything is written into the history, what can never be an answer."""
        request = self.request if self._closed is None else None
        problem = rules.flaw(answer)
        if problem is None and request is not None:
            problem = rules.unfit(request, answer)
        if problem is not None:
            raise ApplicationError(problem, type=REFUSED, non_retryable=True)

    async def _on_withdraw(self, *said: Any) -> None:
        """Take back the question, if it is somebody's word, or our own books differ no more."""
        if (taken := await self.proving.withdrawal(said)) is None:
            return
        self._withdrawal = taken
        opening = self._opening
        if opening is not None and not await in_time(opening.done):
            give_up(opening)

    async def _on_facts_changed(self, *_said: Any) -> None:
        """Look at the facts again."""
        self.looks.wanted = True

    async def _take(self, said: Answer | str) -> AnswerReply:
        if self._reopening:
            await workflow.wait_condition(lambda: not self._reopening)
        async with self._books.turn():
            if not self._request_id:
                self._early.append(said)
                return AnswerReply(standing=AnswerStatus.EARLY, why="nothing is asked yet: it is kept")
            return await self._judge(self._request_id, said, early=False)

    async def _judge(self, request_id: str, said: Answer | str, *, early: bool) -> AnswerReply:
        """Have the books judge an answer; equal answers are numbered, so that a retry is not a second."""
        answer = said if isinstance(said, Answer) else None
        words = "" if isinstance(said, Answer) else said
        key = content_hash(answer.model_dump(mode="json", exclude={"token"}) if answer else {"text": words})
        self._seen[key] = self._seen.get(key, 0) + 1
        submission = AnswerSubmission(
            case_id=workflow.info().workflow_id,
            request_id=request_id,
            answer=answer,
            number=self._seen[key],
            early=early,
            malformed=words,
        )
        reply = await self._books.judge(submission)
        if reply.approval is not None and self._closed is None:
            self._closed = reply.approval
        return reply
