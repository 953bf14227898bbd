"""`kontor books`: our books against the outside world's, and accounting exports against themselves."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

import bootstrap
from cli.books_view import print_backlog, print_findings, print_import, print_totals
from cli.connection import connect_or_leave
from cli.console import ERR, EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from contracts.accounting import LineFinding
from contracts.ids import CONTROL_QUEUE
from contracts.reconciling import Patience, ReconcileRequest, ReconcileTally
from memory.accounting import ImportRaced
from memory.accounting_csv import FEES, NotAnExport, file_id, read_export
from settings import settings
from workflows.reconcile import WORKFLOW_ID, ReconcileWorkflow

app = typer.Typer(
    no_args_is_help=True, help="Compare the books with the outside world, and see what differs."
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_POLL_SECONDS = 0.5


@app.command()
def reconcile(
    connector: Annotated[
        list[str] | None, typer.Argument(help="Which connectors; default: all in use.")
    ] = None,
    grace_seconds: Annotated[
        int, typer.Option(min=0, help="How long a listed entry may wait for our books to know it.")
    ] = int(Patience().grace.total_seconds()),
    margin_seconds: Annotated[
        int, typer.Option(min=0, help="How long before this run an effect must have been applied.")
    ] = int(Patience().margin.total_seconds()),
    as_json: JsonFlag = False,
) -> None:
    """Compare now, heal what is proved, and open a case for each difference that is left.

    The worker does this by itself every 15 minutes (KONTOR_RECONCILE_EVERY_MINUTES). A run that is
    under way is joined. Leaves with 1 if differences are open, or a system did not answer.

    Example: kontor books reconcile webshop
    """
    found = settings()
    wanted = tuple(connector or ())
    known = {manifest.name for manifest in bootstrap.connectors(found).manifests()}
    if strangers := [name for name in wanted if name not in known]:
        fail(
            f"the office has no connector {', '.join(strangers)}; it has {', '.join(sorted(known))}",
            EXIT_USAGE,
        )
    patience = Patience(grace=timedelta(seconds=grace_seconds), margin=timedelta(seconds=margin_seconds))
    request = ReconcileRequest(connectors=wanted, patience=patience)
    tally = asyncio.run(_run(request))
    status = bootstrap.books(found).status()
    if as_json:
        emit_json({"run": tally.model_dump(), "books": status.model_dump(), "open": status.open})
    else:
        OUT.print(tally.words(), soft_wrap=True)
        print_backlog(status, datetime.now(UTC))
    if status.open or tally.unreachable:
        raise typer.Exit(EXIT_FOUND)


async def _run(request: ReconcileRequest) -> ReconcileTally:
    client: Client = await connect_or_leave(settings())
    handle = await client.start_workflow(
        ReconcileWorkflow.run,
        request,
        id=WORKFLOW_ID,
        task_queue=CONTROL_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="compare our books with the outside world's",
    )
    try:
        return await _watched(handle)
    except WorkflowFailureError as failure:
        fail(f"the run failed: {failure.cause}")


async def _watched(handle: WorkflowHandle[ReconcileWorkflow, ReconcileTally]) -> ReconcileTally:
    """Show what the run did so far until it ends."""
    ending = asyncio.create_task(handle.result())
    with ERR.status("reconciling") as shown:
        while not ending.done():
            await asyncio.wait({ending}, timeout=_POLL_SECONDS)
            try:
                shown.update(f"reconciling: {(await handle.query(ReconcileWorkflow.progress)).words()}")
            except RPCError:
                continue  # no worker answers at this moment; the run goes on when one does
    return await ending


@app.command()
def status(as_json: JsonFlag = False) -> None:
    """Show where the books stand: open differences by count, age and money, and imported exports.

    Leaves with 1 if differences are open. Example: kontor books status
    """
    found = settings()
    books, accounting = bootstrap.books(found), bootstrap.accounting(found)
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
            print_totals(exports, totals)
    if state.open:
        raise typer.Exit(EXIT_FOUND)


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An accounting export in CSV.")],
    fee: Annotated[
        list[str] | None, typer.Option(help="A stock code that is a fee, besides the usual ones.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Read an accounting export and say what each odd line is.

    Columns: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country.
    A credit note's invoice begins with C. An import that was cut goes on where it was; the same file
    again changes nothing. Leaves with 1 if a line could not be read.

    Example: kontor books import online_retail.csv
    """
    accounting = bootstrap.accounting(settings())
    fees = FEES | {code.upper() for code in fee or ()}
    try:
        with _bar(file) as told:
            records = read_export(file, fees=fees, told=told)
            report = accounting.take(file_id(file), file.name, records, datetime.now(UTC))
    except (NotAnExport, ImportRaced) as problem:
        fail(str(problem))
    if as_json:
        totals = [total.model_dump() for total in accounting.totals()]
        emit_json(report.model_dump() | {"accounting": totals})
    else:
        print_import(report)
        print_totals([], accounting.totals())
    if report.bad_count:
        raise typer.Exit(EXIT_FOUND)


@app.command()
def findings(
    finding: Annotated[LineFinding | None, typer.Argument(help="Which; default: all.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List the lines of imported exports that something is wrong with.

    Example: kontor books findings "above bought"
    """
    rows = bootstrap.accounting(settings()).found(finding, limit)
    if as_json:
        emit_json([row.model_dump() for row in rows])
    else:
        print_findings(rows)


@contextmanager
def _bar(file: Path) -> Iterator[Callable[[int], None]]:
    """Show on standard error how much of the file was read."""
    columns = (TextColumn("importing"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=ERR, transient=True) as progress:
        task = progress.add_task("importing", total=file.stat().st_size)
        yield lambda done: progress.update(task, completed=done)
