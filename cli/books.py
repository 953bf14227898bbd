"""`kontor books`: our books against the outside world's, and accounting exports against themselves."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from temporalio.client import WorkflowFailureError

from bootstrap.installation import Installation
from cli.connection import connect_or_leave, installation
from cli.durations import LONGEST_SECONDS
from cli.terminal import ERR, EXIT_FOUND, EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail
from cli.views.books import print_backlog, print_findings, print_import, print_totals
from connectors.imports.dates import said_by_dates
from connectors.imports.mapping import DayOrder, load_mappings
from connectors.imports.reader import NotAnExport, choose_mapping, file_id, read_export
from contracts.office import OfficeInvalid
from contracts.reconciliation.accounting import LineFinding
from contracts.reconciliation.messages import Patience, ReconcileRequest, ReconcileSummary
from memory.authoritative.reconciliation.accounting import ImportRaced
from service.reconciliation import reconcile as run_reconciler

app = typer.Typer(
    no_args_is_help=True, help="Compare the books with the outside world, and see what differs."
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def reconcile(
    ctx: typer.Context,
    connector: Annotated[
        list[str] | None, typer.Argument(help="Which connectors; default: all in use.")
    ] = None,
    grace_seconds: Annotated[
        int,
        typer.Option(
            min=0,
            max=LONGEST_SECONDS,
            help="How long a listed entry, or a case whose workflow ended, may wait for our books.",
        ),
    ] = int(Patience().grace.total_seconds()),
    margin_seconds: Annotated[
        int,
        typer.Option(
            min=0, max=LONGEST_SECONDS, help="How long before this run an effect must have been applied."
        ),
    ] = int(Patience().margin.total_seconds()),
    server_lost: Annotated[
        bool,
        typer.Option("--server-lost", help="Believe a Temporal server that knows none of our open cases."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Compare now, heal what is proved, and open a case for each difference that is left.

    Open cases are looked up at the Temporal server, too: one that nothing has run for since --grace-seconds
    is closed and given to a person, and one that fails again and again is named. The worker does this by
    itself every 15 minutes (KONTOR_RECONCILE_EVERY_MINUTES). A run that is under way is joined. Leaves
    with 1 if differences are open, a case is stuck, or a system did not answer.

    Example: kontor books reconcile webshop
    """
    kontor = installation(ctx)
    wanted, known = tuple(connector or ()), kontor.manifests
    if strangers := [name for name in wanted if name not in known]:
        fail(
            f"the office has no connector {', '.join(strangers)}; it has {', '.join(sorted(known))}",
            EXIT_USAGE,
        )
    patience = Patience(grace=timedelta(seconds=grace_seconds), margin=timedelta(seconds=margin_seconds))
    request = ReconcileRequest(connectors=wanted, patience=patience, server_lost=server_lost)
    tally = asyncio.run(_run(kontor, request))
    status, troubles = kontor.reconciliation.status(), kontor.stuck_cases.troubles()
    if as_json:
        stuck = [trouble.model_dump() for trouble in troubles]
        told = {"run": tally.model_dump(), "books": status.model_dump(), "open": status.open, "stuck": stuck}
        emit_json(told)
    else:
        OUT.print(tally.words(), soft_wrap=True)
        for trouble in troubles:
            OUT.print(f"[red]stuck[/] {escape(trouble.words())}", soft_wrap=True)
        print_backlog(status, datetime.now(UTC))
    if status.open or tally.unreachable or tally.stranger or troubles:
        raise typer.Exit(EXIT_FOUND)


async def _run(kontor: Installation, request: ReconcileRequest) -> ReconcileSummary:
    """Show what the run did so far until it ends."""
    client = await connect_or_leave(kontor)
    with ERR.status("reconciling") as shown:
        try:
            return await run_reconciler(
                client, request, lambda tally: shown.update(f"reconciling: {tally.words()}")
            )
        except WorkflowFailureError as failure:
            fail(f"the run failed: {failure.cause}")


@app.command()
def status(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """Show where the books stand: open differences by count, age and money, and imported exports.

    Leaves with 1 if differences are open. Example: kontor books status
    """
    kontor = installation(ctx)
    books, accounting = kontor.reconciliation, kontor.accounting
    state, totals, exports = books.status(), accounting.totals(), accounting.exports()
    if as_json:
        emit_json(
            {
                "open": state.open,
                "books": state.model_dump(),
                "divergences": [row.model_dump() for row in books.newest()],
                "exports": [row.model_dump() for row in exports],
                "accounting": [total.model_dump() for total in totals],
            }
        )
    else:
        print_backlog(state, datetime.now(UTC), books.newest())
        if exports:
            print_totals(exports, totals, _currency(kontor))
    if state.open:
        raise typer.Exit(EXIT_FOUND)


@app.command(name="import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An accounting export in CSV.")],
    mapping: Annotated[
        str, typer.Option(help="How it is read: a file of the office's imports/; default: what fits.")
    ] = "",
    dates: Annotated[
        DayOrder | None, typer.Option(help="What 3/11 means in this file; default: what its mapping says.")
    ] = None,
    fee: Annotated[
        list[str] | None, typer.Option(help="A stock code that is a fee, besides the mapping's.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Read an accounting export and say what each odd line is.

    Which column is what, and how credit notes and fees are told, stands in the office's imports/*.toml
    (docs/imports.md). Amounts are in the office's currency. A file whose dates speak against its mapping
    is not read until --dates says which of 3/11 is the month. An import that was cut goes on where it
    was; the same file again changes nothing. Leaves with 1 if a line could not be read.

    Example: kontor books import online_retail.csv
    """
    kontor = installation(ctx)
    accounting = kontor.accounting
    try:
        chosen = choose_mapping(file, load_mappings(kontor.office), mapping).with_fees(fee or ())
        chosen = chosen.with_days(dates) if dates else chosen
        said = said_by_dates(file, chosen)
        with _bar(file) as on_progress:
            records = read_export(file, chosen, _currency(kontor), on_progress=on_progress)
            report = accounting.take(file_id(file, chosen), file.name, records, datetime.now(UTC))
    except (NotAnExport, ImportRaced, OfficeInvalid) as problem:
        fail(str(problem))
    if said.example and not dates:
        words = f"{file.name}: no date says whether {said.example} has the day or the month first; read as"
        ERR.print(f"{words} {said.order}, as its mapping says (--dates)", highlight=False, soft_wrap=True)
    if as_json:
        totals = [total.model_dump() for total in accounting.totals()]
        emit_json(report.model_dump() | {"accounting": totals})
    else:
        print_import(report)
        print_totals([], accounting.totals(), _currency(kontor))
    if report.bad_count:
        raise typer.Exit(EXIT_FOUND)


@app.command()
def findings(
    ctx: typer.Context,
    finding: Annotated[LineFinding | None, typer.Argument(help="Which; default: all.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_LISTED)] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List the lines of imported exports that something is wrong with.

    Example: kontor books findings "above bought"
    """
    kontor = installation(ctx)
    rows = kontor.accounting.found(finding, limit)
    if as_json:
        emit_json([row.model_dump() for row in rows])
    else:
        print_findings(rows, _currency(kontor))


def _currency(kontor: Installation) -> str:
    return kontor.calendar.file.currency


@contextmanager
def _bar(file: Path) -> Iterator[Callable[[int], None]]:
    """Show on standard error how much of the file was read."""
    columns = (TextColumn("importing"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=ERR, transient=True) as progress:
        task = progress.add_task("importing", total=file.stat().st_size)
        yield lambda done: progress.update(task, completed=done)
