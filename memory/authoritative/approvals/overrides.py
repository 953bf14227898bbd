"""What was proposed and what became of it, read from the books: approvals, effects, undos."""

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from contracts.approvals.overrides import Proposal
from contracts.effect import EffectState
from contracts.undo import is_undo
from memory.database import reading
from memory.tables.approvals import WAITING, ApprovalRow
from memory.tables.decisions import DecisionRow
from memory.tables.ledger import EffectRow, PermitRow
from memory.tables.verdicts import VerdictRow

AGREED = ("approved", "edited")


class SqlOverrides:
    """Reads the raw material for widening or narrowing what runs unattended."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def proposals(self, since: datetime, undo_within: timedelta) -> list[Proposal]:
        """Return everything that was judged by people, or ran without them, since a moment.

        Args:
            since: requests closed, and effects begun, from here on.
            undo_within: how long after an effect its undoing by a person counts against it.
        """
        with reading(self._engine) as session:
            undone = _undone(session, undo_within)
            return [*_judged(session, since, undone), *_unattended(session, since, undone)]


def _judged(session: Session, since: datetime, undone: set[str]) -> list[Proposal]:
    query = select(ApprovalRow).where(col(ApprovalRow.status) != WAITING, col(ApprovalRow.closed_at) >= since)
    return [
        Proposal(
            case_id=row.case_id,
            desk=row.desk,
            outcome=row.status,
            proposed_cents=row.amount_cents,
            agreed_cents=row.agreed_cents,
            policies=tuple(row.policies),
            connectors=tuple(f"{name}@{version}" for name, version in sorted(row.connectors.items())),
            model=row.by_model,
            at=row.requested_at,
            undone=row.status in AGREED and row.case_id in undone,
        )
        for row in session.exec(query)
        if not is_undo(row.request["plan"]["facts"])
    ]


def _unattended(session: Session, since: datetime, undone: set[str]) -> list[Proposal]:
    query = (
        select(EffectRow, VerdictRow)
        .join(PermitRow, col(PermitRow.id) == col(EffectRow.permit_id))
        .join(VerdictRow, col(VerdictRow.id) == col(PermitRow.basis))
        .where(col(EffectRow.compensates).is_(None), col(EffectRow.intended_at) >= since)
        .order_by(col(EffectRow.intended_at))
    )
    cases: dict[str, list[tuple[EffectRow, VerdictRow]]] = defaultdict(list)
    for effect, verdict in session.exec(query):
        cases[effect.case_id].append((effect, verdict))
    models = _models(session, list(cases))
    return [
        Proposal(
            case_id=case_id,
            desk=case_id.split("/", 1)[0],
            outcome="unattended",
            proposed_cents=sum(effect.amount_cents for effect, _ in done),
            policies=_let_run(done),
            connectors=tuple(
                sorted({f"{effect.connector}@{effect.connector_version}" for effect, _ in done})
            ),
            model=models.get(case_id, ""),
            at=done[0][0].intended_at,
            undone=case_id in undone,
        )
        for case_id, done in cases.items()
    ]


def _let_run(done: list[tuple[EffectRow, VerdictRow]]) -> tuple[str, ...]:
    reasons = (reason for _, verdict in done for reason in verdict.body["reasons"])
    return tuple(
        sorted(
            {
                reason["id"]
                for reason in reasons
                if (reason["question"], reason["effect"]) == ("unattended", "permit")
            }
        )
    )


def _models(session: Session, case_ids: list[str]) -> dict[str, str]:
    """Return each case's first decision by a model, as `name@version`."""
    found: dict[str, str] = {}
    for start in range(0, len(case_ids), 500):
        query = (
            select(DecisionRow)
            .where(col(DecisionRow.case_id).in_(case_ids[start : start + 500]))
            .where(col(DecisionRow.decided_by).in_(("local", "gemini")))
            .order_by(col(DecisionRow.position))
        )
        for row in session.exec(query):
            found.setdefault(row.case_id, f"{row.name}@{row.version[:12]}")
    return found


def _undone(session: Session, within: timedelta) -> set[str]:
    """Return the cases of which a person took an effect back in time."""
    query = select(EffectRow).where(
        col(EffectRow.compensates).is_not(None), col(EffectRow.state) == EffectState.APPLIED.value
    )
    cases: set[str] = set()
    for undo in session.exec(query):
        effect = session.get(EffectRow, undo.compensates)
        if effect is None or undo.intended_at - (effect.sent_at or effect.intended_at) > within:
            continue
        if _because(session, undo.permit_id) == "person":
            cases.add(undo.case_id)
    return cases


def _because(session: Session, permit_id: str | None) -> str:
    permit = session.get(PermitRow, permit_id) if permit_id else None
    if permit is None:
        return ""
    if verdict := session.get(VerdictRow, permit.basis):
        return str(verdict.body["facts"].get("because", ""))
    asked = session.get(ApprovalRow, permit.basis)
    return str(asked.request["plan"]["facts"].get("because", "")) if asked else ""
