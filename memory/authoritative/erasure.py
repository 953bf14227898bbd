"""What else than semantic memory holds a customer's own words: cases, requests for approval, answers."""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import delete, func, select, update
from sqlmodel import col

from contracts.case import CaseStatus
from contracts.desk import KeptFields, texts, to_forget
from memory.authoritative.conversations import forget_turns
from memory.authoritative.decision_inputs import forget_inputs
from memory.authoritative.mails.erasure import empty_mails
from memory.episodic.journal import Books, Journal
from memory.tables.answers import AnswerRow
from memory.tables.approvals import ApprovalRow
from memory.tables.cases import CaseRow
from memory.tables.decisions import DecisionRow
from memory.tables.events import EventRow

FORGOTTEN = "[forgotten]"
SHORT_CHARS = 20
"""A text up to here may also be part of a name or an id: there it stays."""
IDS_AT_ONCE = 500
ENDED = tuple(status.value for status in CaseStatus if status.ended)


class CustomerTextEraser:
    """Satisfies `memory.semantic.Cache`: blanks what a customer wrote, keeps what was done and why.

    Amounts, effects, verdicts and episodes stay: they hold no words of a customer, and the office
    must be able to account for them. A case that is still open keeps its words until it ends.
    """

    def __init__(self, journal: Journal, kept: KeptFields) -> None:
        """Take what writes the books, and which fields of each desk's requests stay."""
        self._journal = journal
        self._kept = kept

    def forget(self, customer: str, case_ids: Sequence[str]) -> int:
        """Blank the words of a customer's ended cases, and empty the cache of models' answers.

        An answer's key is a hash: whose words it answers cannot be told, so all of them go.

        Returns:
            How many cases' words, inputs of decisions, turns of conversations and answers were taken out.
        """
        with self._journal.writing("a customer is forgotten", datetime.now(UTC)) as session:
            if session.get_bind().dialect.name == "sqlite":
                session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
            cases = session.scalars(
                select(CaseRow).where(
                    (col(CaseRow.customer) == customer)
                    # By a mail address: no case is kept under one, but a request may name one.
                    | (func.lower(col(CaseRow.request)["customer"].as_string()) == customer.lower())
                    | col(CaseRow.id).in_(list(case_ids)),
                    col(CaseRow.status).in_(ENDED),
                )
            ).all()
            blanked = [case for case in cases if _blank(session, case, self._kept)]
            inputs = sum(forget_inputs(session, case.id) for case in cases)
            _empty_events(session, [case.id for case in cases])
            empty_mails(session, customer, [case.id for case in cases])
            turns = forget_turns(session, customer)
            answers = session.execute(select(func.count()).select_from(AnswerRow)).scalar_one()
            session.execute(delete(AnswerRow))
        return len(blanked) + inputs + int(answers) + turns


def _blank(session: Books, case: CaseRow, kept: KeptFields) -> bool:
    said = to_forget(case.desk, case.request, kept)
    words = {text for text in texts([*said.values()]) if text != FORGOTTEN and not _is_moment(text)}
    if not words:
        return False
    pattern = _pattern(words)
    case.request = {**case.request, **{name: _blanked(value) for name, value in said.items()}}
    session.wrote(CaseRow, case.id, {"request": case.request}, case.id)
    for row in session.scalars(select(ApprovalRow).where(col(ApprovalRow.case_id) == case.id)):
        row.request = _without(row.request, pattern)
        session.wrote(ApprovalRow, case.id, row.model_dump(include={"request"}), row.id)
    for decision in session.scalars(select(DecisionRow).where(col(DecisionRow.case_id) == case.id)):
        decision.body = _without(decision.body, pattern)
    return True


def _empty_events(session: Books, case_ids: Sequence[str]) -> None:
    """Take out what the events of these cases said; their ids and digests stay, so that none counts again."""
    for start in range(0, len(case_ids), IDS_AT_ONCE):
        some = col(EventRow.case_id).in_(case_ids[start : start + IDS_AT_ONCE])
        session.execute(update(EventRow).where(some).values(body=b""))


def _unsaid(value: JsonValue) -> JsonValue:
    """Return a record without what the customer said when they were asked: evidence that is a turn."""
    if isinstance(value, list):
        return [_unsaid(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _unsaid(each) for key, each in value.items()}
    return {**kept, "text": FORGOTTEN} if kept.get("kind") == "turn" and kept.get("text") else kept


def _pattern(words: Collection[str]) -> re.Pattern[str]:
    """Return what finds these texts: a longer one first, and a short one only as words of its own."""
    ordered = sorted(words, key=len, reverse=True)
    return re.compile(
        "|".join(re.escape(w) if len(w) > SHORT_CHARS else rf"(?<!\w){re.escape(w)}(?!\w)" for w in ordered)
    )


def _without(body: dict[str, Any], pattern: re.Pattern[str]) -> dict[str, Any]:
    def scrub(text: str) -> str:
        # A customer who wrote no more than "2026" must not cost the records their times.
        return text if _is_moment(text) else pattern.sub(FORGOTTEN, text)

    return {key: _each_text(_unsaid(value), scrub) for key, value in body.items()}


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _blanked(value: JsonValue) -> JsonValue:
    return _each_text(value, lambda text: FORGOTTEN if text else text)


def _each_text(value: JsonValue, change: Callable[[str], str]) -> JsonValue:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(each, change) for each in value]
    if isinstance(value, dict):
        return {key: _each_text(each, change) for key, each in value.items()}
    return value
