"""What the machine decided alone, and what became of it."""

from typing import Any

from sqlalchemy import CompoundSelect, Select, and_, case, func, literal, or_, select, union
from sqlalchemy.orm import aliased

from contracts.approvals.request import ApprovalOutcome
from contracts.case import UNDER_WAY, CaseStatus
from contracts.effect import EffectState
from contracts.reconciliation.divergence import DESK as BOOKS
from memory.authoritative.numbers.moments import seconds_between
from memory.authoritative.numbers.number import Scope
from memory.authoritative.reconciliation import divergences
from memory.database import table_of
from memory.tables.approvals import ApprovalRow
from memory.tables.cases import CaseRow
from memory.tables.divergences import DivergenceRow
from memory.tables.ledger import EffectRow, PermitRow
from memory.tables.verdicts import VerdictRow

APPROVALS, CASES, DIVERGENCES = (table_of(model).c for model in (ApprovalRow, CaseRow, DivergenceRow))
EFFECTS, PERMITS, VERDICTS = (table_of(model).c for model in (EffectRow, PermitRow, VerdictRow))
OVER_WITHOUT_A_PERSON = (CaseStatus.SETTLED.value, CaseStatus.DENIED.value)
ABOUT_AN_UNDO = APPROVALS.request[("plan", "facts", "because")].as_string()
ANSWERED = tuple(
    outcome.value for outcome in (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED, ApprovalOutcome.REJECTED)
)


def opened(scope: Scope) -> Any:
    """Return the condition that a case was opened in time and is a desk's, not the books' own."""
    return and_(CASES.opened_at >= scope.since, CASES.opened_at < scope.until, CASES.desk != BOOKS)


def asked() -> Any:
    """Return the cases of which people were ever asked, but about undoing something."""
    return select(APPROVALS.case_id).where(ABOUT_AN_UNDO.is_(None)).distinct().subquery("asked")


def automated(scope: Scope) -> Select[Any]:
    """Return all cases, and whether each ended without a person."""
    people = asked()
    alone = and_(
        people.c.case_id.is_(None), CASES.by_person.is_(False), CASES.status.in_(OVER_WITHOUT_A_PERSON)
    )
    cases = table_of(CaseRow).outerjoin(people, people.c.case_id == CASES.id)
    return (
        select(CASES.desk, CASES.id.label("case_id"), case((alone, 1), else_=0).label("value"))
        .select_from(cases)
        .where(opened(scope))
    )


def _ran_alone(scope: Scope) -> Any:
    """Return the cases that began an effect on the policy's word alone, with the first one's moment."""
    people = asked()
    return (
        select(CASES.desk, CASES.id, CASES.status, func.min(EFFECTS.intended_at).label("at"))
        .select_from(table_of(EffectRow))
        .join(table_of(PermitRow), PERMITS.id == EFFECTS.permit_id)
        .join(table_of(VerdictRow), VERDICTS.id == PERMITS.basis)
        .join(table_of(CaseRow), CASES.id == EFFECTS.case_id)
        .outerjoin(people, people.c.case_id == CASES.id)
        .where(opened(scope), EFFECTS.compensates.is_(None), people.c.case_id.is_(None))
        .group_by(CASES.desk, CASES.id, CASES.status)
        .subquery("ran_alone")
    )


def _reversed(scope: Scope) -> Select[Any]:
    """Return the cases of which a person took an effect back in time."""
    undo, done = (aliased(table_of(EffectRow), name=name) for name in ("undo", "done"))
    by_policy = VERDICTS.body[("facts", "because")].as_string()
    began = func.coalesce(done.c.sent_at, done.c.intended_at)
    return (
        select(undo.c.case_id.label("case_id"))
        .join(done, done.c.key == undo.c.compensates)
        .join(table_of(PermitRow), PERMITS.id == undo.c.permit_id)
        .outerjoin(table_of(VerdictRow), VERDICTS.id == PERMITS.basis)
        .outerjoin(table_of(ApprovalRow), APPROVALS.id == PERMITS.basis)
        .where(
            undo.c.state == EffectState.APPLIED.value,
            func.coalesce(by_policy, ABOUT_AN_UNDO) == "person",
            seconds_between(began, undo.c.intended_at) <= scope.undo_within.total_seconds(),
        )
    )


def _wrong(scope: Scope) -> CompoundSelect[Any]:
    """Return the cases that were wrong: taken back by a person, or not what the outside world says."""
    standing = (divergences.OPEN, divergences.CASE, divergences.CLOSED)
    diverged = select(DIVERGENCES.effect_case.label("case_id")).where(
        DIVERGENCES.effect_case != "", DIVERGENCES.standing.in_(standing)
    )
    return union(_reversed(scope), diverged)


def accurate(scope: Scope) -> Select[Any]:
    """Return the cases that ran alone, and whether each was right; null while it may still be undone."""
    alone, wrong = _ran_alone(scope), _wrong(scope).subquery("wrong")
    mature = or_(alone.c.at <= scope.now - scope.undo_within, wrong.c.case_id.is_not(None))
    ended = alone.c.status.not_in(UNDER_WAY)
    right = case((wrong.c.case_id.is_not(None), 0), else_=1)
    return select(
        alone.c.desk, alone.c.id.label("case_id"), case((and_(mature, ended), right)).label("value")
    ).select_from(alone.outerjoin(wrong, wrong.c.case_id == alone.c.id))


def reversals(scope: Scope) -> Select[Any]:
    """Return the cases that ran alone, and whether a person took each back."""
    alone, back = _ran_alone(scope), _reversed(scope).distinct().subquery("back")
    taken = case((back.c.case_id.is_not(None), 1), else_=0)
    return select(alone.c.desk, alone.c.id.label("case_id"), taken.label("value")).select_from(
        alone.outerjoin(back, back.c.case_id == alone.c.id)
    )


def disagreements(scope: Scope) -> Select[Any]:
    """Return what was proposed, alone or to people, and whether people changed, refused or took it back."""
    back = _reversed(scope).distinct().subquery("taken_back")
    agreed = and_(APPROVALS.status != ApprovalOutcome.REJECTED.value, back.c.case_id.is_not(None))
    changed = APPROVALS.status.in_((ApprovalOutcome.EDITED.value, ApprovalOutcome.REJECTED.value))
    judged = (
        select(
            APPROVALS.desk,
            APPROVALS.case_id,
            case((or_(changed, agreed), 1), else_=literal(0)).label("value"),
        )
        .select_from(table_of(ApprovalRow).outerjoin(back, back.c.case_id == APPROVALS.case_id))
        .where(
            APPROVALS.requested_at >= scope.since,
            APPROVALS.requested_at < scope.until,
            ABOUT_AN_UNDO.is_(None),
            APPROVALS.status.in_(ANSWERED),
        )
    )
    both = judged.union_all(reversals(scope)).subquery("proposed")
    return select(both.c.desk, both.c.case_id, both.c.value)
