"""Decisions that a model was unsure of, or whose case people took another way."""

from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import col, select

from contracts.doubt import Doubt
from memory.database import reading
from memory.tables.approvals import ApprovalRow
from memory.tables.cases import CaseRow
from memory.tables.decisions import DecisionRow

OVERRULED = ("rejected", "edited")
UNDONE = "undone"


class SqlDoubts:
    """Reads what people may correct, out of the books."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def doubts(self, task: str, since: datetime, limit: int) -> list[Doubt]:
        """Return the task's doubtful decisions of cases opened since a moment, newest first.

        A decision is doubtful if nothing stood by its answer, or if a person rejected, narrowed or
        undid what its case was about to do.
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
        found: dict[str, Doubt] = {}
        with reading(self._engine) as session:
            for decision, case, approval in session.exec(query):
                why = _why(decision, case, approval)
                if why and case.id not in found and (text := str(case.request.get("message", ""))):
                    found[case.id] = _doubt(decision, text, why)
                if len(found) == limit:
                    break
        return list(found.values())


def _why(decision: DecisionRow, case: CaseRow, approval: ApprovalRow | None) -> str:
    if decision.outcome != "answered":
        return decision.outcome
    if case.status == UNDONE:
        return UNDONE
    return approval.status if approval is not None and approval.status in OVERRULED else ""


def _doubt(decision: DecisionRow, text: str, why: str) -> Doubt:
    answer = decision.body.get("answer") or {}
    return Doubt(
        case_id=decision.case_id,
        task=decision.task,
        text=text,
        guess=str(answer.get("label", "")),
        confidence=decision.confidence,
        why=why,
    )
