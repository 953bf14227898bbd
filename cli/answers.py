"""`kontor approve`, `reject`, `approvals edit` and `delegate`: what a person says to a request."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from bootstrap.installation import Installation
from cli.amounts import amount_typed, office_amount
from cli.connection import connect_or_leave, installation
from cli.terminal import ERR, EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, OUT, emit_json, fail
from cli.views.approval import show_reply
from contracts.approvals.clarification import Picked
from contracts.approvals.messages import AnswerReply
from contracts.approvals.request import Answer, AnswerStatus, ApprovalRequest
from contracts.approvals.rules import unasked
from service.approvals import (
    AmbiguousRequest,
    Narrowing,
    NoSuchRequest,
    NotSeen,
    authority_words,
    locate,
    meant,
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
Picks = Annotated[
    list[str],
    typer.Option("--pick", help="QUESTION=CHOICE, several choices with commas; once for each question."),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


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
    cents = amount_typed(amount, "--amount", targets[0].currency) if targets else None
    _answer(kontor, targets, Answer(person=person, choice="edit", note=note, amount_cents=cents), as_json)


def clarify(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A request id (or its beginning), or the case's id.")],
    pick: Picks,
    person: Person = "",
    note: Note = "",
    as_json: JsonFlag = False,
) -> None:
    """Say what is meant, where the desk did not understand: the case goes on from there, through policy.

    `kontor approvals show` lists its questions and what may be picked. Example:

        kontor approvals clarify ask-3f2a9c --pick intent=return --pick lines=L1,L3 --as ben
    """
    kontor = installation(ctx)
    targets = _targets(kontor, [name], person)
    answer = Answer(person=person, choice="clarify", note=note, picked=picked(pick))
    if targets and (problem := unasked(targets[0], answer)):
        fail(problem, EXIT_USAGE)
    _answer(kontor, targets, answer, as_json)


def picked(typed: Sequence[str]) -> Picked:
    """Return what was picked, question by question, or leave the command saying how it is typed."""
    found: dict[str, tuple[str, ...]] = {}
    for each in typed:
        question, equals, choices = each.partition("=")
        if not equals or not question or not choices:
            fail(f"--pick {each!r}: write QUESTION=CHOICE, or QUESTION=CHOICE,CHOICE", EXIT_USAGE)
        found[question] = (*found.get(question, ()), *choices.split(","))
    return found


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


def request_named(kontor: Installation, name: str) -> str:
    """Return the id of the one request that a name means, or leave the command saying what it could be."""
    try:
        return locate(kontor, name)
    except NoSuchRequest as none:
        fail(str(none))
    except AmbiguousRequest as several:
        fail(str(several), EXIT_USAGE)


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
    low, high = office_amount(kontor, least, "--min"), office_amount(kontor, most, "--max")
    currency = kontor.calendar.file.currency if low is not None or high is not None else ""
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
    from service.identity import NotBound, prove_answer  # noqa: PLC0415 (see above)

    if not requests:
        return []
    try:
        proved = [prove_answer(kontor, request, answer) for request in requests]
    except NotBound as unknown:
        fail(str(unknown), EXIT_USAGE)
    client = await connect_or_leave(kontor)
    replies = []
    for request, said in zip(requests, proved, strict=True):
        try:
            replies.append(await send_answer(client, lambda: approval_activities(kontor), request, said))
        except WorkflowUpdateFailedError as error:
            refused = AnswerReply(standing=AnswerStatus.MALFORMED, why=refusal(error), request_id=request.id)
            replies.append(refused)
        except RPCError as error:
            fail(f"the Temporal server does not take answers: {error.message}", EXIT_UNREACHABLE)
    return replies
