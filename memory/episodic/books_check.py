"""The books held against the log: each row is what the log says, and the log knows each row."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import JsonValue
from sqlalchemy import JSON, Boolean, ColumnElement, Text, cast, func, select, type_coerce
from sqlalchemy.types import NullType
from sqlmodel import Session

from contracts.base import Frozen, content_hash
from memory.database import dialect_of, table_of
from memory.episodic.audited import AUDITED, AuditedTable
from memory.episodic.said_rows import SaidRow, SaidRows
from memory.tables.approvals import ApprovalRow
from memory.tables.cases import CaseRow
from memory.tables.columns import UtcDateTime
from memory.tables.ledger import EffectRow, PermitRow

FINDINGS_KEPT = 100
CASES = AUDITED[CaseRow].name
OF_A_CASE = frozenset({AUDITED[model].name for model in (PermitRow, EffectRow, ApprovalRow)})
"""Tables whose rows must belong to a case that is on record."""
TELLING = ("status", "state", "standing", "outcome", "amount_cents", "currency", "choice", "person")
"""Columns by which a person knows a row that is gone."""
_AT_ONCE = 1000

Fault = Literal["changed", "missing", "no episode", "no case"]


class RowFinding(Frozen):
    """One thing that is wrong with one row.

    Attributes:
        case_id: the case that the row belongs to, as far as it is known.
        field: for `changed` the column, or `COLUMN.FIELD` of one that holds an object.
        said: for `changed` what the log says of it, a digest where only that is kept.
        holds: for `changed` what the row holds.
        position: the episode that says so; 0 if there is none.
    """

    wrong: Fault
    table: str
    key: str
    case_id: str = ""
    field: str = ""
    said: JsonValue = None
    holds: JsonValue = None
    position: int = 0
    what: str


class BooksReport(Frozen):
    """What comparing the books with the log found.

    Attributes:
        rows: how many were compared.
        older: of these, how many of each table are older than what the log tells of rows, so that it
            says nothing of them, or only what changed since.
        findings: the first `FINDINGS_KEPT`; `found` counts all of them.
    """

    rows: int = 0
    older: dict[str, int] = {}
    findings: tuple[RowFinding, ...] = ()
    found: int = 0


class BooksCheck:
    """Holds every audited row against what the log says of it."""

    def __init__(self, said: SaidRows, progress: Callable[[int], None]) -> None:
        """Take what the log says, and whom to tell how many rows were read."""
        self._said = said
        self._progress = progress
        self._rows = 0
        self._older: dict[str, int] = {}
        self._found = 0
        self._findings: list[RowFinding] = []

    def read(self, session: Session) -> BooksReport:
        """Compare all tables, as one moment saw them, with the log of that moment."""
        for table in AUDITED.values():  # cases first: the others are asked for theirs
            for values in stored(session, table):
                self._compare(table, values)
                self._rows += 1
                if self._rows % _AT_ONCE == 0:
                    self._progress(self._rows)
        for name, key in self._said.gone():
            self._missing(name, key)
        return BooksReport(
            rows=self._rows, older=self._older, findings=tuple(self._findings), found=self._found
        )

    def _note(self, wrong: Fault, table: str, key: str, what: str, **more: Any) -> None:
        self._found += 1
        if len(self._findings) < FINDINGS_KEPT:
            self._findings.append(RowFinding(wrong=wrong, table=table, key=key, what=what, **more))

    def _compare(self, table: AuditedTable, values: Mapping[str, Any]) -> None:
        key = table.key(values)
        case_id = str(values.get(table.case) or "")
        self._said.stands(table.name, key)
        said = self._said.of(table.name, key)
        older = self._said.is_older(table.name, key)
        if older:
            self._older[table.name] = self._older.get(table.name, 0) + 1
        if said is not None:
            for field, was, holds in _differences(table, key, values, said):
                self._changed(table.name, key, said, (field, was, holds))
            if not older and table.key_columns[0] not in said.columns:  # said once, when the row is written
                what = f"no episode tells how it began; the first that tells of it is {said.first}"
                self._note("no episode", table.name, key, what, case_id=case_id, position=said.first)
        elif not older:
            what = f"no episode tells of it{f' (case {case_id})' if case_id else ''}"
            self._note("no episode", table.name, key, what, case_id=case_id)
        if table.name in OF_A_CASE and not self._said.is_known(CASES, case_id):
            what = f"it is for the case {case_id}, which is not on record"
            self._note("no case", table.name, key, what, case_id=case_id)

    def _changed(
        self, table: str, key: str, said: SaidRow, difference: tuple[str, JsonValue, JsonValue]
    ) -> None:
        field, was, holds = difference
        position = said.positions[field.partition(".")[0]]
        digests = any(str(value).startswith("sha256:") for value in (was, holds))
        if digests:
            what = f"{field} is not what episode {position} keeps the digest of"
        else:
            what = f"{field} is {_shown(holds)}; episode {position} says {_shown(was)}"
        more: dict[str, Any] = {"case_id": said.case_id, "position": position}
        self._note("changed", table, key, what, field=field, said=was, holds=holds, **more)

    def _missing(self, table: str, key: str) -> None:
        said = self._said.of(table, key)
        if said is None:
            self._note("missing", table, key, "the row is gone; it is older than what the log tells of rows")
            return
        known = [f"{name} {_shown(said.columns[name])}" for name in TELLING if said.columns.get(name)]
        told = f"; the log says {', '.join(known)}" if known else ""
        what = f"the row is gone{told} (episode {said.position}, case {said.case_id})"
        self._note("missing", table, key, what, case_id=said.case_id, position=said.position)


def _differences(
    table: AuditedTable, key: str, values: Mapping[str, Any], said: SaidRow
) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    """Yield field, what the log says and what the row holds, wherever the two differ."""
    holds = table.said(key, values)
    for name, was in said.columns.items():
        now = holds.get(name, was)  # a column that a later version dropped is no difference
        if name in table.parts and isinstance(was, dict) and isinstance(now, dict):
            for part in sorted({*was, *now}):
                if was.get(part) != now.get(part):
                    yield f"{name}.{part}", was.get(part), now.get(part)
        elif now != was:
            yield name, was, now
    for name, stated in table.hashed.items():
        if stated in said.columns and content_hash(values[name]) != said.columns[stated]:
            said.positions.setdefault(name, said.positions[stated])
            yield name, f"sha256:{said.columns[stated]}", f"sha256:{content_hash(values[name])}"


def _shown(value: JsonValue) -> str:
    return "empty" if value is None or value == "" else json.dumps(value, ensure_ascii=False)


def count(session: Session) -> int:
    """Return how many rows there are to compare."""
    counts = [
        session.execute(select(func.count()).select_from(table_of(model))).scalar_one() for model in AUDITED
    ]
    return sum(counts)


def stored(session: Session, table: AuditedTable) -> Iterator[dict[str, Any]]:
    """Yield a table's rows; what cannot be read as its column's type is given as it is stored."""
    dialect = dialect_of(session)
    connection = session.connection()
    columns = list(table_of(table.model).columns)
    raw = [_raw(column, dialect).label(column.name) for column in columns]
    with _lenient(connection.connection.driver_connection):
        rows = connection.execute(select(*raw), execution_options={"yield_per": _AT_ONCE})
        for row in rows.mappings():
            yield {column.name: _read(column.type, row[column.name]) for column in columns}


@contextmanager
def _lenient(connection: Any) -> Iterator[None]:
    """Let SQLite give back text that is none, which would end the walk."""
    if not isinstance(connection, sqlite3.Connection):
        yield
        return
    before = connection.text_factory
    connection.text_factory = lambda text: text.decode(errors="replace")
    try:
        yield
    finally:
        connection.text_factory = before


def _raw(column: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """Return a column without SQLAlchemy's reading of it, which would end the walk at the first bad value."""
    if isinstance(column.type, JSON):
        return cast(column, Text)
    return type_coerce(column, NullType()) if dialect == "sqlite" else column


def _read(type_: Any, value: Any) -> Any:
    try:
        if value is None:
            return None
        if isinstance(type_, JSON):
            return json.loads(value)
        if isinstance(type_, UtcDateTime):
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
            return moment.replace(tzinfo=moment.tzinfo or UTC)
        if isinstance(type_, Boolean):
            return {0: False, 1: True}.get(value, value)
    except (ValueError, TypeError):
        pass  # somebody wrote what no value of this type looks like: it differs from what the log says
    return value.hex() if isinstance(value, bytes) else value
