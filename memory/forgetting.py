"""What else than semantic memory holds a customer's own words: cases, requests for approval, answers."""

from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Engine, delete, func, select
from sqlmodel import Session, col

from contracts.case import CaseStatus
from memory.database import writing
from memory.tables.answers import AnswerRow
from memory.tables.approvals import ApprovalRow
from memory.tables.cases import CaseRow
from memory.tables.decisions import DecisionRow

FORGOTTEN = "[forgotten]"
ENDED = tuple(status.value for status in CaseStatus if status.ended)


class CustomersWords:
    """Satisfies `memory.semantic.Cache`: blanks what a customer wrote, keeps what was done and why.

    Amounts, effects, verdicts and episodes stay: they hold no words of a customer, and the office
    must be able to account for them. A case that is still open keeps its message until it ends.
    """

    def __init__(self, engine: Engine) -> None:
        """Take the database."""
        self._engine = engine

    def forget(self, customer: str, case_ids: Sequence[str]) -> int:
        """Blank the messages of a customer's ended cases, and empty the cache of models' answers.

        An answer's key is a hash: whose words it answers cannot be told, so all of them go.

        Returns:
            How many messages and answers were taken out.
        """
        with writing(self._engine) as session:
            if session.get_bind().dialect.name == "sqlite":
                session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
            cases = session.scalars(
                select(CaseRow).where(
                    (col(CaseRow.customer) == customer) | col(CaseRow.id).in_(list(case_ids)),
                    col(CaseRow.status).in_(ENDED),
                )
            ).all()
            blanked = [case for case in cases if _blank(session, case)]
            answers = session.execute(select(func.count()).select_from(AnswerRow)).scalar_one()
            session.execute(delete(AnswerRow))
        return len(blanked) + int(answers)


def _blank(session: Session, case: CaseRow) -> bool:
    message = case.request.get("message")
    if not message or message == FORGOTTEN:
        return False
    case.request = {**case.request, "message": FORGOTTEN}
    for row in session.scalars(select(ApprovalRow).where(col(ApprovalRow.case_id) == case.id)):
        row.request = _without(row.request, message)
    for decision in session.scalars(select(DecisionRow).where(col(DecisionRow.case_id) == case.id)):
        decision.body = _without(decision.body, message)
    return True


def _without(body: dict[str, Any], message: str) -> dict[str, Any]:
    return {key: _scrubbed(value, message) for key, value in body.items()}


def _scrubbed(value: JsonValue, message: str) -> JsonValue:
    if isinstance(value, str):
        return value.replace(message, FORGOTTEN)
    if isinstance(value, list):
        return [_scrubbed(each, message) for each in value]
    if isinstance(value, dict):
        return {key: _scrubbed(each, message) for key, each in value.items()}
    return value
