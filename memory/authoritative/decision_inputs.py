"""What decisions were made from: kept once for all that asked the same, redacted, and for a while."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, delete, select
from sqlmodel import Session, col

from contracts.decision import Decision, Question
from memory.database import dialect_of, insert_for, table_of
from memory.tables.decisions import DecisionInputsRow, DecisionRow


class DecisionInputs:
    """Says what is kept of questions, so that they can be asked anew: of another model, by another prompt.

    The evidence stands in the decision itself.
    """

    def __init__(self, redact: Callable[[str], str], kept_for: timedelta) -> None:
        """Take what takes secrets and personal data out, and for how long inputs are kept."""
        self._redact = redact
        self._kept_for = kept_for

    def rows(self, answered: Iterable[tuple[Question, Decision]], at: datetime) -> list[dict[str, Any]]:
        """Return what is to be kept of questions that were answered at a moment; empty if nothing is."""
        if not self._kept_for:
            return []
        redact = cache(self._redact)  # questions of one inquiry are about one text
        return [
            {
                "hash": decision.provenance.inputs_hash,
                "task": question.task,
                "text": redact(question.text),
                "choices": [redact(choice) for choice in question.choices],
                "kept_until": at + self._kept_for,
            }
            for question, decision in answered
        ]


def keep_inputs(session: Session, rows: list[dict[str, Any]]) -> None:
    """Keep inputs, in a transaction that is open; the same again are kept longer."""
    if rows:
        session.execute(_keep(dialect_of(session)), rows)


@cache
def _keep(dialect: str) -> Executable:
    insert = insert_for(dialect, DecisionInputsRow)
    return insert.on_conflict_do_update(
        index_elements=["hash"], set_={"kept_until": insert.excluded["kept_until"]}
    )


def drop_old_inputs(session: Session, now: datetime) -> int:
    """Drop what was kept long enough; return how much it was."""
    dropped = session.execute(
        delete(DecisionInputsRow)
        .where(col(DecisionInputsRow.kept_until) <= now)
        .returning(col(DecisionInputsRow.hash))
    )
    return len(dropped.all())


def forget_inputs(session: Session, case_id: str) -> int:
    """Drop what a case's decisions were made from, whoever else asked the same; return how much it was."""
    decisions = table_of(DecisionRow).c
    of_case = select(decisions.inputs_hash).where(
        decisions.case_id == case_id, decisions.inputs_hash.is_not(None)
    )
    gone = session.execute(
        delete(DecisionInputsRow)
        .where(col(DecisionInputsRow.hash).in_(of_case))
        .returning(col(DecisionInputsRow.hash))
    )
    return len(gone.all())
