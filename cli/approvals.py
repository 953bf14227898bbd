"""`kontor approvals`: what waits for a person, and that person's answer."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, get_args

import typer

from bootstrap.installation import Installation
from cli.connection import connect_or_leave, installation
from cli.durations import days, hours, span
from cli.terminal import ERR, EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, MOST_LISTED, OUT, emit_json, fail
from cli.views.approval import overrides_table, queue_table, show_record, show_reply
from contracts.approvals.messages import AnswerReply
from contracts.approvals.overrides import Grouping, overrides
from contracts.approvals.queue import ApprovalFilter
from contracts.approvals.request import Answer, AnswerStatus, ApprovalRequest
from contracts.money import parse_amount
from service.approvals import (
    AmbiguousRequest,
    Narrowing,
    NoSuchRequest,
    NotSeen,
    authority_words,
    locate,
    meant,
)
from service.approvals import listed as listed_to

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "What waits for a person, and the answers.\n\n"
        "Example: kontor approvals list --as ben, then kontor approve ask-3f2a --as ben --note 'saw it'"
    ),
)
GOOD = (AnswerStatus.VALID, AnswerStatus.DELEGATED, AnswerStatus.EARLY)

Ids = Annotated[
    list[str] | None,
    typer.Argument(
        help="Request ids (or their beginning), or the case's id or its last part.", show_default=False
    ),
]
Person = Annotated[
    str, typer.Option("--as", envvar="KONTOR_PERSON", help="Who answers: a person of staff.toml.")
]
Note = Annotated[str, typer.Option(help="Why; it is kept with the answer.")]
Listed = Annotated[
    bool, typer.Option("--listed", help="Every waiting request that was listed to this person before.")
]
ByHand = Annotated[
    bool,
    typer.Option(
        "--by-hand",
        help="With --listed: also what was not understood, and what else is answered by itself.",
    ),
]
Desk = Annotated[str, typer.Option(help="Only this desk.")]
Least = Annotated[str, typer.Option("--min", help="Only amounts from here on, in the office's currency.")]
Most = Annotated[str, typer.Option("--max", help="Only amounts up to here.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


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
        timedelta | None, typer.Option(parser=span, help="Only what was asked longer ago, as 90m, 4h, 2d.")
    ] = None,
    due_within: Annotated[
        timedelta | None, typer.Option(parser=span, help="Only what ends within, as 90m, 4h, 2d.")
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
        min_cents=_office_cents(kontor, least, "--min"),
        max_cents=_office_cents(kontor, most, "--max"),
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
    record = kontor.approvals.find(_one(kontor, name))
    assert record is not None, "the queue named it"
    if person:
        wanted = ApprovalFilter(status="", limit=1, ids=(record.request.id,))
        queue = kontor.approval_queue
        queue.show_to(person, queue.entries(wanted), datetime.now(UTC))
    if as_json:
        emit_json(record.model_dump(mode="json"))
    else:
        show_record(record, kontor.zone)


@app.command()
def approve(
    ctx: typer.Context,
    ids: Ids = None,
    person: Person = "",
    note: Note = "",
    listed: Listed = False,
    by_hand: ByHand = False,
    desk: Desk = "",
    least: Least = "",
    most: Most = "",
    as_json: JsonFlag = False,
) -> None:
    """Approve what is asked, as it is asked.

    More than one at a time only if they were listed to you, and are still what you saw; what was not
    understood is not among them unless you say --by-hand. Examples:

        kontor approve ask-3f2a9c --as ben --note "saw the photo"
        kontor approvals approve --listed --max 200 --as ben
    """
    kontor = installation(ctx)
    targets = _targets(kontor, ids, person, listed=listed, by_hand=by_hand, desk=desk, least=least, most=most)
    _answer(kontor, targets, Answer(person=person, choice="approve", note=note), as_json)


@app.command()
def reject(
    ctx: typer.Context,
    ids: Ids = None,
    person: Person = "",
    note: Note = "",
    listed: Listed = False,
    by_hand: ByHand = False,
    desk: Desk = "",
    least: Least = "",
    most: Most = "",
    as_json: JsonFlag = False,
) -> None:
    """Reject what is asked: nothing of it is done.

    Example: kontor reject ask-3f2a9c --as ben --note "the seal was broken"
    """
    kontor = installation(ctx)
    targets = _targets(kontor, ids, person, listed=listed, by_hand=by_hand, desk=desk, least=least, most=most)
    _answer(kontor, targets, Answer(person=person, choice="reject", note=note), as_json)


@app.command()
def edit(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A request id (or its beginning), or the case's id.")],
    amount: Annotated[str, typer.Option(help="The lower amount, as 30 or 29.90.")],
    person: Person = "",
    note: Note = "",
    as_json: JsonFlag = False,
) -> None:
    """Approve a lower amount. Edits only narrow, and policy judges the result again.

    Example: kontor approvals edit ask-3f2a9c --amount 120.50 --as ben --note "one scratch"
    """
    kontor = installation(ctx)
    targets = _targets(kontor, [name], person)
    cents = _cents(amount, "--amount", targets[0].currency) if targets else None
    _answer(kontor, targets, Answer(person=person, choice="edit", note=note, amount_cents=cents), as_json)


@app.command()
def delegate(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A request id (or its beginning), or the case's id.")],
    to: Annotated[str, typer.Option(help="Who may answer in your place.")],
    person: Person = "",
    note: Note = "",
    as_json: JsonFlag = False,
) -> None:
    """Hand the question to somebody else, who then answers on your right.

    Example: kontor approvals delegate ask-3f2a9c --to dana --as ben
    """
    kontor = installation(ctx)
    answer = Answer(person=person, choice="delegate", note=note, delegate_to=to)
    _answer(kontor, _targets(kontor, [name], person), answer, as_json)


@app.command()
def token(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A request id (or its beginning), or the case's id.")],
    person: Annotated[str, typer.Option("--for", help="Who may answer with it; nobody else can.")],
    good_for: Annotated[
        timedelta | None,
        typer.Option("--hours", parser=hours, help="How long it is good; at most until the deadline."),
    ] = None,
) -> None:
    """Make a signed, single-use token by which one person may answer one request from outside.

    It is a secret: it is printed once and kept nowhere. Example: kontor approvals token ask-3f2a9c --for ben
    """
    kontor = installation(ctx)
    try:
        made = kontor.approval_tokens.make(person, _one(kontor, name), datetime.now(UTC), good_for)
    except KeyError as problem:
        fail(str(problem.args[0]))
    typer.echo(made)


@app.command()
def stats(
    ctx: typer.Context,
    by: Annotated[str, typer.Option(help="desk, policy, connector or model.")] = "desk",
    within: Annotated[
        timedelta, typer.Option("--days", parser=days, help="Look back so many days.")
    ] = timedelta(days=90),
    undo_within: Annotated[
        timedelta,
        typer.Option("--undo-days", parser=days, help="An undo counts when it came within so many days."),
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
        OUT.print(overrides_table(found, by, _office_currency(kontor)))


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


def _targets(
    kontor: Installation,
    ids: list[str] | None,
    person: str,
    *,
    listed: bool = False,
    by_hand: bool = False,
    desk: str = "",
    least: str = "",
    most: str = "",
) -> Sequence[ApprovalRequest]:
    """Return the requests that are meant; several only if this person saw each as it still is."""
    if not person:
        fail("say who answers: --as NAME", EXIT_USAGE)
    if bool(ids) == listed:
        fail("name the requests, or say --listed for all that were listed to you", EXIT_USAGE)
    low, high = _office_cents(kontor, least, "--min"), _office_cents(kontor, most, "--max")
    currency = _office_currency(kontor) if low is not None or high is not None else ""
    narrowing = Narrowing(
        desk=desk, by_hand=by_hand or not listed, min_cents=low, max_cents=high, currency=currency
    )
    try:
        found = meant(kontor, person, None if listed else ids, narrowing)
    except NotSeen as unseen:
        fail(
            f"not listed to {person} as they are now: {unseen}; "
            f"see them first: kontor approvals list --as {person}"
        )
    except NoSuchRequest as none:
        fail(str(none))
    except AmbiguousRequest as several:
        fail(str(several), EXIT_USAGE)
    if found.left_out:
        names = ", ".join(request.id for request in found.left_out)
        ERR.print(
            f"left out, as each is answered by itself: {names} (--by-hand takes them in)", soft_wrap=True
        )
    return found.requests


def _answer(kontor: Installation, requests: Sequence[ApprovalRequest], answer: Answer, as_json: bool) -> None:
    """Send the answer to each request, one approval each, and say what became of it."""
    replies = asyncio.run(_send_all(kontor, requests, answer))
    if as_json:
        emit_json([reply.model_dump(mode="json") for reply in replies])
    else:
        now = datetime.now(UTC)
        for request, reply in zip(requests, replies, strict=True):
            show_reply(request, reply)
            if reply.standing is AnswerStatus.FOREIGN:
                OUT.print(f"  {authority_words(kontor, answer.person, request, now)}", soft_wrap=True)
        if not requests:
            OUT.print("nothing to answer")
    if any(reply.standing not in GOOD for reply in replies):
        raise typer.Exit(EXIT_FOUND)


async def _send_all(
    kontor: Installation, requests: Sequence[ApprovalRequest], answer: Answer
) -> list[AnswerReply]:
    from temporalio.client import WorkflowUpdateFailedError  # noqa: PLC0415 (half a second; a list needs none)
    from temporalio.service import RPCError  # noqa: PLC0415 (see above)

    from bootstrap.serving import approval_activities  # noqa: PLC0415 (see above)
    from service.answers import refusal, send_answer  # noqa: PLC0415 (see above)

    if not requests:
        return []
    client = await connect_or_leave(kontor)
    replies = []
    for request in requests:
        try:
            replies.append(await send_answer(client, lambda: approval_activities(kontor), request, answer))
        except WorkflowUpdateFailedError as error:
            refused = AnswerReply(standing=AnswerStatus.MALFORMED, why=refusal(error), request_id=request.id)
            replies.append(refused)
        except RPCError as error:
            fail(f"the Temporal server does not take answers: {error.message}", EXIT_UNREACHABLE)
    return replies


def _one(kontor: Installation, name: str) -> str:
    try:
        return locate(kontor, name)
    except NoSuchRequest as none:
        fail(str(none))
    except AmbiguousRequest as several:
        fail(str(several), EXIT_USAGE)


def _office_currency(kontor: Installation) -> str:
    return kontor.calendar.file.currency


def _office_cents(kontor: Installation, text: str, option: str) -> int | None:
    return _cents(text, option, _office_currency(kontor)) if text else None


def _cents(text: str, option: str, currency: str) -> int:
    try:
        return parse_amount(text, currency)
    except ValueError as wrong:
        fail(f"{option} {wrong}", EXIT_USAGE)
