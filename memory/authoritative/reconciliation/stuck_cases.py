"""The cases that cannot go on, as lists read them; `case_watch` writes them."""

from collections.abc import Collection

from sqlalchemy import Engine
from sqlmodel import col, select

from contracts.reconciliation.trouble import CaseTrouble
from memory.database import reading
from memory.tables.troubles import CaseTroubleRow


class SqlStuckCases:
    """The troubles that the reconciler found at its last look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def troubles(self, case_ids: Collection[str] | None = None) -> tuple[CaseTrouble, ...]:
        """Return the troubles of these cases, or of all, the oldest first."""
        query = select(CaseTroubleRow).order_by(col(CaseTroubleRow.since), col(CaseTroubleRow.case_id))
        if case_ids is not None:
            query = query.where(col(CaseTroubleRow.case_id).in_(case_ids))
        with reading(self._engine) as session:
            return tuple(CaseTrouble.model_validate(row.model_dump()) for row in session.exec(query))
