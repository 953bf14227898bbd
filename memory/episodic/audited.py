"""Which tables the log tells of, and how it says what a row holds.

Columns are said by value. Free text and what an outside system sent are said by a digest: the log is
never edited, so it must hold nothing that a customer may want forgotten.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from pydantic import JsonValue
from sqlmodel import SQLModel

from contracts.base import canonical_json, content_hash
from memory.database import table_of
from memory.tables.approvals import AnswerRow, ApprovalRow
from memory.tables.cases import CaseRow
from memory.tables.divergences import DivergenceRow
from memory.tables.ledger import EffectCallRow, EffectRow, PermitRow

Said = dict[str, JsonValue]
"""What the log says of a row: column → value or digest."""
KEY_SEPARATOR = "#"
DIGEST_DIGITS = 32


@dataclass(frozen=True)
class AuditedTable:
    """How the log says what one table's rows hold.

    Attributes:
        case: the column with the case that a row belongs to; empty where none of its own has it.
        digested: columns of which only a digest is said.
        parts: columns that hold a JSON object: said field by field, these fields by value, the
            others by digest.
        hashed: columns whose content hash stands in another column, which is said by value.
    """

    model: type[SQLModel]
    case: str = "case_id"
    digested: frozenset[str] = frozenset()
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    hashed: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The table's name."""
        return table_of(self.model).name

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The names of the primary key's columns."""
        return tuple(column.name for column in table_of(self.model).primary_key)

    def key(self, values: Mapping[str, Any]) -> str:
        """Return a row's key as one text."""
        return KEY_SEPARATOR.join(str(values[name]) for name in self.key_columns)

    def said(self, key: str, values: Mapping[str, Any]) -> Said:
        """Return what the log says of these columns of a row."""
        said: Said = {}
        for name, value in values.items():
            if name in self.hashed:
                continue
            if value is not None and name in self.digested:
                said[name] = self._digest(key, name, value)
            elif name in self.parts and isinstance(value, Mapping):
                said[name] = self._said_parts(key, name, value)
            else:
                said[name] = _plain(value)
        return said

    def hashes(self, values: Mapping[str, Any]) -> Said:
        """Return the content hashes of a stored row, each under the column that says it."""
        return {stated: content_hash(values[name]) for name, stated in self.hashed.items()}

    def _said_parts(self, key: str, name: str, value: Mapping[str, Any]) -> Said:
        by_value = self.parts[name]
        return {
            part: _plain(held) if part in by_value else self._digest(key, f"{name}.{part}", held)
            for part, held in value.items()
        }

    def _digest(self, key: str, name: str, value: Any) -> str:
        # With its place, so that equal texts of different rows cannot be seen to be equal.
        said = canonical_json([self.name, key, name, value])
        return f"sha256:{hashlib.sha256(said.encode()).hexdigest()[:DIGEST_DIGITS]}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.value if isinstance(value, Enum) else value


AUDITED: Mapping[type[SQLModel], AuditedTable] = {
    table.model: table
    for table in (
        AuditedTable(CaseRow, case="id", digested=frozenset({"summary", "request", "customer", "waits_for"})),
        AuditedTable(PermitRow),
        AuditedTable(
            EffectRow, digested=frozenset({"result", "reason"}), hashed={"arguments": "arguments_hash"}
        ),
        AuditedTable(EffectCallRow, case="", digested=frozenset({"why"})),
        AuditedTable(
            ApprovalRow,
            digested=frozenset({"what"}),
            parts={"request": frozenset(), "approval": frozenset({"outcome", "amount_cents", "request_id"})},
        ),
        AuditedTable(AnswerRow, digested=frozenset({"answer"})),
        AuditedTable(DivergenceRow, case="effect_case", digested=frozenset({"why", "resolution"})),
    )
}
"""By the type of their rows."""
