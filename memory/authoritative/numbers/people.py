"""What people answered, how long it took them, and how long they worked."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from contracts.approvals.request import ApprovalOutcome
from memory.authoritative.numbers.automation import ABOUT_AN_UNDO, ANSWERED, opened
from memory.authoritative.numbers.moments import seconds_between
from memory.authoritative.numbers.number import Scope
from memory.database import table_of
from memory.tables.approvals import WAITING, AnswerRow, ApprovalRow, AttentionRow
from memory.tables.cases import CaseRow

APPROVALS, ANSWERS = table_of(ApprovalRow).c, table_of(AnswerRow).c
LOOKS, CASES = table_of(AttentionRow).c, table_of(CaseRow).c
IDLE_SECONDS = 300
"""A look that lasts longer is not work any more."""


def _asked(scope: Scope) -> ColumnElement[bool]:
    return and_(
        APPROVALS.requested_at >= scope.since,
        APPROVALS.requested_at < scope.until,
        ABOUT_AN_UNDO.is_(None),
    )


def _ended_as(scope: Scope, outcome: ApprovalOutcome, among: tuple[str, ...]) -> Select[Any]:
    """Return requests with one of these ends, and whether it is this one; null while it waits."""
    hit = case((APPROVALS.status == WAITING, None), (APPROVALS.status == outcome.value, 1), else_=0)
    return select(APPROVALS.desk, APPROVALS.case_id, hit.label("value")).where(
        _asked(scope), APPROVALS.status.in_((WAITING, *among))
    )


def edits(scope: Scope) -> Select[Any]:
    """Return answered requests, and whether each was narrowed."""
    return _ended_as(scope, ApprovalOutcome.EDITED, ANSWERED)


def rejections(scope: Scope) -> Select[Any]:
    """Return answered requests, and whether each was rejected."""
    return _ended_as(scope, ApprovalOutcome.REJECTED, ANSWERED)


def lapses(scope: Scope) -> Select[Any]:
    """Return requests, and whether nobody answered each in time."""
    return _ended_as(scope, ApprovalOutcome.EXPIRED, tuple(ApprovalOutcome))


def withdrawals(scope: Scope) -> Select[Any]:
    """Return requests, and whether each became moot."""
    return _ended_as(scope, ApprovalOutcome.WITHDRAWN, tuple(ApprovalOutcome))


def cuts(scope: Scope) -> Select[Any]:
    """Return narrowed requests, and by how much each was."""
    cut = APPROVALS.amount_cents - func.coalesce(APPROVALS.agreed_cents, 0)
    return select(APPROVALS.desk, APPROVALS.currency, APPROVALS.case_id, cut.label("value")).where(
        _asked(scope), APPROVALS.status == ApprovalOutcome.EDITED.value
    )


def waits(scope: Scope) -> Select[Any]:
    """Return answered requests, and how long each waited."""
    waited = seconds_between(APPROVALS.requested_at, APPROVALS.closed_at)
    return select(APPROVALS.desk, APPROVALS.case_id, waited.label("value")).where(
        _asked(scope), APPROVALS.status.in_(ANSWERED), APPROVALS.closed_at.is_not(None)
    )


def handling(scope: Scope) -> Select[Any]:
    """Return all cases, and how long people worked on each: mostly not at all."""
    answered = (
        select(func.min(ANSWERS.at))
        .where(
            ANSWERS.request_id == LOOKS.request_id,
            ANSWERS.person == LOOKS.person,
            ANSWERS.at >= LOOKS.shown_at,
        )
        .scalar_subquery()
    )
    passed = seconds_between(LOOKS.shown_at, func.coalesce(LOOKS.left_at, answered))
    seconds = func.coalesce(LOOKS.visible_seconds, passed, 0.0)
    capped = case((seconds > IDLE_SECONDS, float(IDLE_SECONDS)), else_=seconds)
    work = (
        select(func.sum(capped))
        .select_from(table_of(ApprovalRow))
        .join(table_of(AttentionRow), LOOKS.request_id == APPROVALS.id)
        .where(APPROVALS.case_id == CASES.id)
        .correlate(table_of(CaseRow))
        .scalar_subquery()
    )
    worked = func.coalesce(work, 0.0)
    return select(CASES.desk, CASES.id.label("case_id"), worked.label("value")).where(opened(scope))
