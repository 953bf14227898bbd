"""`kontor people`: who works here, and how they get into the console."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape

from cli.connection import installation
from cli.durations import DURATION, hours
from cli.terminal import EXIT_FOUND, EXIT_USAGE, OUT, emit_json, fail, listing
from service.identity import account, bind, bound, unbind
from service.operator import operator
from service.signing_in import INVITED_FOR, NotOnStaff
from service.staff import StaffInForce
from service.words import when

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Who works here, how they get into the console, and whom this machine's accounts are.\n\n"
        "Once anybody has a passkey or a bound account, an answer or undo counts only with a proof: a name "
        "alone is kept as an attempt.\n\n"
        "Example: kontor people list, then kontor people invite ben"
    ),
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="A person of the office's staff.toml.")]
Account = Annotated[
    str, typer.Option("--account", help="Another account than yours, as `kontor people list` writes it.")
]


@app.command()
def invite(
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(help="A person of the office's staff.toml.")],
    good_for: Annotated[
        timedelta,
        typer.Option("--hours", parser=hours, metavar=DURATION, help="How long it is good: hours, or 90m."),
    ] = INVITED_FOR,
    as_json: Json = False,
) -> None:
    """Print a link that lets one person into the console, once; there they enrol a passkey.

    It is a secret: give it to that person alone. Who lost their passkey gets in by another one; that it was
    made, and by whom, is on record.

    Example: kontor people invite ben
    """
    kontor = installation(ctx)
    now = datetime.now(UTC)
    try:
        link = kontor.entrance.invite(person, operator(), now, good_for)
    except NotOnStaff as stranger:
        fail(str(stranger), EXIT_USAGE)
    if as_json:
        emit_json({"person": person, "link": link, "expires_at": now + good_for})
        return
    typer.echo(link)
    OUT.print(f"for {person} alone, once, until {when(now + good_for, kontor.zone)}", highlight=False)


@app.command(name="list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the staff: roles, accounts, passkeys, where they are signed in; and who you are here.

    Example: kontor people list
    """
    kontor = installation(ctx)
    now = datetime.now(UTC)
    people = StaffInForce(kontor).now().people
    accounts = {person: [one.credential for one in kontor.people.of(person)] for person in people}
    passkeys = {person: kontor.passkeys.of(person) for person in people}
    sessions = {person: kontor.sessions.of(person, now) for person in people}
    if as_json:
        emit_json(
            {
                person: member.model_dump(mode="json")
                | {"accounts": accounts[person], "passkeys": len(passkeys[person])}
                | {"sessions": [each.model_dump(mode="json") for each in sessions[person]]}
                for person, member in people.items()
            }
        )
        return
    rows = (
        (
            person,
            escape(member.name),
            ", ".join(member.roles),
            escape(", ".join(accounts[person]) or "-"),
            str(len(passkeys[person]) or "-"),
            when(sessions[person][0].seen_at, kontor.zone) if sessions[person] else "-",
        )
        for person, member in people.items()
    )
    titles = ("person", "name", "roles", "accounts", "passkeys", "signed in, last seen")
    OUT.print(listing(titles, rows, ids=["person"]))
    OUT.print(f"you are {account(kontor)}: {', '.join(bound(kontor)) or 'nobody'}", highlight=False)


@app.command(name="bind")
def bind_(ctx: typer.Context, person: Name, to: Account = "", as_json: Json = False) -> None:
    """Let your account of the operating system prove to be a person.

    It may be bound to several people who share a machine; whoever uses it is then any of them.

    Example: kontor people bind ben
    """
    kontor = installation(ctx)
    if person not in StaffInForce(kontor).now().people:
        fail(f"nobody named {person!r} is on the staff: staff.toml names them", EXIT_USAGE)
    found = bind(kontor, person, to)
    if as_json:
        emit_json(found.model_dump(mode="json"))
    else:
        OUT.print(f"{found.credential} proves to be {person}", highlight=False)


@app.command(name="unbind")
def unbind_(ctx: typer.Context, person: Name, to: Account = "", as_json: Json = False) -> None:
    """Let an account prove to be a person no more.

    Example: kontor people unbind ben
    """
    kontor = installation(ctx)
    gone = unbind(kontor, person, to)
    if as_json:
        emit_json({"person": person, "unbound": gone})
    if not gone:
        fail(f"{to or account(kontor)} is not bound to {person}", EXIT_FOUND)
    if not as_json:
        OUT.print(f"{to or account(kontor)} is {person} no more", highlight=False)
