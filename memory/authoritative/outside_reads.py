"""What outside systems told for cases, in SQL: what was told last stands."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from contracts.base import Arguments, content_hash
from memory.database import insert_into, reading, writing
from memory.tables.admissions import OutsideReadRow


class SqlOutsideReads:
    """One row for each thing that was asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, connector: str, operation: str, arguments: Arguments, told: dict[str, Any] | None) -> None:
        """Keep what a system told; what it told before, word for word, is not written again."""
        asked = content_hash(arguments)
        with reading(self._engine) as session:
            known = session.get(OutsideReadRow, (connector, operation, asked))
        if known is not None and known.told == told:
            return
        values = {
            "connector": connector,
            "operation": operation,
            "arguments_hash": asked,
            "told": told,
            "read_at": datetime.now(UTC),
        }
        with writing(self._engine) as session:
            insert = insert_into(session, OutsideReadRow).values(values)
            session.execute(
                insert.on_conflict_do_update(
                    index_elements=["connector", "operation", "arguments_hash"],
                    set_={name: insert.excluded[name] for name in ("told", "read_at")},
                )
            )

    def told(self, connector: str, operation: str, arguments: Arguments) -> dict[str, Any] | None:
        """Return what a system told last; None if it was never asked, or has no such thing."""
        with reading(self._engine) as session:
            row = session.get(OutsideReadRow, (connector, operation, content_hash(arguments)))
            return row.told if row else None
