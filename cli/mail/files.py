"""`kontor mail read` and `sort`: what Kontor reads in files of mail, and where each would belong."""

import mailbox
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.terminal import EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail, listing
from mail.index import MailIndex
from mail.known import tag_of
from mail.message import Mail, Unreadable
from mail.place import place
from mail.reading import read_mail
from mail.signs import written_by
from mail.topic import stated

LONGEST_SHOWN_CHARS = 2_000
MBOX = b"From "

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


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


def sort_(
    file: Annotated[str, typer.Argument(help="An mbox, its mails in the order in which they came in.")],
    own: Annotated[
        list[str] | None, typer.Option(help="An address of ours: mail from it is our own. May be repeated.")
    ] = None,
    key: Annotated[
        str, typer.Option(help="What a case is about, as a regular expression: an order's number.")
    ] = r"(?!)",
    as_json: JsonFlag = False,
) -> None:
    r"""Show where each mail would belong: a copy, a machine's, a conversation that it joins, or a new one.

    Three questions, each with its reason: is it the same message, the same thread, the same case? Nothing is
    kept. A mail joins only where its sender takes part; what it may have to do with besides is only linked.

    Example: kontor mail sort inbox.mbox --own service@example.com --key "\b[0-9]{5}\b"
    """
    ours = {address.lower() for address in own or ()}
    try:
        pattern = re.compile(key)
    except re.error as wrong:
        fail(f"--key: {wrong}", EXIT_USAGE)
    index, told = MailIndex(ours), []
    for number, raw in enumerate(mails_of(file), start=1):
        told.append({"number": number, **_sorted(read_mail(raw), index, ours, pattern)})
    if as_json:
        emit_json(told)
        return
    headers = ("number", "what", "conversation", "subject", "why")
    rows = [tuple(escape(str(each[name])) for name in headers) for each in told]
    OUT.print(listing(headers, rows, ids=("number", "conversation")))


def _sorted(mail: Mail | Unreadable, index: MailIndex, own: set[str], key: re.Pattern[str]) -> dict[str, Any]:
    """Return in words where a mail belongs, and keep it in the index."""
    if isinstance(mail, Unreadable):
        return {"what": "not read", "conversation": "", "subject": "", "why": mail.why, "linked": []}
    said: dict[str, Any] = {"conversation": "", "subject": mail.subject, "linked": []}
    if (written := written_by(mail, own)).machine:
        return said | {"what": f"a machine's ({written.machine})", "why": written.why}
    keys = stated(mail, key)
    placed = place(mail, index.known(mail, keys), keys)
    index.add(mail, placed)
    if placed.same_as:
        return said | {"what": "a copy", "conversation": tag_of(placed.same_as), "why": placed.why}
    what = f"joins ({placed.join})" if placed.join else "begins"
    linked = [tag_of(each) for each in placed.linked]
    why = placed.why + (f" (see {', '.join(linked)})" if linked else "")
    return said | {"what": what, "conversation": tag_of(placed.conversation), "why": why, "linked": linked}


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
