"""What is written from the definitions of numbers: the page of docs, and Grafana's dashboard.

`python -m service.number_pages` writes both anew; a test holds them to the definitions.
"""

import json
from pathlib import Path
from typing import Any

from memory.authoritative.numbers.catalogue import NUMBERS
from memory.authoritative.numbers.number import FEW, Number

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "numbers.md"
DASHBOARD = ROOT / "temporal-dev" / "grafana" / "kontor.json"
BEGIN, END = "<!-- numbers: begin -->\n", "<!-- numbers: end -->\n"
UNITS = {"share": "percentunit", "count": "none", "cents": "none", "seconds": "s", "usd": "currencyUSD"}
"""Grafana's words for units."""
WIDTH, HEIGHT, ACROSS = 8, 7, 3


def page(written: str) -> str:
    """Return the page with its table made anew; the prose around it stays.

    Raises:
        ValueError: the marks around the table are gone.
    """
    before, begin, rest = written.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} needs the lines {BEGIN.strip()} and {END.strip()} around its table")
    return before + begin + table() + end + after


def table() -> str:
    """Return the table of all numbers in Markdown."""
    lines = ["| number | means | unit | by | 95 % interval |", "|---|---|---|---|---|"]
    for number in NUMBERS:
        unit = ", ".join([number.unit, *number.statistics])
        labels = ", ".join(f"`{label}`" for label in number.labels)
        cells = (f"**{number.title}** `{number.name}`", number.meaning, unit, labels, number.interval)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def dashboard() -> dict[str, Any]:
    """Return Grafana's dashboard: a panel for each number, with its meaning and its interval."""
    panels = [_panel(place, number) for place, number in enumerate(NUMBERS)]
    source = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    return {
        "uid": "kontor-numbers",
        "title": "Kontor: numbers",
        "schemaVersion": 39,
        "time": {"from": "now-30d", "to": "now"},
        "refresh": "5m",
        "templating": {"list": [source]},
        "panels": panels,
    }


def _panel(place: int, number: Number) -> dict[str, Any]:
    by = [*number.labels, *(["statistic"] if number.statistics else [])]
    legend = " ".join(f"{{{{{label}}}}}" for label in by)
    told = [("", legend)]
    if number.kind in ("share", "spread"):
        told += [("_low", f"{legend} at least"), ("_high", f"{legend} at most")]
    # Every worker that counts shows the same: the largest of equals is each of them.
    targets = [
        {
            "refId": chr(65 + n),
            "expr": f"max by ({', '.join(by)}) ({number.name}{suffix})",
            "legendFormat": words,
        }
        for n, (suffix, words) in enumerate(told)
    ]
    few = f" Of fewer than {FEW} look at {number.name}_n, not at the share." if number.kind == "share" else ""
    return {
        "id": place + 1,
        "type": "timeseries",
        "title": number.title,
        "description": number.meaning + few,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "fieldConfig": {"defaults": {"unit": UNITS[number.unit]}, "overrides": []},
        "gridPos": {
            "x": place % ACROSS * WIDTH, "y": place // ACROSS * HEIGHT, "w": WIDTH, "h": HEIGHT,
        },
        "targets": targets,
    }  # fmt: skip


def main() -> None:
    """Write the page and the dashboard."""
    PAGE.write_text(page(PAGE.read_text()))
    DASHBOARD.parent.mkdir(exist_ok=True)
    DASHBOARD.write_text(json.dumps(dashboard(), indent=2) + "\n")


if __name__ == "__main__":
    main()
