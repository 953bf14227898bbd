"""`kontor events`: what sources sent, and what became of it."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from bootstrap.installation import Installation
from cli.connection import installation
from cli.durations import DURATION, hours
from cli.subscriptions import out, resume
from cli.terminal import EXIT_FOUND, EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail, listing
from contracts.counted import counted
from contracts.event import EventReception, EventRecord, EventStanding
from contracts.office import decoded, lines_of
from memory.authoritative.events import EventFilter
from service.operator import operator
from service.reception import hand_in
from service.silence import silent_sources
from service.words import when

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "What sources sent, and what became of it.\n\n"
        "Example: kontor events list --standing quarantined, then kontor events show 17"
    ),
)
app.command()(out)
app.command()(resume)
COLOURS = {EventStanding.WAITING: "cyan", EventStanding.QUARANTINED: "red", EventStanding.TOO_LATE: "yellow"}
LONGEST_SHOWN_CHARS = 2_000

Number = Annotated[int, typer.Argument(help="The event's number, as the list shows it.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
SourceOption = Annotated[str, typer.Option(help="Only this source.")]
Within = Annotated[
    timedelta | None,
    typer.Option("--hours", parser=hours, metavar=DURATION, help="Only of the last hours, or 90m, 2d."),
]
Limit = Annotated[int, typer.Option(min=1, max=MOST_LISTED, help="At most so many, the newest first.")]


@app.command()
def submit(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(help="A file of the office's sources/, without .toml.")],
    file: Annotated[str, typer.Argument(help="A file of JSON lines, or - for standard input.")],
    as_json: JsonFlag = False,
) -> None:
    """Hand in events as their source would have sent them, one a line; no signature is asked for.

    A line is a CloudEvent in JSON, or what the source sends as a body. One that came before is not taken
    up again. The exit code is 1 if a line is none, or its id came before with other content.

    Example: kontor events submit webshop missed.jsonl
    """
    kontor = installation(ctx)
    known = kontor.event_sources
    if source not in known:
        fail(f"no source {source!r}; there is: {', '.join(known) or 'none'}", EXIT_USAGE)
    told: list[dict[str, Any]] = []
    for number, event, kept in hand_in(known[source], kontor.events, _lines(file)):
        if kept is None or isinstance(event, str):
            told.append({"line": number, "refused": event})
        else:
            told.append({"line": number, "id": event.id, "outcome": kept[0].value, "standing": kept[1].value})
    good = (EventReception.NEW.value, EventReception.KNOWN.value)
    bad = [each for each in told if each.get("outcome") not in good]
    if as_json:
        emit_json(told)
    else:
        for each in bad:
            why = each.get("refused") or f"{each['id']} is {each['outcome']}"
            OUT.print(f"line {each['line']}: {escape(str(why))}", soft_wrap=True, highlight=False)
        fresh = sum(each.get("outcome") == EventReception.NEW.value for each in told)
        OUT.print(f"{counted(fresh, 'event')} kept, {len(told) - fresh - len(bad)} known, {len(bad)} bad")
    if bad:
        raise typer.Exit(EXIT_FOUND)


@app.command(name="list")
def list_(
    ctx: typer.Context,
    source: SourceOption = "",
    standing: Annotated[str, typer.Option(help=", ".join(EventStanding) + ".")] = "",
    within: Within = None,
    limit: Limit = 50,
    as_json: JsonFlag = False,
) -> None:
    """List events, the newest first, with what became of each.

    Example: kontor events list --source webshop --standing quarantined
    """
    kontor = installation(ctx)
    found = kontor.events.newest(_filter(source, standing, within, limit))
    if as_json:
        emit_json([_as_json(event) for event in found])
        return
    OUT.print(_table(found, kontor))
    for each in kontor.events.backlog():
        OUT.print(f"{each.source}: {each.waiting} waiting, {each.quarantined} in quarantine")
    for silent in silent_sources(kontor, datetime.now(UTC)):
        OUT.print(f"[yellow]{silent.source} is {silent.words(kontor.zone)}[/]", soft_wrap=True)


@app.command()
def show(
    ctx: typer.Context,
    number: Number,
    as_json: JsonFlag = False,
) -> None:
    """Show one event: what came, byte for byte, and what became of it.

    Example: kontor events show 17
    """
    kontor = installation(ctx)
    event = _event(kontor, number)
    if as_json:
        emit_json(_as_json(event) | {"body": event.body.decode(errors="replace")})
        return
    facts = {
        "event": f"{event.id} of {event.source}, {event.type}",
        "about": event.key or "-",
        "came": when(event.received_at, kontor.zone) + (", fetched" if event.fetched else ""),
        "stands": f"{event.standing.value}{f': {event.why}' if event.why else ''}",
        "case": event.case_id or "-",
        "digest": event.digest,
    }
    for name, value in facts.items():
        OUT.print(f"[bold]{name:7}[/] {escape(value)}", soft_wrap=True, highlight=False)
    OUT.print(event.body.decode(errors="replace")[:LONGEST_SHOWN_CHARS], markup=False, highlight=False)


@app.command()
def replay(
    ctx: typer.Context,
    numbers: Annotated[
        list[int] | None, typer.Argument(help="Events by their numbers; else those that the options name.")
    ] = None,
    source: SourceOption = "",
    standing: Annotated[str, typer.Option(help="Which ones, unless numbers are given.")] = "quarantined",
    within: Within = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which ones it would be.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Let events be taken up again, for instance after their source's file was mended.

    What an event started is found started: nothing runs twice. A worker looks for them within seconds.

    Example: kontor events replay --source webshop --dry-run
    """
    kontor = installation(ctx)
    if numbers:
        chosen = [_event(kontor, number) for number in numbers]
    else:
        chosen = kontor.events.newest(_filter(source, standing, within, MOST_LISTED))
    positions = [event.position for event in chosen if event.standing is not EventStanding.WAITING]
    again = sorted(positions) if dry_run else kontor.events.replay(positions)
    if as_json:
        emit_json({"replayed" if not dry_run else "would_replay": again})
        return
    words = "would be taken up again" if dry_run else "will be taken up again"
    named = f": {', '.join(map(str, again))}" if again else ""
    OUT.print(f"{counted(len(again), 'event')} {words}{named}", soft_wrap=True)


@app.command()
def quarantine(
    ctx: typer.Context,
    number: Number,
    why: Annotated[str, typer.Option(help="Why; it stands beside the event.")],
    as_json: JsonFlag = False,
) -> None:
    """Put an event aside that waits, so that nothing is done about it until it is replayed.

    Example: kontor events quarantine 17 --why "the shop says it is a test"
    """
    kontor = installation(ctx)
    event = _event(kontor, number)
    if not kontor.events.put_aside(number, f"{why} ({operator()})"):
        fail(f"event {number} does not wait: it is {event.standing.value}")
    if as_json:
        emit_json(_as_json(_event(kontor, number)))
    else:
        OUT.print(f"event {number} of {event.source} is put aside")


def _lines(file: str) -> list[str]:
    try:
        given = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error}", EXIT_USAGE)
    return lines_of(decoded(given, errors="surrogateescape"))


def _event(kontor: Installation, number: int) -> EventRecord:
    found = kontor.events.find(number)
    return found or fail(f"no event {number}; `kontor events list` shows them", EXIT_USAGE)


def _filter(source: str, standing: str, within: timedelta | None, limit: int) -> EventFilter:
    if standing and standing not in set(EventStanding):
        fail(f"no standing {standing!r}; there is: {', '.join(EventStanding)}", EXIT_USAGE)
    return EventFilter(
        source=source,
        standing=EventStanding(standing) if standing else None,
        since=datetime.now(UTC) - within if within else None,
        limit=limit,
    )


def _as_json(event: EventRecord) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude={"body"}) | {"bytes": len(event.body)}


def _table(found: Sequence[EventRecord], kontor: Installation) -> Table:
    rows = []
    for event in found:
        colour = COLOURS.get(event.standing, "green")
        rows.append(
            (
                str(event.position),
                when(event.received_at, kontor.zone),
                escape(event.source),
                escape(event.type),
                escape(event.id),
                f"[{colour}]{event.standing.value}[/]",
                escape(event.case_id or event.why),
            )
        )
    headers = ("number", "came", "source", "type", "id", "stands", "case or why")
    return listing(headers, rows, ids=("number", "id"))
