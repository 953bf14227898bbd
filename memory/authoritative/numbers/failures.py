"""What went wrong, by layer: connectors, models, policy, people, cases."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select, union_all

from contracts.approvals.request import AnswerStatus, ApprovalOutcome
from contracts.case import CaseStatus
from memory.authoritative.numbers.automation import ABOUT_AN_UNDO, happened, opened
from memory.authoritative.numbers.number import Scope
from memory.database import table_of
from memory.tables.approvals import AnswerRow, ApprovalRow
from memory.tables.cases import CaseRow
from memory.tables.decisions import DecisionRow
from memory.tables.ledger import EffectCallRow, EffectRow
from memory.tables.verdicts import VerdictRow

APPROVALS, ANSWERS, CASES = (table_of(model).c for model in (ApprovalRow, AnswerRow, CaseRow))
CALLS, EFFECTS = table_of(EffectCallRow).c, table_of(EffectRow).c
DECISIONS, VERDICTS = table_of(DecisionRow).c, table_of(VerdictRow).c
WENT_WRONG = ("ambiguous", "not-applied-retry", "not-applied-final")
NOBODY_ANSWERED = (ApprovalOutcome.EXPIRED.value, ApprovalOutcome.WITHDRAWN.value)
DID_NOT_COUNT = (AnswerStatus.FOREIGN.value, AnswerStatus.CONFLICTING.value)
ENDED_BADLY = (CaseStatus.FAILED.value, CaseStatus.UNDONE.value)
VERSION_DIGITS = 12


def failures(scope: Scope) -> Select[Any]:
    """Return every failure: its layer, the place there, how it failed."""
    found = union_all(
        _of_connectors(scope), _of_models(scope), _of_policy(scope), _of_requests(scope),
        _of_answers(scope), _of_cases(scope),
    ).subquery("failures")  # fmt: skip
    return select(found.c.layer, found.c.place, found.c.mode, found.c.case_id, found.c.value)


def _failure(layer: str, place: Any, mode: Any, case_id: Any) -> Select[Any]:
    return select(
        literal(layer).label("layer"),
        place.label("place"),
        mode.label("mode"),
        case_id.label("case_id"),
        literal(1).label("value"),
    )


def _within(scope: Scope, moment: Any) -> ColumnElement[bool]:
    return and_(moment >= scope.since, moment < scope.until)


def _of_connectors(scope: Scope) -> Select[Any]:
    place = EFFECTS.connector.concat(".").concat(EFFECTS.operation)
    mode = CALLS.outcome.concat(func.coalesce(literal("/").concat(CALLS.settled_by), ""))
    return (
        _failure("connector", place, mode, EFFECTS.case_id)
        .join_from(table_of(EffectCallRow), table_of(EffectRow), EFFECTS.key == CALLS.effect_key)
        .where(_within(scope, CALLS.started_at), CALLS.outcome.in_(WENT_WRONG))
    )


def _of_models(scope: Scope) -> Select[Any]:
    return (
        _failure("model", DECISIONS.name, DECISIONS.outcome, DECISIONS.case_id)
        .join_from(table_of(DecisionRow), table_of(CaseRow), CASES.id == DECISIONS.case_id)
        .where(happened(scope, DECISIONS.at), DECISIONS.outcome != "answered")
    )


def _of_policy(scope: Scope) -> Select[Any]:
    mode = case(
        (func.json_array_length(VERDICTS.body["errors"]) > 0, "error"),
        (VERDICTS.conflict.is_(True), VERDICTS.outcome.concat("/conflict")),
        else_=VERDICTS.outcome,
    )
    place = func.substr(VERDICTS.policy_version, 1, VERSION_DIGITS)
    return (
        _failure("policy", place, mode, VERDICTS.case_id)
        .join_from(table_of(VerdictRow), table_of(CaseRow), CASES.id == VERDICTS.case_id)
        .where(happened(scope, VERDICTS.at), VERDICTS.outcome != "allow")
    )


def _of_requests(scope: Scope) -> Select[Any]:
    return _failure("people", APPROVALS.desk, APPROVALS.status, APPROVALS.case_id).where(
        _within(scope, APPROVALS.requested_at),
        APPROVALS.status.in_(NOBODY_ANSWERED),
        ABOUT_AN_UNDO.is_(None),
    )


def _of_answers(scope: Scope) -> Select[Any]:
    return (
        _failure("people", func.coalesce(APPROVALS.desk, ""), ANSWERS.standing, ANSWERS.case_id)
        .select_from(table_of(AnswerRow).outerjoin(table_of(ApprovalRow), APPROVALS.id == ANSWERS.request_id))
        .where(_within(scope, ANSWERS.at), ANSWERS.standing.in_(DID_NOT_COUNT))
    )


def _of_cases(scope: Scope) -> Select[Any]:
    return _failure("case", CASES.desk, CASES.status, CASES.id).where(
        opened(scope), CASES.status.in_(ENDED_BADLY)
    )
