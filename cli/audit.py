"""`kontor audit`: proof that the episode log is whole, and its export."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DBAPIError

import bootstrap
from cli.console import ERR, EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from memory.audit import Report
from memory.audit_export import ExportBroken, export_log, verify_file
from memory.audit_log import Progress as Told
from memory.audit_log import Unreadable, verify_log
from memory.chain import key_id
from settings import settings

app = typer.Typer(no_args_is_help=True, help="Prove that the log of what happened is whole, or export it.")

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_PUBLIC_KEY_DIGITS = 64


@app.command()
def verify(
    file: Annotated[
        Path | None,
        typer.Option("--file", exists=True, dir_okay=False, help="Verify an export instead of the database."),
    ] = None,
    public_key: Annotated[
        str, typer.Option(help="Whose signature to trust, 64 hex digits; default: this office's own key.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Read the whole log and say whether an episode was changed, removed, moved, or cut off the end.

    Leaves with 0 if the log is whole and with 1 if anything is wrong. Examples:

        kontor audit verify
        kontor audit verify --file audit.jsonl --public-key 3f9a…
    """
    if public_key and not _is_key(public_key):
        fail("--public-key takes 64 hex digits, as `kontor audit key` prints them", EXIT_USAGE)
    try:
        with _bar("verifying") as told:
            report = _verified(file, public_key, told)
    except ExportBroken as broken:
        fail(str(broken))
    except DBAPIError as error:
        fail(f"the database cannot be read: {error.orig}")
    if as_json:
        emit_json(report.model_dump() | {"whole": report.whole})
    else:
        _show(report)
    if not report.whole:
        raise typer.Exit(EXIT_FOUND)


def _verified(file: Path | None, public_key: str, told: Told) -> Report:
    if file is not None:
        return verify_file(file, public_key or None, told)
    chosen = settings()
    trusted = public_key or bootstrap.audit_signer(chosen).public_key()
    return verify_log(bootstrap.database(chosen), bootstrap.anchor_sink(chosen), trusted, told)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where the JSON lines go.")],
) -> None:
    """Write the log and its signed head to a file that can be verified without this office.

    Example: kontor audit export audit.jsonl
    """
    chosen = settings()
    public_key = bootstrap.audit_signer(chosen).public_key()
    try:
        with _bar("exporting") as told:
            head = export_log(bootstrap.database(chosen), file, public_key, told)
    except Unreadable as unreadable:
        fail(f"{unreadable}; `kontor audit verify` says more")
    OUT.print(f"{head.count} episodes in {file}, signed by the key {key_id(public_key)}", soft_wrap=True)
    OUT.print(f"verify with: kontor audit verify --file {file} --public-key {public_key}", soft_wrap=True)


@app.command()
def anchor() -> None:
    """Keep the log's signed head outside the database now; the worker does it by itself.

    Example: kontor audit anchor
    """
    chosen = settings()
    head = bootstrap.episodes(chosen).anchor()
    OUT.print(
        f"{head.count} episodes, head {head.hash[:16]}, kept in {chosen.audit_anchor_file}", soft_wrap=True
    )


@app.command()
def key() -> None:
    """Print the public key that verifies this office's exports.

    Example: kontor audit key
    """
    typer.echo(bootstrap.audit_signer(settings()).public_key())


def _is_key(text: str) -> bool:
    return len(text) == _PUBLIC_KEY_DIGITS and all(digit in "0123456789abcdef" for digit in text)


def _show(report: Report) -> None:
    for finding in report.findings:
        where = f" at {finding.position}" if finding.position else ""
        OUT.print(f"[red]{finding.wrong}[/]{where}: ", end="")
        OUT.print(finding.what, markup=False, highlight=False, soft_wrap=True)
    if report.found > len(report.findings):
        OUT.print(f"… and {report.found - len(report.findings)} more")
    for note in report.notes:
        OUT.print(f"[yellow]note:[/] {note}", soft_wrap=True)
    outside = "" if report.anchors is None else f", {report.anchors} heads outside"
    state = "[green]whole[/]" if report.whole else f"[red]{report.found} found wrong[/]"
    OUT.print(f"{report.links} episodes{outside}: {state}", soft_wrap=True)


@contextmanager
def _bar(words: str) -> Iterator[Told]:
    """Show a progress bar on standard error while the block runs."""
    columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=ERR, transient=True) as progress:
        task = progress.add_task(words, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=max(done, total))
