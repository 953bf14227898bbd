"""Asking people, and what becomes of their answers: the gate's way into the books.

Whether somebody may answer is decided here, in the data plane: by policy, by delegation, by a
signed link. A workflow cannot vouch for an answer.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.clock import utc_now
from activities.errors import TOO_MANY_QUESTIONS
from activities.ports import Calendar, Manifests
from contracts.approvals.messages import (
    AnswerReply,
    AnswerSubmission,
    ApprovalClosing,
    ApprovalDraft,
    ApprovalOpened,
    Reminder,
)
from contracts.approvals.proof import unproved
from contracts.approvals.request import Answer, Approval, ApprovalRecord
from contracts.approvals.rules import Authority, delegators
from contracts.approvals.token import TokenRefused
from contracts.authorization import why_denied
from contracts.failure import TooManyQuestions
from contracts.proof import BY_LINK, BY_NAME, Shown, shown_by

if TYPE_CHECKING:
    from activities.callers import Callers
    from memory.authoritative.approvals.approvals import SqlApprovals
    from memory.authoritative.approvals.tokens import ApprovalTokens
    from memory.authoritative.people import SqlPeople
    from memory.authoritative.proofs import SqlProofs
    from policy.engine import CedarEngine

NOT_ALLOWED = "policy does not let them answer this"


class ApprovalActivities:
    """Opens requests, judges answers, keeps reminders and ends; each twice is the same as once."""

    def __init__(
        self,
        approvals: "SqlApprovals",
        policy: "CedarEngine",
        tokens: "ApprovalTokens",
        calendar: Calendar,
        outside: Manifests,
        *,
        proofs: "SqlProofs",
        people: "SqlPeople",
        callers: "Callers",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Keep the adapters; `clock` is the data plane's own, never a workflow's."""
        self._approvals = approvals
        self._policy = policy
        self._tokens = tokens
        self._calendar = calendar
        self._outside = outside
        self._proofs = proofs
        self._people = people
        self._callers = callers
        self._clock = clock

    @activity.defn(name="approval.open")
    async def open(self, draft: ApprovalDraft) -> ApprovalOpened:
        """Put a question into the queue with its moments in working time, or find it there."""
        await self._callers.demand(draft.plan.case_id, "ask")
        return await asyncio.to_thread(self._open, draft)

    @activity.defn(name="approval.find")
    async def find(self, request_id: str) -> ApprovalOpened:
        """Return a request that is in the queue, for a case that goes on waiting for it.

        Raises:
            ApplicationError: there is none.
        """
        record = await asyncio.to_thread(self._approvals.find, request_id)
        if record is None:
            raise ApplicationError(f"no request for approval {request_id}", non_retryable=True)
        return ApprovalOpened(
            request=record.request,
            approval=record.approval,
            reminded=record.reminded_at is not None,
            level=record.level,
        )

    @activity.defn(name="approval.answer")
    async def answer(self, submission: AnswerSubmission) -> AnswerReply:
        """Judge an answer by policy, token and what was said before, and keep it."""
        return await asyncio.to_thread(self._answer, submission)

    @activity.defn(name="approval.nudge")
    async def remind(self, reminder: Reminder) -> None:
        """Keep that a reminder was due, or that the next role is asked now."""
        await self._demand_case(reminder.request_id, reminder.kind)
        await asyncio.to_thread(self._approvals.remind, reminder, self._clock())

    @activity.defn(name="approval.end")
    async def end(self, ending: ApprovalClosing) -> Approval:
        """Close a request at its deadline or because it is moot; an end it has already stands."""
        await self._demand_case(ending.request_id, "end")
        return await asyncio.to_thread(self._approvals.end, ending, self._clock())

    async def _demand_case(self, request_id: str, what: str) -> None:
        record = await asyncio.to_thread(self._approvals.find, request_id)
        if record is not None:
            await self._callers.demand(record.request.case_id, what)

    def _open(self, draft: ApprovalDraft) -> ApprovalOpened:
        now = self._clock()
        scheduled, moments = self._calendar.schedule(draft, min(now, draft.first_asked_at or now))
        connectors = {effect.connector: self._version(effect.connector) for effect in draft.plan.effects}
        try:
            return self._approvals.open(scheduled, moments, connectors, now)
        except TooManyQuestions as ended:
            raise ApplicationError(str(ended), type=TOO_MANY_QUESTIONS, non_retryable=True) from None

    def _answer(self, submission: AnswerSubmission) -> AnswerReply:
        now = self._clock()
        record = self._approvals.find(submission.request_id)
        authority = Authority(allowed=False, why="nothing like that was ever asked")
        if record is not None and submission.answer is not None:
            authority = self._authority(record, submission.answer, now)
        return self._approvals.answer(submission, authority, now)

    def _authority(self, record: ApprovalRecord, answer: Answer, now: datetime) -> Authority:
        try:
            token_id = self._tokens.check(answer, record.request, now)
        except TokenRefused as refused:
            return Authority(allowed=False, why=str(refused), on_behalf_of=answer.person)
        # A signed link is proof by itself.
        if token_id is None and (unproved := self._unproved(record, answer, now)):
            return Authority(allowed=False, why=unproved, on_behalf_of=answer.person)
        found = self._right(record, answer.person, now, self._shown(answer, token_id))
        target = answer.delegate_to if answer.choice == "delegate" else None
        if found.allowed and target and (problem := self._unfit(record, target)):
            found = found.model_copy(update={"allowed": False, "why": problem})
        proof_id = answer.proof if token_id is None else ""
        return found.model_copy(update={"token_id": token_id, "proof_id": proof_id or None})

    def _unproved(self, record: ApprovalRecord, answer: Answer, now: datetime) -> str:
        """Say why nobody knows that it was this person; while nobody is enrolled, a name is believed."""
        if not answer.proof and not self._people.anybody():
            return ""
        proof = self._proofs.find(answer.proof) if answer.proof else None
        return unproved(proof, record.request, answer, now)

    def _shown(self, answer: Answer, token_id: str | None) -> Shown:
        if token_id is not None:
            return BY_LINK
        proof = self._proofs.find(answer.proof) if answer.proof else None
        return shown_by(proof) if proof else BY_NAME

    def _right(self, record: ApprovalRecord, person: str, now: datetime, shown: Shown) -> Authority:
        """Say on whose right a person answers: their own, or one that was delegated to them."""
        own = self._policy.may_answer(person, record.request, now, shown)
        if own.outcome == "allow":
            return Authority(allowed=True, on_behalf_of=person, verdict_id=own.id)
        for giver in delegators(record, person):
            lent = self._policy.may_answer(giver, record.request, now, shown)
            if lent.outcome == "allow" and self._unfit(record, person) is None:
                return Authority(
                    allowed=True, why=f"in place of {giver}", on_behalf_of=giver, verdict_id=lent.id
                )
        return Authority(
            allowed=False, why=why_denied([own]) or NOT_ALLOWED, on_behalf_of=person, verdict_id=own.id
        )

    def _unfit(self, record: ApprovalRecord, person: str) -> str | None:
        if person == record.request.asked_by:
            return f"{person} made this request: it cannot be theirs to answer"
        return None if self._policy.on_staff(person) else f"nobody named {person} is on the staff"

    def _version(self, connector: str) -> str:
        try:
            return self._outside.manifest(connector).connector_version
        except KeyError:
            return ""
