"""What the machine decided alone, and what became of it."""

from typing import Any

from sqlalchemy import Exists, Select, and_, case, exists, func, literal, or_, select
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
BECAUSE = ("plan", "facts", "because")
ABOUT_AN_UNDO = APPROVALS.request[BECAUSE].as_string()
STANDING = (divergences.OPEN, divergences.CASE, divergences.CLOSED)
ANSWERED = tuple(
    outcome.value for outcome in (ApprovalOutcome.APPROVED, ApprovalOutcome.EDITED, ApprovalOutcome.REJECTED)
)


def opened(scope: Scope) -> Any:
    """Return the condition that a case was opened in time and is a desk's, not the books' own."""
    return and_(CASES.opened_at >= scope.since, CASES.opened_at < scope.until, CASES.desk != BOOKS)


def happened(scope: Scope, moment: Any) -> Any:
    """Return the condition that something of a case happened in time; by its case's opening if none knows.

    Both halves are of ranges that an index holds; `coalesce` would have every row read.
    """
    in_time = and_(moment >= scope.since, moment < scope.until)
    return or_(
        in_time,
        and_(moment.is_(None), CASES.opened_at >= scope.since, CASES.opened_at < scope.until),
    )


def asked() -> Any:
    """Return the condition that people were ever asked of a case, but about undoing something."""
    return exists().where(APPROVALS.case_id == CASES.id, ABOUT_AN_UNDO.is_(None))


def automated(scope: Scope) -> Select[Any]:
    """Return all cases, and whether each ended without a person."""
    alone = and_(CASES.by_person.is_(False), CASES.status.in_(OVER_WITHOUT_A_PERSON), ~asked())
    return select(CASES.desk, CASES.id.label("case_id"), case((alone, 1), else_=0).label("value")).where(
        opened(scope)
    )


def _ran_alone(scope: Scope) -> Any:
    """Return the cases that began an effect on the policy's word alone, with the first one's moment."""
    # Not `is null`: SQLite takes the unique index for the way to few rows, and reads nearly all.
    undoes_nothing = func.coalesce(EFFECTS.compensates, "") == ""
    return (
        select(CASES.desk, CASES.id, CASES.status, func.min(EFFECTS.intended_at).label("at"))
        .select_from(table_of(CaseRow))
        .join(table_of(EffectRow), EFFECTS.case_id == CASES.id)
        .join(table_of(PermitRow), PERMITS.id == EFFECTS.permit_id)
        .join(table_of(VerdictRow), VERDICTS.id == PERMITS.basis)
        .where(opened(scope), undoes_nothing, ~asked())
        .group_by(CASES.desk, CASES.id, CASES.status)
        .subquery("ran_alone")
    )


def _reversed(scope: Scope, case_id: Any) -> Exists:
    """Return the condition that a person took an effect of a case back in time."""
    undo, done = (aliased(table_of(EffectRow), name=name) for name in ("undo", "done"))
    permit, verdict, approval = (
        aliased(table_of(model), name=f"undo_{name}")
        for model, name in ((PermitRow, "permit"), (VerdictRow, "verdict"), (ApprovalRow, "approval"))
    )
    by_policy = verdict.c.body[("facts", "because")].as_string()
    by_people = approval.c.request[BECAUSE].as_string()
    began = func.coalesce(done.c.sent_at, done.c.intended_at)
    return (
        select(undo.c.key)
        .join(done, done.c.key == undo.c.compensates)
        .join(permit, permit.c.id == undo.c.permit_id)
        .outerjoin(verdict, verdict.c.id == permit.c.basis)
        .outerjoin(approval, approval.c.id == permit.c.basis)
        .where(
            undo.c.case_id == case_id,
            undo.c.state == EffectState.APPLIED.value,
            func.coalesce(by_policy, by_people) == "person",
            seconds_between(began, undo.c.intended_at) <= scope.undo_within.total_seconds(),
        )
        .exists()
    )


def _wrong(scope: Scope, case_id: Any) -> Any:
    """Return the condition that a case was taken back by a person, or is not what the world outside says."""
    diverged = exists().where(
        DIVERGENCES.effect_case == case_id, DIVERGENCES.effect_case != "", DIVERGENCES.standing.in_(STANDING)
    )
    return or_(diverged, _reversed(scope, case_id))


def accurate(scope: Scope) -> Select[Any]:
    """Return the cases that ran alone, and whether each was right; null while it may still be undone."""
    alone = _ran_alone(scope)
    wrong, old = _wrong(scope, alone.c.id), alone.c.at <= scope.now - scope.undo_within
    value = case((alone.c.status.in_(UNDER_WAY), None), (wrong, 0), (old, 1))
    return select(alone.c.desk, alone.c.id.label("case_id"), value.label("value"))


def reversals(scope: Scope) -> Select[Any]:
    """Return the cases that ran alone, and whether a person took each back."""
    alone = _ran_alone(scope)
    taken = case((_reversed(scope, alone.c.id), 1), else_=0)
    return select(alone.c.desk, alone.c.id.label("case_id"), taken.label("value"))


def disagreements(scope: Scope) -> Select[Any]:
    """Return what was proposed, alone or to people, and whether people changed, refused or took it back."""
    changed = APPROVALS.status.in_((ApprovalOutcome.EDITED.value, ApprovalOutcome.REJECTED.value))
    taken_back = _reversed(scope, APPROVALS.case_id)
    judged = select(
        APPROVALS.desk,
        APPROVALS.case_id,
        case((changed, 1), (taken_back, 1), else_=literal(0)).label("value"),
    ).where(
        APPROVALS.requested_at >= scope.since,
        APPROVALS.requested_at < scope.until,
        ABOUT_AN_UNDO.is_(None),
        APPROVALS.status.in_(ANSWERED),
    )
    both = judged.union_all(reversals(scope)).subquery("proposed")
    return select(both.c.desk, both.c.case_id, both.c.value)
