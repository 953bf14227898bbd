"""`kontor cases`: the office's list of cases."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from bootstrap import cases as case_store
from cli.console import EXIT_USAGE, OUT, emit_json, fail
from contracts.case import CaseRecord, CaseStatus
from memory.cases import CaseFilter
from settings import settings

COLOURS = {
    CaseStatus.RUNNING: "cyan",
    CaseStatus.WAITING: "yellow",
    CaseStatus.SETTLED: "green",
    CaseStatus.FAILED: "red",
}


def cases(
    desk: Annotated[str, typer.Option(help="Only this desk.")] = "",
    channel: Annotated[str, typer.Option(help="Only this channel.")] = "",
    status: Annotated[str, typer.Option(help="running, waiting, settled, denied, failed, …")] = "",
    hours: Annotated[float | None, typer.Option(help="Only cases opened in the last so many hours.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False,
) -> None:
    """List cases, the newest first.

    Example: kontor cases --status waiting --channel webshop
    """
    wanted = CaseFilter(
        desk=desk,
        channel=channel,
        status=_status(status),
        since=datetime.now(UTC) - timedelta(hours=hours) if hours is not None else None,
        limit=limit,
    )
    store = case_store(settings())
    found = store.newest(wanted)
    if as_json:
        emit_json([record.model_dump(mode="json") for record in found])
        return
    OUT.print(_table(found))
    counts = store.count(desk)
    OUT.print(" · ".join(f"{status.value} {count}" for status, count in sorted(counts.items())) or "no cases")


def _status(word: str) -> CaseStatus | None:
    if not word:
        return None
    try:
        return CaseStatus(word)
    except ValueError:
        fail(f"no status {word!r}; there is: {', '.join(CaseStatus)}", EXIT_USAGE)


def _table(found: list[CaseRecord]) -> Table:
    table = Table("case", "status", "outcome", "amount", "what", "opened", box=None)
    for record in found:
        colour = COLOURS.get(record.status, "white")
        amount = f"{record.amount_cents / 100:.2f} {record.currency}" if record.amount_cents else ""
        opened = record.opened_at.astimezone().strftime("%m-%d %H:%M")
        table.add_row(
            record.id, f"[{colour}]{record.status.value}[/]", record.outcome, amount, record.summary, opened
        )
    return table
