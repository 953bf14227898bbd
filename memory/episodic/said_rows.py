"""What the log says of each row, gathered in a file of its own, so that a big log needs little memory."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import JsonValue

from memory.episodic.audited import Said
from memory.episodic.chain import Link
from memory.episodic.journal import WRITTEN

_SCHEMA = """
    PRAGMA journal_mode = OFF;
    CREATE TABLE said (table_name TEXT, key TEXT, position INTEGER, case_id TEXT, data TEXT);
    CREATE TABLE older (table_name TEXT, key TEXT, PRIMARY KEY (table_name, key)) WITHOUT ROWID;
    CREATE TABLE stands (table_name TEXT, key TEXT, PRIMARY KEY (table_name, key)) WITHOUT ROWID;
"""
_GONE = """
    SELECT table_name, key FROM (SELECT DISTINCT table_name, key FROM said UNION SELECT * FROM older) AS known
    WHERE NOT EXISTS (
        SELECT 1 FROM stands WHERE stands.table_name = known.table_name AND stands.key = known.key
    ) ORDER BY table_name, key
"""
_OF_ROW = "SELECT position, case_id, data FROM said WHERE table_name = ? AND key = ? ORDER BY position"


@dataclass
class SaidRow:
    """What the log says of one row.

    Attributes:
        columns: the last that was said of each column.
        positions: the episode that said it.
        first: the first episode that told of the row.
    """

    case_id: str = ""
    first: int = 0
    columns: Said = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)

    @property
    def position(self) -> int:
        """The last episode that told of the row."""
        return max(self.positions.values(), default=0)


class SaidRows:
    """All that the log says of rows; `take` every link first, then ask."""

    def __init__(self, older: Iterable[tuple[str, str]]) -> None:
        """Take table and key of the rows that are older than what the log tells of rows."""
        self._file = sqlite3.connect("", isolation_level=None)  # a temporary file without a name
        self._file.executescript(_SCHEMA)
        self._file.execute("BEGIN")
        self._file.executemany("INSERT INTO older VALUES (?, ?)", older)
        self._indexed = False

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def take(self, link: Link) -> bool:
        """Keep what a link says of rows; False if it says nothing of any."""
        if link.kind != WRITTEN:
            return False
        lines = [
            (table, key, link.position, link.case_id, json.dumps(columns))
            for table, key, columns in _rows(link.data)
        ]
        self._file.executemany("INSERT INTO said VALUES (?, ?, ?, ?, ?)", lines)
        return True

    def of(self, table: str, key: str) -> SaidRow | None:
        """Return what is said of a row; None if nothing is."""
        self._index()
        row: SaidRow | None = None
        for position, case_id, data in self._file.execute(_OF_ROW, (table, key)):
            columns: Said = json.loads(data)
            row = row or SaidRow(first=position)
            row.case_id = case_id
            row.columns |= columns
            row.positions |= dict.fromkeys(columns, position)
        return row

    def is_older(self, table: str, key: str) -> bool:
        """Say whether a row is older than what the log tells of rows."""
        return self._has("older", table, key)

    def stands(self, table: str, key: str) -> None:
        """Take note that the books hold this row."""
        self._file.execute("INSERT OR IGNORE INTO stands VALUES (?, ?)", (table, key))

    def is_known(self, table: str, key: str) -> bool:
        """Say whether the books hold the row, or held it by what the log says."""
        return (
            self._has("stands", table, key) or self._has("older", table, key) or self._has("said", table, key)
        )

    def gone(self) -> Iterator[tuple[str, str]]:
        """Yield table and key of each row that is known and of which `stands` was not told."""
        self._index()
        yield from self._file.execute(_GONE)

    def _has(self, which: str, table: str, key: str) -> bool:
        self._index()
        query = f"SELECT 1 FROM {which} WHERE table_name = ? AND key = ? LIMIT 1"  # noqa: S608 (a table of ours)
        return self._file.execute(query, (table, key)).fetchone() is not None

    def _index(self) -> None:
        if not self._indexed:
            # Once, behind the last line: sorting is many times faster than keeping an order.
            self._file.execute("CREATE INDEX said_by_row ON said (table_name, key, position)")
            self._indexed = True


def _rows(data: str) -> Iterator[tuple[str, str, Said]]:
    """Yield what an episode's data says; of data that somebody changed, what can be read."""
    try:
        said: JsonValue = json.loads(data)
    except ValueError:
        return
    tables = said.get("rows") if isinstance(said, dict) else None
    for table, rows in (tables if isinstance(tables, dict) else {}).items():
        for key, columns in (rows if isinstance(rows, dict) else {}).items():
            if isinstance(columns, dict):
                yield table, key, columns
