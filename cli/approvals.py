"""`kontor approvals`: what waits for a person, and that person's answer."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Annotated, Literal, get_args

import typer
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

import bootstrap
from activities.approvals import ApprovalActivities
from cli.approval_answers import refusal, send_answer
from cli.approval_sweep import sweep_queue
from cli.approval_view import overrides_table, queue_table, show_record, show_reply
from cli.connection import connect_or_leave
from cli.console import EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, OUT, emit_json, fail
from contracts.approval import Answer, ApprovalRequest, Standing
from contracts.approval_queue import ApprovalEntry, ApprovalFilter
from contracts.asking import Reply
from contracts.overrides import Grouping, overrides
from settings import settings

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "What waits for a person, and the answers.\n\n"
        "Example: kontor approvals list --as ben, then kontor approve ask-3f2a --as ben --note 'saw it'"
    ),
)
GOOD = (Standing.VALID, Standing.DELEGATED, Standing.EARLY)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

Ids = Annotated[
    list[str] | None,
    typer.Argument(help="Request ids (or their beginning), or the case's id.", show_default=False),
]
Person = Annotated[
    str, typer.Option("--as", envvar="KONTOR_PERSON", help="Who answers: a person of staff.toml.")
]
Note = Annotated[str, typer.Option(help="Why; it is kept with the answer.")]
Listed = Annotated[
    bool, typer.Option("--listed", help="Every waiting request that was listed to this person before.")
]
Desk = Annotated[str, typer.Option(help="Only this desk.")]
Least = Annotated[str, typer.Option("--min", help="Only amounts from here on, as 150 or 149.90.")]
Most = Annotated[str, typer.Option("--max", help="Only amounts up to here.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command(name="list")
def list_(
    person: Annotated[
        str,
        typer.Option(
            "--as", envvar="KONTOR_PERSON", help="Only what this person may answer; it counts as seen."
        ),
    ] = "",
    role: Annotated[str, typer.Option(help="Only what asks this role, now or later.")] = "",
    desk: Desk = "",
    older_than: Annotated[str, typer.Option(help="Only what was asked longer ago, as 90m, 4h, 2d.")] = "",
    due_within: Annotated[str, typer.Option(help="Only what ends within, as 90m, 4h, 2d.")] = "",
    least: Least = "",
    most: Most = "",
    status: Annotated[str, typer.Option(help="waiting, an outcome, or all.")] = "waiting",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the oldest first.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List what waits, the oldest first.

    Example: kontor approvals list --as ben --older-than 4h --min 200
    """
    now = datetime.now(UTC)
    wanted = ApprovalFilter(
        status="" if status == "all" else status,
        desk=desk,
        role=role,
        min_cents=_cents(least, "--min"),
        max_cents=_cents(most, "--max"),
        asked_before=now - _span(older_than, "--older-than") if older_than else None,
        due_before=now + _span(due_within, "--due-within") if due_within else None,
        limit=max(limit, 200) if person or role else limit,
    )
    queue = bootstrap.approval_queue(settings())
    entries = (entry for page in queue.pages(wanted) for entry in page)
    found = list(islice((entry for entry in entries if not person or _may_answer(person, entry, now)), limit))
    if person:
        queue.show_to(person, found, now)
    if as_json:
        emit_json([entry.model_dump(mode="json") for entry in found])
        return
    OUT.print(queue_table(found, now))
    counts = sorted(queue.counts().items())
    OUT.print(" · ".join(f"{outcome} {count}" for outcome, count in counts) or "nothing was ever asked")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A request id (or its beginning), or the case's id.")],
    person: Annotated[
        str, typer.Option("--as", envvar="KONTOR_PERSON", help="It counts as seen by them.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Show one request: what would be done, why a person is asked, the evidence, the answers so far.

    Example: kontor approvals show ask-3f2a9c
    """
    record = bootstrap.approvals(settings()).find(_one(name))
    assert record is not None, "the queue named it"
    if person:
        wanted = ApprovalFilter(status="", limit=1, ids=(record.request.id,))
        queue = bootstrap.approval_queue(settings())
        queue.show_to(person, queue.entries(wanted), datetime.now(UTC))
    if as_json:
        emit_json(record.model_dump(mode="json"))
    else:
        show_record(record)


@app.command()
def approve(
    ids: Ids = None,
    person: Person = "",
    note: Note = "",
    listed: Listed = False,
    desk: Desk = "",
    least: Least = "",
    most: Most = "",
    as_json: JsonFlag = False,
) -> None:
    """Approve what is asked, as it is asked.

    More than one at a time only if they were listed to you, and are still what you saw. Examples:

        kontor approve ask-3f2a9c --as ben --note "saw the photo"
        kontor approvals approve --listed --max 200 --as ben
    """
    targets = _targets(ids, person, listed=listed, desk=desk, least=least, most=most)
    _answer(targets, Answer(person=person, choice="approve", note=note), as_json)


@app.command()
def reject(
    ids: Ids = None,
    person: Person = "",
    note: Note = "",
    listed: Listed = False,
    desk: Desk = "",
    least: Least = "",
    most: Most = "",
    as_json: JsonFlag = False,
) -> None:
    """Reject what is asked: nothing of it is done.

    Example: kontor reject ask-3f2a9c --as ben --note "the seal was broken"
    """
    targets = _targets(ids, person, listed=listed, desk=desk, least=least, most=most)
    _answer(targets, Answer(person=person, choice="reject", note=note), as_json)


@app.command()
def edit(
    name: Annotated[str, typer.Argument(help="A request id (or its beginning), or the case's id.")],
    amount: Annotated[str, typer.Option(help="The lower amount, as 30 or 29.90.")],
    person: Person = "",
    note: Note = "",
    as_json: JsonFlag = False,
) -> None:
    """Approve a lower amount. Edits only narrow, and policy judges the result again.

    Example: kontor approvals edit ask-3f2a9c --amount 120.50 --as ben --note "one scratch"
    """
    answer = Answer(person=person, choice="edit", note=note, amount_cents=_cents(amount, "--amount"))
    _answer(_targets([name], person), answer, as_json)


@app.command()
def delegate(
    name: Annotated[str, typer.Argument(help="A request id (or its beginning), or the case's id.")],
    to: Annotated[str, typer.Option(help="Who may answer in your place.")],
    person: Person = "",
    note: Note = "",
    as_json: JsonFlag = False,
) -> None:
    """Hand the question to somebody else, who then answers on your right.

    Example: kontor approvals delegate ask-3f2a9c --to dana --as ben
    """
    answer = Answer(person=person, choice="delegate", note=note, delegate_to=to)
    _answer(_targets([name], person), answer, as_json)


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="A request id (or its beginning), or the case's id.")],
    person: Annotated[str, typer.Option("--for", help="Who may answer with it; nobody else can.")],
    hours: Annotated[
        float | None, typer.Option(help="How long it is good; at most until the deadline.")
    ] = None,
) -> None:
    """Make a signed, single-use token by which one person may answer one request from outside.

    It is a secret: it is printed once and kept nowhere. Example: kontor approvals token ask-3f2a9c --for ben
    """
    life = timedelta(hours=hours) if hours is not None else None
    try:
        made = bootstrap.approval_tokens(settings()).make(person, _one(name), datetime.now(UTC), life)
    except KeyError as problem:
        fail(str(problem.args[0]))
    typer.echo(made)


@app.command()
def stats(
    by: Annotated[str, typer.Option(help="desk, policy, connector or model.")] = "desk",
    days: Annotated[float, typer.Option(help="Look back so many days.")] = 90.0,
    undo_days: Annotated[float, typer.Option(help="An undo counts when it came within so many days.")] = 30.0,
    as_json: JsonFlag = False,
) -> None:
    """Count how often people changed, refused or took back what model and policy proposed.

    Example: kontor approvals stats --by policy --days 30
    """
    if by not in get_args(Grouping):
        fail(f"cannot count by {by!r}; there is: {', '.join(get_args(Grouping))}", EXIT_USAGE)
    grouping: Grouping = by  # type: ignore[assignment]  # looked up just above
    since = datetime.now(UTC) - timedelta(days=days)
    proposals = bootstrap.approval_overrides(settings()).proposals(since, timedelta(days=undo_days))
    found = overrides(proposals, grouping)
    if as_json:
        emit_json([line.model_dump(mode="json") for line in found])
    else:
        OUT.print(overrides_table(found, by))


@app.command()
def sweep(as_json: JsonFlag = False) -> None:
    """Withdraw requests whose case is gone: terminated by hand, so that it could not do so itself.

    Example: kontor approvals sweep
    """

    async def run() -> list[str]:
        client = await connect_or_leave(settings())
        return await sweep_queue(
            client, bootstrap.approval_queue(settings()), bootstrap.approvals(settings())
        )

    swept = asyncio.run(run())
    if as_json:
        emit_json(swept)
    else:
        OUT.print(f"{len(swept)} withdrawn" + "".join(f"\n  {request_id}" for request_id in swept))


def _may_answer(person: str, entry: ApprovalEntry, now: datetime) -> bool:
    if person in entry.delegated_to:
        return True
    record = bootstrap.approvals(settings()).find(entry.id)
    engine = bootstrap.policy_engine(settings())
    return record is not None and engine.may_answer(person, record.request, now).outcome == "allow"


def _targets(
    ids: list[str] | None,
    person: str,
    *,
    listed: bool = False,
    desk: str = "",
    least: str = "",
    most: str = "",
) -> list[ApprovalRequest]:
    """Return the requests that are meant; several only if this person saw each as it still is."""
    if not person:
        fail("say who answers: --as NAME", EXIT_USAGE)
    if bool(ids) == listed:
        fail("name the requests, or say --listed for all that were listed to you", EXIT_USAGE)
    seen = bootstrap.approval_queue(settings()).seen_by(person)
    names = list(seen) if listed else [_one(name) for name in dict.fromkeys(ids or [])]
    approvals = bootstrap.approvals(settings())
    found = [record.request for name in names if (record := approvals.find(name))]
    if len(found) > 1 or listed:
        unseen = [request.id for request in found if seen.get(request.id) != request.arguments_hash]
        if unseen:
            fail(
                f"not listed to {person} as they are now: {', '.join(unseen)}; "
                f"see them first: kontor approvals list --as {person}"
            )
    low, high = _cents(least, "--min"), _cents(most, "--max")
    return [
        request
        for request in found
        if (not desk or request.desk == desk)
        and (low is None or request.amount_cents >= low)
        and (high is None or request.amount_cents <= high)
    ]


def _answer(requests: list[ApprovalRequest], answer: Answer, as_json: bool) -> None:
    """Send the answer to each request, one approval each, and say what became of it."""
    replies = asyncio.run(_send_all(requests, answer))
    if as_json:
        emit_json([reply.model_dump(mode="json") for reply in replies])
    else:
        for request, reply in zip(requests, replies, strict=True):
            show_reply(request.id, request.case_id, reply)
        if not requests:
            OUT.print("nothing to answer")
    if any(reply.standing not in GOOD for reply in replies):
        raise typer.Exit(EXIT_FOUND)


async def _send_all(requests: list[ApprovalRequest], answer: Answer) -> list[Reply]:
    client = await connect_or_leave(settings())
    replies = []
    for request in requests:
        try:
            replies.append(await send_answer(client, _books, request, answer))
        except WorkflowUpdateFailedError as error:
            refused = Reply(standing=Standing.MALFORMED, why=refusal(error), request_id=request.id)
            replies.append(refused)
        except RPCError as error:
            fail(f"the Temporal server does not take answers: {error.message}", EXIT_UNREACHABLE)
    return replies


def _books() -> ApprovalActivities:
    return bootstrap.approval_asking(settings(), bootstrap.connectors(settings()))


def _one(name: str) -> str:
    found = bootstrap.approval_queue(settings()).locate(name)
    if not found:
        fail(f"no request {name!r}; `kontor approvals list` lists what waits")
    if len(found) > 1:
        fail(f"{name!r} could be {', '.join(found)}: say more of it", EXIT_USAGE)
    return found[0]


def _cents(text: str, option: str) -> int | None:
    if not text:
        return None
    try:
        cents = Decimal(text) * 100
    except InvalidOperation:
        fail(f"{option} {text!r} is not an amount like 150 or 149.90", EXIT_USAGE)
    if cents != cents.to_integral_value():
        fail(f"{option} {text!r} has a part smaller than a cent", EXIT_USAGE)
    return int(cents)


def _span(text: str, option: str) -> timedelta:
    match = _SPAN.fullmatch(text)
    if match is None:
        fail(f"{option} {text!r} is not a time like 90m, 4h or 2d", EXIT_USAGE)
    unit: Literal["minutes", "hours", "days"] = _UNITS[match.group(2)]  # type: ignore[assignment]  # the table's values
    return timedelta(**{unit: float(match.group(1))})
