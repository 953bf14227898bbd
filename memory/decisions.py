"""Every decision, kept with its provenance."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Engine, case, func
from sqlmodel import Session, col, select

from contracts.decision import Decision
from memory.database import reading, writing
from memory.tables.decisions import DecisionRow
from memory.upsert import insert_into


class Decider(NamedTuple):
    """What one kind of decider did."""

    by: str
    decisions: int
    answered: int


class SqlDecisions:
    """`activities.ports.Decisions` on the authoritative database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, case_id: str, step: str, decision: Decision) -> None:
        """Write a decision; the same case and step again replaces nothing."""
        with writing(self._engine) as session:
            keep_decision(session, case_id, step, decision)

    def keep_all(self, case_id: str, decisions: Mapping[str, Decision]) -> None:
        """Write decisions by step in one transaction; a step that is there stays as it was."""
        with writing(self._engine) as session:
            for step, decision in decisions.items():
                keep_decision(session, case_id, step, decision)

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


def keep_decision(session: Session, case_id: str, step: str, decision: Decision) -> None:
    """Write a decision in a transaction that is already open."""
    place = (
        select(func.coalesce(func.max(col(DecisionRow.position)), 0) + 1)
        .where(col(DecisionRow.case_id) == case_id)
        .scalar_subquery()
    )
    provenance = decision.provenance
    insert = insert_into(session, DecisionRow).values(
        case_id=case_id,
        step=step,
        position=place,
        task=decision.task,
        outcome=decision.outcome,
        decided_by=provenance.by,
        name=provenance.name,
        version=provenance.version,
        confidence=provenance.confidence,
        cost_microusd=provenance.cost_microusd,
        body=decision.model_dump(mode="json"),
    )
    session.execute(insert.on_conflict_do_nothing(index_elements=["case_id", "step"]))
