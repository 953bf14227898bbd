"""`kontor mail`: what came in as mail, where each belongs and why, and a person's word about it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from bootstrap.installation import Installation
from cli.connection import installation
from cli.durations import DURATION, hours
from cli.mail.files import LONGEST_SHOWN_CHARS, mails_of, read, sort_
from cli.terminal import EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail, listing
from connectors.mailboxes.imap import AWAY
from connectors.secrets import SecretsUnavailable
from contracts.counted import counted
from contracts.mailbox import Mailbox
from mail.arrival import Fate, KeptMail
from mail.known import tag_of
from mail.message import Mail
from mail.reading import read_mail
from mail.reply_address import reply_address
from memory.authoritative.mails.keeping import MailboxFull
from memory.authoritative.mails.lists import MailFilter
from memory.authoritative.mails.moving import CannotMove
from service.mail_account import MailboxAccount, account_for
from service.operator import operator
from service.post import take_in
from service.words import when

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "What came in as mail, where each belongs, and why.\n\n"
        "Example: kontor mail list --fate joins, then kontor mail why 17"
    ),
)
app.command()(read)
app.command(name="sort")(sort_)
COLOURS = {Fate.BEGINS: "green", Fate.JOINS: "cyan", Fate.UNREADABLE: "red"}

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Number = Annotated[int, typer.Argument(help="The mail's number, as the list shows it.")]


@app.command()
def submit(
    ctx: typer.Context,
    mailbox: Annotated[str, typer.Argument(help="A table of the office's mailboxes.toml.")],
    file: Annotated[str, typer.Argument(help="A mail (.eml), an mbox of several, or - for standard input.")],
    as_json: JsonFlag = False,
) -> None:
    """Take mail in, as if it lay in the mailbox; a mail server can pipe each one here.

    Each is kept before this returns, whatever it is; the same again changes nothing. A worker takes it up
    within seconds. The exit code is 1 if too many wait already; then nothing more was kept.

    Example: kontor mail submit support letter.eml
    """
    kontor = installation(ctx)
    box = _box(kontor, mailbox)
    numbers = []
    for raw in mails_of(file):
        try:
            numbers.append(take_in(kontor, box, raw))
        except MailboxFull as full:
            fail(f"{full}; {counted(len(numbers), 'mail')} of the file were kept, hand it in again later")
    kept = [_mail(kontor, number) for number in numbers]
    if as_json:
        emit_json([each.model_dump(mode="json") for each in kept])
    else:
        OUT.print(_table(kept, kontor))


@app.command(name="list")
def list_(
    ctx: typer.Context,
    mailbox: Annotated[str, typer.Option(help="Only this mailbox.")] = "",
    fate: Annotated[str, typer.Option(help=", ".join(Fate) + ".")] = "",
    within: Annotated[
        timedelta | None,
        typer.Option("--hours", parser=hours, metavar=DURATION, help="Only of the last hours, or 90m, 2d."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_LISTED, help="At most so many, newest first.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List mails, the newest first, with what became of each.

    Example: kontor mail list --mailbox support --fate begins
    """
    if fate and fate not in set(Fate):
        fail(f"no fate {fate!r}; there is: {', '.join(Fate)}", EXIT_USAGE)
    kontor = installation(ctx)
    since = datetime.now(UTC) - within if within else None
    wanted = MailFilter(mailbox=mailbox, fate=Fate(fate) if fate else None, since=since, limit=limit)
    found = kontor.mail_lists.newest(wanted)
    if as_json:
        emit_json([each.model_dump(mode="json") for each in found])
        return
    OUT.print(_table(found, kontor))
    for name, fates in sorted(kontor.mail_lists.counts().items()):
        OUT.print(f"{name}: " + ", ".join(f"{count} {fate.value}" for fate, count in fates.items()))


@app.command()
def show(ctx: typer.Context, number: Number, as_json: JsonFlag = False) -> None:
    """Show one mail: what stands in it, its conversation, and the address that its answers may come to.

    Example: kontor mail show 17
    """
    kontor = installation(ctx)
    found = _mail(kontor, number)
    raw = kontor.mail_lists.raw(number)
    words = read_mail(raw) if raw is not None else None
    text = words.text if isinstance(words, Mail) else ""
    together = (
        kontor.mail_lists.newest(MailFilter(conversation=found.conversation, limit=MOST_LISTED))
        if found.conversation
        else []
    )
    address = _reply_address(kontor, found)
    if as_json:
        said = found.model_dump(mode="json") | {"text": text, "reply_address": address}
        emit_json(said | {"conversation_mails": [each.number for each in reversed(together)]})
        return
    _print_facts(
        {
            "from": found.sender,
            "subject": found.subject,
            "came": f"{when(found.arrived_at, kontor.zone)} in {found.mailbox}",
            "case": found.case_id,
            "tag": f"[{tag_of(found.conversation)}]" if found.conversation else "",
            "answers": address,
            "with": ", ".join(str(each.number) for each in reversed(together) if each.number != number),
        }
    )
    gone = "its bytes are not kept any more" if raw is None else "nothing in it is text"
    OUT.print(text[:LONGEST_SHOWN_CHARS] or f"({gone})", markup=False, highlight=False)


@app.command()
def why(ctx: typer.Context, number: Number, as_json: JsonFlag = False) -> None:
    """Say why a mail is where it is: each question's answer, and what came of it.

    Example: kontor mail why 17
    """
    kontor = installation(ctx)
    found = _mail(kontor, number)
    linked = [kontor.mail_lists.of_digest(each) for each in found.linked]
    names = [f"{each.number} ({each.subject})" for each in linked if each is not None]
    same = kontor.mail_lists.of_digest(found.same_as) if found.same_as else None
    reasons = {
        "fate": f"{found.fate.value}: {found.why}",
        "copy of": str(same.number) if same else "",
        "joined by": found.join.value if found.join else "",
        "states": ", ".join(found.keys),
        "proved by": found.proof or ("nothing" if found.conversation else ""),
        "may touch": ", ".join(names),
        "moved": found.moved,
        "came of it": f"{found.standing}{f': {found.standing_why}' if found.standing_why else ''}",
        "case": found.case_id,
    }
    if as_json:
        emit_json({"number": number, **{name.replace(" ", "_"): value for name, value in reasons.items()}})
    else:
        _print_facts(reasons)


@app.command()
def unjoin(
    ctx: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option("--why", help="Why; it stands beside the mail.")],
    as_json: JsonFlag = False,
) -> None:
    """Take a mail out of the conversation that it joined, with the mails that answer it.

    It begins a conversation, and so a case, of its own; the old case's log says that it left.

    Example: kontor mail unjoin 17 --why "another customer's order"
    """
    kontor = installation(ctx)
    _mail(kontor, number)
    try:
        moved = kontor.mail_moves.unjoin(number, reason, operator(), datetime.now(UTC))
    except CannotMove as cannot:
        fail(str(cannot))
    if as_json:
        emit_json({"moved": moved})
    else:
        OUT.print(f"{counted(len(moved), 'mail')} moved: {', '.join(map(str, moved))}", highlight=False)


@app.command()
def accept(ctx: typer.Context, number: Number, as_json: JsonFlag = False) -> None:
    """Vouch for the sender of a mail that stands aside because nothing proves it: its case begins.

    Example: kontor mail accept 17
    """
    kontor = installation(ctx)
    _mail(kontor, number)
    try:
        aside = kontor.mail_moves.vouch(number, operator(), datetime.now(UTC))
    except CannotMove as cannot:
        fail(str(cannot))
    again = kontor.events.replay(aside)
    if as_json:
        emit_json({"replayed": again})
    else:
        OUT.print(f"{counted(len(again), 'mail')} of its conversation will be taken up", highlight=False)
    if not again:
        raise typer.Exit(EXIT_FOUND)


@app.command()
def reconcile(
    ctx: typer.Context,
    mailbox: Annotated[str, typer.Argument(help="Only this one; else all that are followed over IMAP.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is missing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Hold mailboxes against the books: each mail there has a fate, with its reason.

    What is missing is taken in. The exit code is 1 if something is left missing, 3 if a mailbox cannot be
    opened.

    Example: kontor mail reconcile support --dry-run
    """
    kontor = installation(ctx)
    boxes = [_box(kontor, mailbox)] if mailbox else list(kontor.mailboxes.values())
    followed = [box for box in boxes if box.imap is not None]
    if not followed:
        fail("no mailbox has an [NAME.imap]: what is handed in is kept, or said no to, at once", EXIT_USAGE)
    accounts = [_account(kontor, box, take=not dry_run) for box in followed]
    if as_json:
        emit_json([each.model_dump(mode="json") for each in accounts])
    for each in () if as_json else accounts:
        fates = (
            ", ".join(f"{count} {fate.value}" for fate, count in each.fates.items()) or "none in the books"
        )
        OUT.print(f"{each.mailbox}: {counted(each.lie, 'mail')}: {fates}", highlight=False)
        OUT.print(
            f"  {len(each.taken)} taken in now, {each.waiting} wait, {each.aside} stand aside",
            highlight=False,
        )
        if each.missing:
            OUT.print(f"  missing: {', '.join(map(str, each.missing))}", soft_wrap=True, highlight=False)
    if any(each.missing for each in accounts):
        raise typer.Exit(EXIT_FOUND)


def _account(kontor: Installation, box: Mailbox, *, take: bool) -> MailboxAccount:
    try:
        return account_for(kontor, box, take=take)
    except MailboxFull as full:
        fail(f"{full}; reconcile again later")
    except (*AWAY, KeyError, SecretsUnavailable) as away:
        fail(f"the mailbox {box.name} cannot be opened: {away}", EXIT_UNREACHABLE)


def _box(kontor: Installation, name: str) -> Mailbox:
    known = kontor.mailboxes
    return known.get(name) or fail(f"no mailbox {name!r}; there is: {', '.join(known) or 'none'}", EXIT_USAGE)


def _mail(kontor: Installation, number: int) -> KeptMail:
    found = kontor.mail_lists.find(number)
    return found or fail(f"no mail {number}; `kontor mail list` shows them", EXIT_USAGE)


def _reply_address(kontor: Installation, mail: KeptMail) -> str:
    """Return the address that joins whoever answers to it; empty where there is none."""
    box = kontor.mailboxes.get(mail.mailbox)
    token = kontor.mail_lists.token(mail.conversation) if mail.conversation else ""
    return reply_address(box.address, token) if box and token else ""


def _print_facts(facts: dict[str, str]) -> None:
    for name, value in facts.items():
        OUT.print(f"[bold]{name:10}[/] {escape(value or '-')}", soft_wrap=True, highlight=False)


def _table(found: Sequence[KeptMail], kontor: Installation) -> Table:
    rows: list[tuple[str, ...]] = []
    for each in found:
        colour = COLOURS.get(each.fate, "dim")
        cells: list[Any] = [each.mailbox, each.sender, each.subject]
        rows.append(
            (
                str(each.number),
                when(each.arrived_at, kontor.zone),
                *(escape(str(cell)) for cell in cells),
                f"[{colour}]{each.fate.value}[/]",
                escape(each.case_id or each.standing_why or each.standing or each.why),
            )
        )
    headers = ("number", "came", "mailbox", "from", "subject", "fate", "case or why")
    return listing(headers, rows, ids=("number",))
