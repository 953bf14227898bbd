"""`kontor people`: who works here, and how they get into the console."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape

from cli.connection import installation
from cli.durations import DURATION, hours
from cli.terminal import EXIT_USAGE, OUT, emit_json, fail, listing
from service.operator import operator
from service.signing_in import INVITED_FOR, NotOnStaff
from service.staff import StaffInForce
from service.words import when

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Who works here, and how they get into the console.\n\n"
        "Example: kontor people list, then kontor people invite ben"
    ),
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
    """List the staff: roles, passkeys, and where they are signed in.

    Example: kontor people list
    """
    kontor = installation(ctx)
    now = datetime.now(UTC)
    people = StaffInForce(kontor).now().people
    passkeys = {person: kontor.passkeys.of(person) for person in people}
    sessions = {person: kontor.sessions.of(person, now) for person in people}
    if as_json:
        emit_json(
            {
                person: member.model_dump(mode="json")
                | {"passkeys": len(passkeys[person])}
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
            str(len(passkeys[person]) or "-"),
            when(sessions[person][0].seen_at, kontor.zone) if sessions[person] else "-",
        )
        for person, member in people.items()
    )
    OUT.print(listing(("person", "name", "roles", "passkeys", "signed in, last seen"), rows, ids=["person"]))
