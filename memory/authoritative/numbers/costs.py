"""How long cases and decisions take, and what models cost, against what is declared."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select

from contracts.case import UNDER_WAY
from memory.authoritative.numbers.automation import happened, opened
from memory.authoritative.numbers.moments import seconds_between
from memory.authoritative.numbers.number import Scope
from memory.database import table_of
from memory.tables.cases import CaseRow
from memory.tables.decisions import DecisionRow

CASES, DECISIONS = table_of(CaseRow).c, table_of(DecisionRow).c
MODELS = ("local", "gemini")
MICRO = 1e6


def leads(scope: Scope) -> Select[Any]:
    """Return ended cases, and how long each took."""
    took = seconds_between(CASES.opened_at, CASES.ended_at)
    return select(CASES.desk, CASES.id.label("case_id"), took.label("value")).where(
        opened(scope), CASES.ended_at.is_not(None), CASES.status.not_in(UNDER_WAY)
    )


def costs(scope: Scope) -> Select[Any]:
    """Return ended cases, and what models cost for each in US dollars."""
    microusd = (
        select(func.sum(DECISIONS.cost_microusd)).where(DECISIONS.case_id == CASES.id).scalar_subquery()
    )
    value = func.coalesce(microusd, 0) / MICRO
    return select(CASES.desk, CASES.id.label("case_id"), value.label("value")).where(
        opened(scope), CASES.status.not_in(UNDER_WAY)
    )


def _measured(scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a model made a decision at once, not in a batch job."""
    return and_(
        happened(scope, DECISIONS.at),
        DECISIONS.decided_by.in_(MODELS),
        DECISIONS.latency_ms.is_not(None),
        DECISIONS.step.not_like("%@batch"),
    )


def latencies(scope: Scope) -> Select[Any]:
    """Return decisions by models, and how long each took."""
    return (
        select(DECISIONS.task, DECISIONS.case_id, (DECISIONS.latency_ms / 1000.0).label("value"))
        .join_from(table_of(DecisionRow), table_of(CaseRow), CASES.id == DECISIONS.case_id)
        .where(_measured(scope))
    )


def in_time(scope: Scope) -> Select[Any]:
    """Return decisions by models of tasks with a budget, and whether each kept it."""
    kept: Any = literal(None)
    if scope.latency_budgets_ms:
        kept = case(
            *(
                (and_(DECISIONS.task == task, DECISIONS.latency_ms <= budget), 1)
                for task, budget in scope.latency_budgets_ms.items()
            ),
            else_=0,
        )
    return (
        select(DECISIONS.task, DECISIONS.case_id, kept.label("value"))
        .join_from(table_of(DecisionRow), table_of(CaseRow), CASES.id == DECISIONS.case_id)
        .where(_measured(scope), DECISIONS.task.in_(list(scope.latency_budgets_ms)))
    )
