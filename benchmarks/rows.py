"""One measured number, and the table and file that all of them go to."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """A measurement.

    Attributes:
        name: stable name, for instance `returns.latency_p50`.
        unit: `ms`, `1/s`, `share`, `count`, `cents`.
        floor: the same thing done by the barest means, or the bar to reach; None if there is none.
        ratio: value over floor.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        """How far from the floor: value / floor."""
        return self.value / self.floor if self.floor else None


def publish(rows: list[Row], file: Path) -> None:
    """Print the rows as a table and merge them by name into `file` (JSON, a list of rows)."""
    table = Table("name", "value", "unit", "floor", "ratio")
    for row in rows:
        floor, ratio = (f"{x:.4g}" if x is not None else "" for x in (row.floor, row.ratio))
        table.add_row(row.name, f"{row.value:.4g}", row.unit, floor, ratio)
    Console().print(table)
    kept = {entry["name"]: entry for entry in json.loads(file.read_text())} if file.exists() else {}
    kept |= {row.name: {**asdict(row), "ratio": row.ratio} for row in rows}
    file.write_text(json.dumps(list(kept.values()), indent=2) + "\n")
