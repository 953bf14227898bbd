"""`kontor audit`: proof that the episode log is whole and that the books are what it says, and its export."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DBAPIError

from bootstrap.installation import Installation
from cli.connection import installation
from cli.terminal import ERR, EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from cli.views.audit import audit_lines, signature_lines
from contracts.counted import counted
from memory.authoritative.approvals.signed import decided_requests
from memory.episodic.anchor import APPENDS, PERIOD
from memory.episodic.chain import key_id
from memory.episodic.export import ExportBroken, export_log, verify_file
from memory.episodic.verify import Progress as Told
from memory.episodic.verify import Report, Unreadable, verify_log
from service.signed_decisions import SignatureReport, WantedSignatures, verify_decisions

app = typer.Typer(no_args_is_help=True, help="Prove that the log of what happened is whole, or export it.")

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_PUBLIC_KEY_DIGITS = 64


@app.command()
def verify(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option("--file", exists=True, dir_okay=False, help="Verify an export instead of the database."),
    ] = None,
    public_key: Annotated[
        str, typer.Option(help="Whose signature to trust, 64 hex digits; default: this office's own key.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Read the whole log, hold the books against it, and name each episode and row that was tampered with.

    Episodes: changed, removed, moved, or cut off the end. Rows of cases, permits, effects, calls, approvals,
    answers and divergences: changed, and from what to what; gone; or without an episode that tells of them.
    Decisions that a passkey signed: its signature is verified again, and whose passkey it was; and those that
    policy wanted one for and nobody signed.

    Leaves with 0 if all is whole and with 1 if anything is wrong. Examples:

        kontor audit verify
        kontor audit verify --file audit.jsonl --public-key 3f9a…
    """
    kontor = installation(ctx)
    if public_key and not _is_key(public_key):
        fail("--public-key takes 64 hex digits, as `kontor audit key` prints them", EXIT_USAGE)
    try:
        with _bar("verifying") as on_progress:
            report = _verified(kontor, file, public_key, on_progress)
        signed = _signed(kontor) if file is None else SignatureReport()
    except ExportBroken as broken:
        fail(str(broken))
    except DBAPIError as error:
        fail(f"the database cannot be read: {error.orig}")
    if as_json:
        emit_json(_as_json(report) | {"signatures": signed.model_dump(mode="json")})
    else:
        for line in audit_lines(report, places_by_default=_by_default(kontor) if file is None else ()):
            OUT.print(line, soft_wrap=True)
        for line in signature_lines(signed):
            OUT.print(line, soft_wrap=True)
    if not report.whole or signed.findings:
        raise typer.Exit(EXIT_FOUND)


def _signed(kontor: Installation) -> SignatureReport:
    requests = decided_requests(kontor.database)
    return verify_decisions(requests, kontor.approvals, kontor.passkeys, WantedSignatures(kontor))


def _verified(kontor: Installation, file: Path | None, public_key: str, on_progress: Told) -> Report:
    if file is not None:
        return verify_file(file, public_key or None, on_progress)
    trusted = public_key or kontor.audit_signer.public_key()
    return verify_log(kontor.database, kontor.anchor_places, trusted, on_progress)


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where the JSON lines go.")],
) -> None:
    """Write the log and its signed head to a file that can be verified without this office.

    Example: kontor audit export audit.jsonl
    """
    kontor = installation(ctx)
    public_key = kontor.audit_signer.public_key()
    try:
        with _bar("exporting") as on_progress:
            head = export_log(kontor.database, file, public_key, on_progress)
    except Unreadable as unreadable:
        fail(f"{unreadable}; `kontor audit verify` says more")
    OUT.print(
        f"{counted(head.count, 'episode')} in {file}, signed by the key {key_id(public_key)}", soft_wrap=True
    )
    OUT.print(f"verify with: kontor audit verify --file {file} --public-key {public_key}", soft_wrap=True)


@app.command()
def anchor(ctx: typer.Context) -> None:
    """Keep the log's signed head outside the database now; the worker does it by itself.

    Example: kontor audit anchor
    """
    kontor = installation(ctx)
    try:
        head = kontor.episodes.anchor()
    except OSError as error:
        fail(f"the head is not kept everywhere: {error}")
    places = " and ".join(kontor.anchor_places)
    OUT.print(f"{counted(head.count, 'episode')}, head {head.hash[:16]}, kept in {places}", soft_wrap=True)


@app.command()
def key(ctx: typer.Context) -> None:
    """Print the public key that verifies this office's exports.

    Example: kontor audit key
    """
    kontor = installation(ctx)
    typer.echo(kontor.audit_signer.public_key())


def _is_key(text: str) -> bool:
    return len(text) == _PUBLIC_KEY_DIGITS and all(digit in "0123456789abcdef" for digit in text)


def _as_json(report: Report) -> dict[str, object]:
    lag = {"episodes": APPENDS, "seconds": PERIOD.total_seconds()}
    return report.model_dump() | {
        "whole": report.whole,
        "anchors": report.anchors,
        "without_head": report.without_head,
        "a_head_every": lag,
    }


def _by_default(kontor: Installation) -> tuple[str, ...]:
    """Return the place for heads that nobody chose: it lies beside the database's own files."""
    own = kontor.settings
    return () if own.audit_anchor or own.audit_sink else (str(own.audit_anchor_file),)


@contextmanager
def _bar(words: str) -> Iterator[Told]:
    """Show a progress bar on standard error while the block runs."""
    columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=ERR, transient=True) as progress:
        task = progress.add_task(words, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=max(done, total))
