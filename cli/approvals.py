"""`kontor approvals`: what waits for a person; its answers are in `cli.answers`."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, get_args

import typer

from cli.amounts import office_amount
from cli.answers import (
    Desk,
    JsonFlag,
    Least,
    Most,
    approve,
    clarify,
    delegate,
    edit,
    reject,
    request_named,
)
from cli.connection import connect_or_leave, installation
from cli.durations import DURATION, days, hours, span
from cli.terminal import EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail
from cli.views.approval import overrides_table, queue_table, show_record
from contracts.approvals.overrides import Grouping, overrides
from contracts.approvals.queue import ApprovalFilter
from service.approvals import listed as listed_to

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "What waits for a person, and the answers.\n\n"
        "Example: kontor approvals list --as ben, then kontor approve ask-3f2a --as ben --note 'saw it'"
    ),
)


@app.command(name="list")
def list_(
    ctx: typer.Context,
    person: Annotated[
        str,
        typer.Option(
            "--as", envvar="KONTOR_PERSON", help="Only what this person may answer; it counts as seen."
        ),
    ] = "",
    role: Annotated[str, typer.Option(help="Only what asks this role, now or later.")] = "",
    desk: Desk = "",
    older_than: Annotated[
        timedelta | None,
        typer.Option(parser=span, metavar=DURATION, help="Only what was asked longer ago, as 90m, 4h, 2d."),
    ] = None,
    due_within: Annotated[
        timedelta | None,
        typer.Option(parser=span, metavar=DURATION, help="Only what ends within, as 90m, 4h, 2d."),
    ] = None,
    least: Least = "",
    most: Most = "",
    status: Annotated[str, typer.Option(help="waiting, an outcome, or all.")] = "waiting",
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_LISTED, help="At most so many, the oldest first.")
    ] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List what waits, the oldest first.

    Example: kontor approvals list --as ben --older-than 4h --min 200
    """
    kontor = installation(ctx)
    now = datetime.now(UTC)
    wanted = ApprovalFilter(
        status="" if status == "all" else status,
        desk=desk,
        role=role,
        min_cents=office_amount(kontor, least, "--min"),
        max_cents=office_amount(kontor, most, "--max"),
        asked_before=now - older_than if older_than else None,
        due_before=now + due_within if due_within else None,
        limit=max(limit, 200) if person or role else limit,
    )
    found = listed_to(kontor, wanted, person, limit, now)
    if as_json:
        emit_json([entry.model_dump(mode="json") for entry in found])
        return
    OUT.print(queue_table(found, now, kontor.zone))
    counts = sorted(kontor.approval_queue.counts().items())
    OUT.print(" · ".join(f"{outcome} {count}" for outcome, count in counts) or "nothing was ever asked")


@app.command()
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A request id (or its beginning), or the case's id.")],
    person: Annotated[
        str, typer.Option("--as", envvar="KONTOR_PERSON", help="It counts as seen by them.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Show one request: what would be done, why a person is asked, the evidence, the answers so far.

    Example: kontor approvals show ask-3f2a9c
    """
    kontor = installation(ctx)
    record = kontor.approvals.find(request_named(kontor, name))
    assert record is not None, "the queue named it"
    if person:
        wanted = ApprovalFilter(status="", limit=1, ids=(record.request.id,))
        queue, now = kontor.approval_queue, datetime.now(UTC)
        queue.show_to(person, queue.entries(wanted), now)
        kontor.attention.shown(record.request.id, person, now)
    if as_json:
        emit_json(record.model_dump(mode="json"))
    else:
        show_record(record, kontor.zone)


for _answer in (approve, reject, edit, clarify, delegate):
    app.command()(_answer)


@app.command()
def token(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A request id (or its beginning), or the case's id.")],
    person: Annotated[str, typer.Option("--for", help="Who may answer with it; nobody else can.")],
    good_for: Annotated[
        timedelta | None,
        typer.Option(
            "--hours",
            parser=hours,
            metavar=DURATION,
            help="How long it is good, at most until the deadline: hours, or 90m, 2d.",
        ),
    ] = None,
) -> None:
    """Make a signed, single-use token by which one person may answer one request from outside.

    It is a secret: it is printed once and kept nowhere. Example: kontor approvals token ask-3f2a9c --for ben
    """
    kontor = installation(ctx)
    try:
        made = kontor.approval_tokens.make(person, request_named(kontor, name), datetime.now(UTC), good_for)
    except KeyError as problem:
        fail(str(problem.args[0]))
    typer.echo(made)


@app.command()
def stats(
    ctx: typer.Context,
    by: Annotated[str, typer.Option(help="desk, policy, connector or model.")] = "desk",
    within: Annotated[
        timedelta,
        typer.Option("--days", parser=days, metavar=DURATION, help="Look back so far: days, or 12h."),
    ] = timedelta(days=90),
    undo_within: Annotated[
        timedelta,
        typer.Option(
            "--undo-days",
            parser=days,
            metavar=DURATION,
            help="An undo counts when it came within: days, or 12h.",
        ),
    ] = timedelta(days=30),
    as_json: JsonFlag = False,
) -> None:
    """Count how often people changed, refused or took back what model and policy proposed.

    Example: kontor approvals stats --by policy --days 30
    """
    kontor = installation(ctx)
    if by not in get_args(Grouping):
        fail(f"cannot count by {by!r}; there is: {', '.join(get_args(Grouping))}", EXIT_USAGE)
    grouping: Grouping = by  # type: ignore[assignment]  # looked up just above
    proposals = kontor.approval_overrides.proposals(datetime.now(UTC) - within, undo_within)
    found = overrides(proposals, grouping)
    if as_json:
        emit_json([line.model_dump(mode="json") for line in found])
    else:
        OUT.print(overrides_table(found, by, kontor.calendar.file.currency))


@app.command()
def sweep(ctx: typer.Context, as_json: JsonFlag = False) -> None:
    """Withdraw requests whose case is gone: terminated by hand, so that it could not do so itself.

    The reconciler does this by itself at each run, and closes the case.

    Example: kontor approvals sweep
    """
    kontor = installation(ctx)

    from service.sweep import sweep_queue  # noqa: PLC0415 (it imports the SDK)

    async def run() -> list[str]:
        client = await connect_or_leave(kontor)
        return await sweep_queue(client, kontor.approval_queue, kontor.approvals)

    swept = asyncio.run(run())
    if as_json:
        emit_json(swept)
    else:
        OUT.print(f"{len(swept)} withdrawn" + "".join(f"\n  {request_id}" for request_id in swept))
