"""`kontor mail`: what Kontor reads in mails, and who or what it takes their writer for."""

import mailbox
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.terminal import EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail
from mail.message import Mail, Unreadable
from mail.reading import read_mail
from mail.signs import written_by

app = typer.Typer(
    no_args_is_help=True,
    help="What Kontor reads in mails, and what becomes of them. Example: kontor mail read letter.eml",
)
LONGEST_SHOWN_CHARS = 2_000
MBOX = b"From "

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def read(
    file: Annotated[str, typer.Argument(help="A mail (.eml), an mbox of several, or - for standard input.")],
    own: Annotated[
        list[str] | None, typer.Option(help="An address of ours: mail from it is our own. May be repeated.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what is read in a mail: who wrote what, what hangs on it, and whether a machine wrote it.

    Nothing is kept and nothing is answered. The exit code is 1 if one of them cannot be read.

    Example: kontor mail read letter.eml --own service@example.com
    """
    ours = {address.lower() for address in own or ()}
    found = [read_mail(raw) for raw in mails_of(file)]
    if as_json:
        emit_json([_as_json(each, ours) for each in found])
    else:
        for each in found:
            _show(each, ours)
    if any(isinstance(each, Unreadable) for each in found):
        raise typer.Exit(EXIT_FOUND)


def mails_of(file: str) -> Iterator[bytes]:
    """Yield the mails of a file, an mbox or standard input, each as it came; leave where there is none."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error}", EXIT_USAGE)
    if file == "-" or not raw.startswith(MBOX):
        yield raw
        return
    box = mailbox.mbox(file, create=False)
    try:
        for key in box.iterkeys():
            yield box.get_bytes(key)
    finally:
        box.close()


def _as_json(mail: Mail | Unreadable, own: set[str]) -> dict[str, Any]:
    said = mail.model_dump(mode="json")
    if isinstance(mail, Mail):
        said["written_by"] = written_by(mail, own).model_dump(mode="json")
    return said


def _show(mail: Mail | Unreadable, own: set[str]) -> None:
    if isinstance(mail, Unreadable):
        OUT.print(f"[red]not read[/] {escape(mail.why)} ({mail.digest})", soft_wrap=True, highlight=False)
        return
    written = written_by(mail, own)
    hangs = ", ".join(f"{each.name} ({each.type}, {each.size} bytes)" for each in mail.attachments)
    facts = {
        "from": f"{mail.sender.name} <{mail.sender.address}>".strip(),
        "to": ", ".join(each.address for each in mail.recipients),
        "sent": f"{mail.date:%Y-%m-%d %H:%M:%S} UTC" if mail.date else "",
        "subject": mail.subject,
        "id": mail.message_id,
        "answers": ", ".join(mail.in_reply_to),
        "by": f"a machine ({written.machine.value}): {written.why}" if written.machine else "a person",
        "with": hangs,
        "left out": ", ".join(mail.left_out),
    }
    for name, value in facts.items():
        OUT.print(f"[bold]{name:8}[/] {escape(value or '-')}", soft_wrap=True, highlight=False)
    OUT.print(mail.text[:LONGEST_SHOWN_CHARS] + "\n", markup=False, highlight=False)
