"""Every decision, kept with its provenance."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Engine, Executable, bindparam, case, func
from sqlmodel import Session, col, select

from contracts.approvals.request import Approval, ApprovalOutcome, ApprovalRequest
from contracts.decision import RELABELLED, Decision, Question, ReviewItem
from contracts.desk import CustomerText, texts
from memory.authoritative.decision_inputs import DecisionInputs, drop_old_inputs, keep_inputs
from memory.database import dialect_of, insert_for, reading, table_of, writing
from memory.tables.approvals import ApprovalRow
from memory.tables.cases import CaseRow
from memory.tables.decisions import DecisionRow
from memory.tables.episodes import EpisodeRow

DECISIONS = table_of(DecisionRow).c


class Decider(NamedTuple):
    """What one kind of decider did."""

    by: str
    decisions: int
    answered: int


class SqlDecisions:
    """Every decision with its provenance, on the authoritative database."""

    def __init__(self, engine: Engine, inputs: DecisionInputs | None = None) -> None:
        """Take the database, and what says what is kept of questions; without it, nothing is."""
        self._engine = engine
        self._inputs = inputs

    def keep_all(
        self,
        case_id: str,
        decisions: Mapping[str, Decision],
        questions: Mapping[str, Question] | None = None,
        at: datetime | None = None,
    ) -> None:
        """Write decisions in one transaction; a step that is there stays as it was.

        Args:
            case_id: the case.
            decisions: by step.
            questions: what was asked, by step, to be kept for a while.
            at: when they were made; now, if it is left out.
        """
        at = at or datetime.now(UTC)
        answered = [
            (question, decisions[step]) for step, question in (questions or {}).items() if step in decisions
        ]
        inputs = self._inputs.rows(answered, at) if self._inputs else []
        with writing(self._engine) as session:
            keep_decisions(session, case_id, decisions, at)
            keep_inputs(session, inputs)

    def drop_old_inputs(self, now: datetime) -> int:
        """Drop what decisions were made from and was kept long enough; return how much it was."""
        with writing(self._engine) as session:
            return drop_old_inputs(session, now)

    def of_case(self, case_id: str) -> dict[str, Decision]:
        """Return a case's decisions by step, in the order they were made."""
        query = (
            select(DecisionRow)
            .where(col(DecisionRow.case_id) == case_id)
            .order_by(col(DecisionRow.position), col(DecisionRow.step))
        )
        with reading(self._engine) as session:
            return {row.step: Decision.model_validate(row.body) for row in session.exec(query)}

    def cost_microusd(self) -> int:
        """Return what all decisions cost together, in millionths of a US dollar."""
        with reading(self._engine) as session:
            total = session.exec(select(func.sum(col(DecisionRow.cost_microusd)))).one()
        return int(total or 0)

    def deciders(self) -> tuple[Decider, ...]:
        """Return, for each kind of decider, how many decisions are its, and how many it stands by."""
        answered = func.sum(case((col(DecisionRow.outcome) == "answered", 1), else_=0))
        query = (
            select(DecisionRow.decided_by, func.count(), answered)
            .group_by(DecisionRow.decided_by)
            .order_by(DecisionRow.decided_by)
        )
        with reading(self._engine) as session:
            return tuple(Decider(by, count, int(sure)) for by, count, sure in session.exec(query))


def keep_decisions(session: Session, case_id: str, decisions: Mapping[str, Decision], at: datetime) -> None:
    """Write decisions, by step, in a transaction that is already open."""
    rows = [_values(case_id, step, decision) | {"at": at} for step, decision in decisions.items()]
    if rows:
        session.execute(_keep_decision(dialect_of(session)), rows)


def _values(case_id: str, step: str, decision: Decision) -> dict[str, object]:
    provenance = decision.provenance
    return {
        "case_id": case_id,
        "of_case": case_id,
        "step": step,
        "task": decision.task,
        "outcome": decision.outcome,
        "decided_by": provenance.by,
        "name": provenance.name,
        "version": provenance.version,
        "confidence": provenance.confidence,
        "cost_microusd": provenance.cost_microusd,
        "latency_ms": provenance.latency_ms,
        "inputs_hash": provenance.inputs_hash,
        "body": decision.model_dump(mode="json"),
    }


@cache
def _keep_decision(dialect: str) -> Executable:
    """Return the insert of one decision behind its case's others; a step that is there stays as it was."""
    last = select(func.coalesce(func.max(DECISIONS.position), 0) + 1)
    place = last.where(DECISIONS.case_id == bindparam("of_case")).scalar_subquery()
    insert = insert_for(dialect, DecisionRow).values(position=place)
    return insert.on_conflict_do_nothing(index_elements=["case_id", "step"])


OVERRULED = ("rejected", "edited")
CLARIFIED = ApprovalOutcome.CLARIFIED.value
UNDONE = "undone"


class SqlReviewQueue:
    """Reads what people may correct, out of the books."""

    def __init__(self, engine: Engine, customer_text: CustomerText) -> None:
        """Take the database, and which fields of each desk's requests a customer writes."""
        self._engine = engine
        self._customer_text = customer_text

    def doubts(self, task: str, since: datetime, limit: int) -> list[ReviewItem]:
        """Return the task's doubtful decisions of cases opened since a moment, newest first.

        A decision is doubtful if nothing stood by its answer, if a person rejected, narrowed or
        undid what its case was about to do, or if they said that something else is meant.
        """
        query = (
            select(DecisionRow, CaseRow, ApprovalRow)
            .join(CaseRow, col(CaseRow.id) == col(DecisionRow.case_id))
            .outerjoin(ApprovalRow, col(ApprovalRow.case_id) == col(CaseRow.id))
            .where(col(DecisionRow.task) == task, col(CaseRow.opened_at) >= since)
            .order_by(
                col(CaseRow.opened_at).desc(), col(DecisionRow.case_id), col(ApprovalRow.closed_at).desc()
            )
        )
        found: dict[str, ReviewItem] = {}
        with reading(self._engine) as session:
            meant = _meant(session, task, since) | _relabelled(session, task, since)
            for decision, case, approval in session.exec(query):
                label = meant.get(case.id, "")
                why = _why(decision, case, approval) or (
                    CLARIFIED if label not in ("", _guess(decision)) else ""
                )
                said = [case.request.get(name) for name in self._customer_text.get(case.desk, ())]
                text = "\n".join(texts(said))
                if why and case.id not in found and text:
                    found[case.id] = _doubt(decision, text, why, label)
                if len(found) == limit:
                    break
        return list(found.values())


def _why(decision: DecisionRow, case: CaseRow, approval: ApprovalRow | None) -> str:
    if decision.outcome != "answered":
        return decision.outcome
    if case.status == UNDONE:
        return UNDONE
    return approval.status if approval is not None and approval.status in OVERRULED else ""


def _meant(session: Session, task: str, since: datetime) -> dict[str, str]:
    """Return what people said is meant, by case; of several answers the last."""
    query = (
        select(ApprovalRow)
        .join(CaseRow, col(CaseRow.id) == col(ApprovalRow.case_id))
        .where(col(ApprovalRow.status) == CLARIFIED, col(CaseRow.opened_at) >= since)
        .order_by(col(ApprovalRow.closed_at))
    )
    found = {}
    for row in session.exec(query):
        request, end = ApprovalRequest.model_validate(row.request), Approval.model_validate(row.approval)
        asked = next((question.id for question in request.questions if question.task == task), "")
        if picked := end.picked.get(asked):
            found[row.case_id] = picked[0]
    return found


def _relabelled(session: Session, task: str, since: datetime) -> dict[str, str]:
    """Return what people called the text of a case when they handed it on; of several the last."""
    query = (
        select(EpisodeRow.case_id, EpisodeRow.data)
        .join(CaseRow, col(CaseRow.id) == col(EpisodeRow.case_id))
        .where(col(EpisodeRow.kind) == RELABELLED, col(CaseRow.opened_at) >= since)
        .order_by(col(EpisodeRow.position))
    )
    said = [(case_id, json.loads(data)) for case_id, data in session.exec(query)]
    return {case_id: str(data["label"]) for case_id, data in said if data.get("task") == task}


def _guess(decision: DecisionRow) -> str:
    return str((decision.body.get("answer") or {}).get("label", ""))


def _doubt(decision: DecisionRow, text: str, why: str, label: str) -> ReviewItem:
    return ReviewItem(
        case_id=decision.case_id,
        task=decision.task,
        text=text,
        guess=_guess(decision),
        confidence=decision.confidence,
        why=why,
        label=label,
    )
