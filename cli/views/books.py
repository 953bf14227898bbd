"""How the books are shown on a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table

from cli.terminal import ERR, OUT
from contracts.counted import counted
from contracts.money import money_text, number_text
from contracts.reconciliation.accounting import AccountingTotal, ImportReport
from contracts.reconciliation.divergence import BooksStatus
from memory.tables.accounting import AccountingExportRow, AccountingLineRow
from memory.tables.divergences import DivergenceRow
from service.words import age


def print_backlog(status: BooksStatus, now: datetime, rows: Sequence[DivergenceRow] = ()) -> None:
    """Show what is open by count, age and money, then the newest of it."""
    if status.backlog:
        table = Table(
            "connector", "what", "open", "with people", "money at stake", "oldest", title="open differences"
        )
        for line in status.backlog:
            counts = (str(line.count), str(line.with_people), money_text(line.at_stake_cents, line.currency))
            table.add_row(line.connector, line.kind.value, *counts, age(now, line.oldest_at))
        OUT.print(table)
    for row in rows:
        case = "" if row.standing == "open" else f"  kontor case books/{row.connector}/{row.id}"
        OUT.print(
            f"{row.kind}: {row.operation} {row.reference or row.effect_key} at {row.connector}{case}",
            soft_wrap=True,
        )
    walked = ", ".join(f"{name} {age(now, at)} ago" for name, at in sorted(status.walked_at.items()))
    OUT.print(
        f"{status.open} open, {status.healed} healed, {status.closed} closed; "
        f"{counted(status.unknown, 'effect')} unknown; "
        f"{counted(status.entries, 'listed entry', 'listed entries')} compared; "
        f"listings read: {walked or 'never'}",
        soft_wrap=True,
    )


def print_import(report: ImportReport) -> None:
    """Show what an import did, and every line it could not read."""
    for bad in report.bad:
        ERR.print(f"[red]{report.name}:{bad.number}[/]: {bad.why}", highlight=False, soft_wrap=True)
    if report.bad_count > len(report.bad):
        ERR.print(f"… and {report.bad_count - len(report.bad)} more lines that cannot be read")
    if report.known:
        OUT.print(f"{report.name} was imported before: nothing changed")
        return
    resumed = f", resumed behind record {report.resumed_at}" if report.resumed_at else ""
    OUT.print(
        f"{report.name}: {report.read} records read{resumed}, {report.fresh} new, "
        f"{report.bad_count} unreadable"
    )


def print_totals(
    exports: Sequence[AccountingExportRow], totals: Sequence[AccountingTotal], currency: str
) -> None:
    """Show what the lines of all exports are, and what is wrong with them; books have one currency."""
    table = Table("line", "finding", "count", currency, title="accounting exports")
    for total in totals:
        finding = total.finding.value if total.finding else ""
        table.add_row(
            total.kind.value,
            finding,
            str(total.count),
            number_text(total.amount_cents, currency, grouped=True),
        )
    OUT.print(table)
    for export in exports:
        state = "complete" if export.finished_at else f"cut after {export.records} records: import it again"
        OUT.print(f"{export.name}: {export.records} records, {state}", soft_wrap=True)


def print_findings(rows: Sequence[AccountingLineRow], currency: str) -> None:
    """Show lines that something is wrong with; books have one currency."""
    table = Table("line", "when", "invoice", "goods", "customer", "quantity", currency, "what")
    for row in rows:
        what = f"{row.finding} by {row.excess}" if row.finding == "above bought" else row.finding
        table.add_row(
            str(row.number),
            row.at.strftime("%Y-%m-%d %H:%M"),
            row.invoice,
            row.sku,
            row.customer,
            str(row.quantity),
            number_text(row.amount_cents, currency, grouped=True),
            what,
        )
    OUT.print(table)
